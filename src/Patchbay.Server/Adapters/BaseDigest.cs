using System.Security.Cryptography;
using Patchbay.Control;

namespace Patchbay.Server.Adapters;

/// <summary>
/// The identity of a base model: SHA-256 over the raw SHA-256 digests of <c>config.json</c> and every <c>*.safetensors</c> file of its
/// directory in the order of their names, or of its one GGUF file. Tokenizer and templates are no part of it.
/// </summary>
public static class BaseDigest
{
    /// <summary>Reads the whole model: about a second for each GB.</summary>
    /// <exception cref="InvalidDataException">There is no model.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static async Task<string> ComputeAsync(string modelPath, CancellationToken cancellation)
    {
        string[] files = Directory.Exists(modelPath)
            ? [.. Directory.GetFiles(modelPath, "*.safetensors"), .. Directory.GetFiles(modelPath, "config.json")]
            : File.Exists(modelPath) ? [modelPath] : [];
        if (files.Length == 0)
        {
            throw new InvalidDataException("There is no model: expected a directory with *.safetensors files, or a GGUF file.");
        }
        using var root = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files.OrderBy(Path.GetFileName, StringComparer.Ordinal))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.SequentialScan);
            root.AppendData(await SHA256.HashDataAsync(stream, cancellation));
        }
        return new VersionDigest(root.GetHashAndReset()).ToString();
    }
}
