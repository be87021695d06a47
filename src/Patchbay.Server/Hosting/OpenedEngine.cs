using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Hosting;

/// <summary>What exists once the model is open.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Adapters">Names and versions of its adapters.</param>
/// <param name="Opened">When it was opened.</param>
internal sealed record OpenedEngine(InferenceEngine Engine, AdapterService Adapters, DateTimeOffset Opened);
