using System.CommandLine;
using Patchbay.Control.Access;

namespace Patchbay.Commands;

/// <summary>Where a server takes its keys from: a file, and the environment for containers.</summary>
internal static class KeyArguments
{
    private static readonly (string Variable, string Name, Role Role)[] Variables =
    [
        ("PATCHBAY_ADMIN_KEY", "admin", Role.Admin),
        ("PATCHBAY_VIEWER_KEY", "viewer", Role.Viewer),
        ("PATCHBAY_API_KEY", "api", Role.Inference),
    ];

    /// <summary>The option that names the file.</summary>
    public static Option<string?> CreateOption() => new("--keys")
    {
        Description = "File with the keys that callers need, made by 'patchbay key create'. PATCHBAY_ADMIN_KEY, PATCHBAY_VIEWER_KEY and PATCHBAY_API_KEY add one each.",
        HelpName = "file",
    };

    /// <summary>The keys of the file and of the environment.</summary>
    /// <exception cref="InvalidDataException">A key is no good; the message says which and why, never the key.</exception>
    public static KeyRing Read(string? file, Func<string, string?> environment)
    {
        var keys = new List<AccessKey>(file is null ? [] : KeyFile.Read(file));
        foreach (var (variable, name, role) in Variables)
        {
            if (environment(variable) is not { Length: > 0 } secret)
            {
                continue;
            }
            if (AccessKey.FindProblem(secret) is { } problem)
            {
                throw new InvalidDataException($"{variable}: {problem}");
            }
            keys.Add(AccessKey.Of(name, role, secret));
        }
        return new KeyRing(keys);
    }
}
