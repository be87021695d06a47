using System.Text.RegularExpressions;
using Patchbay.Server.Access;

namespace Patchbay.Server.Tests.Architecture;

/// <summary>docs/API.md tells of every address of the server and of no other.</summary>
public sealed partial class ApiDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "API.md"));

    [Fact]
    public void EveryEndpoint_StandsInTheDocumentWithItsRole()
    {
        var described = Heading().Matches(Document).Select(match => (match.Groups[1].Value, match.Groups[2].Value, match.Groups[3].Value)).ToList();
        var served = PatchbayEndpoints.All.Select(endpoint => (endpoint.Method, endpoint.Path.Replace("{**", "{", StringComparison.Ordinal), Word(endpoint.Access))).ToList();
        Assert.Equal(served.Order(), described.Order());
    }

    private static string Word(EndpointAccess access) => access switch
    {
        EndpointAccess.Open => "open",
        EndpointAccess.AnyKey => "any key",
        EndpointAccess.Inference => "inference",
        EndpointAccess.Viewer => "viewer",
        _ => "admin",
    };

    [GeneratedRegex(@"^### `([A-Z]+) (/\S*)` · (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
