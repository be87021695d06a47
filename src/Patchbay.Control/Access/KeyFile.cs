using System.Text.Json;
using System.Text.Json.Serialization;

namespace Patchbay.Control.Access;

/// <summary>Keys in a JSON file: <c>[{"name":"alice","role":"admin","sha256":"…","tenant":"acme"}]</c>, <c>tenant</c> only where there is one. The file holds no secret.</summary>
public static class KeyFile
{
    private const int MaxBytes = 1024 * 1024;

    /// <summary>Reads a file's keys.</summary>
    /// <exception cref="InvalidDataException">It is no such file; the message names the entry and the field.</exception>
    public static IReadOnlyList<AccessKey> Read(string path)
    {
        if (new FileInfo(path) is not { Exists: true, Length: <= MaxBytes })
        {
            throw new InvalidDataException($"The key file does not exist or has more than {MaxBytes} bytes.");
        }
        return Parse(File.ReadAllBytes(path));
    }

    /// <summary>Reads keys from JSON.</summary>
    /// <exception cref="InvalidDataException">The text is no list of keys; the message names the entry and the field.</exception>
    public static IReadOnlyList<AccessKey> Parse(ReadOnlySpan<byte> json)
    {
        StoredKey[]? stored;
        try
        {
            stored = JsonSerializer.Deserialize(json, KeyFileJson.Default.StoredKeyArray);
        }
        catch (JsonException problem)
        {
            throw new InvalidDataException($"The key file is not a JSON array of {{name, role, sha256}}: line {problem.LineNumber + 1}.", problem);
        }
        var keys = new List<AccessKey>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in stored ?? [])
        {
            keys.Add(Convert(entry, keys.Count, names));
        }
        return keys;
    }

    /// <summary>Writes keys, the whole file or nothing of it, readable by its owner only.</summary>
    public static void Write(string path, IEnumerable<AccessKey> keys)
    {
        var stored = keys.Select(key => new StoredKey(key.Name, key.Role.ToString().ToLowerInvariant(), key.Hash, key.Tenant)).ToArray();
        var temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using (var file = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(file, stored, KeyFileJson.Default.StoredKeyArray);
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    private static AccessKey Convert(StoredKey entry, int index, HashSet<string> names)
    {
        if (string.IsNullOrWhiteSpace(entry.Name) || !names.Add(entry.Name))
        {
            throw new InvalidDataException($"Key {index + 1} of the key file: 'name' must be there and differ from every other.");
        }
        if (!Enum.TryParse<Role>(entry.Role, ignoreCase: true, out var role) || char.IsAsciiDigit(entry.Role![0]))
        {
            throw new InvalidDataException($"Key '{entry.Name}' of the key file: 'role' must be admin, viewer or inference; found '{entry.Role}'.");
        }
        var hash = new byte[32];
        if (System.Convert.FromHexString(entry.Sha256 ?? "", hash, out _, out var written) != System.Buffers.OperationStatus.Done || written != 32)
        {
            throw new InvalidDataException($"Key '{entry.Name}' of the key file: 'sha256' must be the 64 hexadecimal digits of the key's hash.");
        }
        if (entry.Tenant is { } tenant && AccessKey.FindTenantProblem(tenant) is { } problem)
        {
            throw new InvalidDataException($"Key '{entry.Name}' of the key file: 'tenant' is no good. {problem}");
        }
        return new AccessKey(entry.Name, role, hash, entry.Tenant);
    }
}

internal sealed record StoredKey(string? Name, string? Role, string? Sha256, string? Tenant = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoredKey[]))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
