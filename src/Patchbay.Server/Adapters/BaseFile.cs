using System.Text.Json;
using System.Text.Json.Serialization;
using Patchbay.Control;

namespace Patchbay.Server.Adapters;

/// <summary><c>base.json</c> beside an adapter: the exact base that it was trained on. Written with <c>patchbay adapter bind</c>.</summary>
/// <param name="Digest">As <see cref="BaseDigest"/> makes it; null where it is not known.</param>
/// <param name="Revision">A commit of the base model's repository; null where it is not known.</param>
public sealed record BaseFile(string? Digest, string? Revision = null)
{
    /// <summary>The file's name.</summary>
    public const string Name = "base.json";

    private const int MostBytes = 4096;

    /// <summary>Reads the file of an adapter's directory; null where it has none.</summary>
    /// <exception cref="InvalidDataException">The file breaks a rule; the message names the field.</exception>
    public static BaseFile? Read(string directory) => AdapterSideFile.Read(
        directory, Name, MostBytes, BaseFileJson.Strict.BaseFile,
        file => file.Digest is null || VersionDigest.TryParse(file.Digest, out _) ? null : "digest: expected sha256: and 64 hexadecimal digits.");

    /// <summary>Writes it beside an adapter.</summary>
    public void Write(string directory) =>
        File.WriteAllBytes(Path.Combine(directory, Name), JsonSerializer.SerializeToUtf8Bytes(this, BaseFileJson.Strict.BaseFile));
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    AllowDuplicateProperties = false, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(BaseFile))]
internal sealed partial class BaseFileJson : JsonSerializerContext
{
    public static BaseFileJson Strict => Default;
}
