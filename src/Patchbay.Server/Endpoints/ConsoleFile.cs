using System.Security.Cryptography;

namespace Patchbay.Server.Endpoints;

/// <summary>One file of the console in each encoding it can be sent in.</summary>
internal sealed class ConsoleFile
{
    private readonly IReadOnlyDictionary<string, byte[]> _encodings;
    private readonly string _hash;

    /// <param name="path">Where it is below the console's address, with slashes.</param>
    /// <param name="encodings">Content by encoding: <c>identity</c> always, <c>br</c> and <c>gzip</c> where they exist.</param>
    public ConsoleFile(string path, IReadOnlyDictionary<string, byte[]> encodings)
    {
        _encodings = encodings;
        _hash = Convert.ToHexStringLower(SHA256.HashData(encodings["identity"]).AsSpan(0, 12));
        ContentType = Path.GetExtension(path) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".svg" => "image/svg+xml",
            _ => "application/octet-stream",
        };
        // The build puts a hash of the content into these names, so what such a name means never changes.
        CacheControl = path.StartsWith(ConsoleFiles.HashedFolder, StringComparison.Ordinal) ? "public, max-age=31536000, immutable" : "no-cache";
    }

    public string ContentType { get; }

    public string CacheControl { get; }

    /// <summary>The content in the first of the encodings that exists; identity if none does.</summary>
    public (string Encoding, byte[] Content) Choose(IEnumerable<string> accepted)
    {
        foreach (var encoding in accepted)
        {
            if (_encodings.TryGetValue(encoding, out var content))
            {
                return (encoding, content);
            }
        }
        return ("identity", _encodings["identity"]);
    }

    /// <summary>An entity tag; each encoding is an entity of its own.</summary>
    public string Tag(string encoding) => $"\"{_hash}-{encoding}\"";
}
