using System.Text.Json.Serialization;
using Patchbay.Bench;

namespace Patchbay.Machine;

/// <summary>The JSON of reports, without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(DoctorReport))]
[JsonSerializable(typeof(BenchReport))]
internal sealed partial class MachineJson : JsonSerializerContext;
