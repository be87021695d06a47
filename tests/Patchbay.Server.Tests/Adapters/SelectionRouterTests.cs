using System.Security.Cryptography;
using System.Text;
using Patchbay.Control;
using Patchbay.Control.Routing;
using Patchbay.Server.Adapters;

namespace Patchbay.Server.Tests.Adapters;

public sealed class SelectionRouterTests
{
    private AliasSnapshot _aliases = AliasSnapshot.Empty;

    public SelectionRouterTests()
    {
        foreach (var name in new[] { "pirate", "medical", "finance" })
        {
            Set(name, name);
        }
    }

    private static VersionDigest Version(string content) => new(SHA256.HashData(Encoding.UTF8.GetBytes(content)));

    private void Set(string name, string content) => _aliases = _aliases.Set(name, Version(content), null, out _);

    private List<RoutedAdapter> Resolve(out SelectionProblem? problem, params SelectedAdapter[] parts) =>
        SelectionRouter.Resolve(new AdapterSelection("adapters", parts), name => new ModelRouter("smol").Resolve(name, _aliases), _aliases, out problem);

    [Fact]
    public void Names_Resolve_KeepTheirOrder()
    {
        Set("medical", "medical 2");
        var parts = Resolve(out var problem, new("pirate", 0, 0.5f), new($"smol:medical@{Version("medical 2")}", 0, 0));
        Assert.Null(problem);
        Assert.Equal([("pirate", 1L, 0.5f), ("medical", 2L, 0f)], parts.Select(part => (part.Alias.Name, part.Generation, part.Weight)));
    }

    [Fact]
    public void Places_Resolve_FollowTheOrderOfNamesAndLeaveOutWhatDoesNotAct()
    {
        var parts = Resolve(out var problem, new(null, 2, 0.5f), new(null, 1, 0), new(null, 0, 1));
        Assert.Null(problem);
        Assert.Equal(["pirate", "finance"], parts.Select(part => part.Alias.Name));
    }

    [Theory]
    [InlineData("nope", RouteKind.NotFound)]
    [InlineData("smol", RouteKind.Base)]
    [InlineData("default", RouteKind.Base)]
    [InlineData("medical@latest", RouteKind.MalformedDigest)]
    [InlineData("base:pirate", RouteKind.Adapter)]
    public void WrongName_Resolve_IsTheProblem(string name, RouteKind kind)
    {
        Resolve(out var problem, new("pirate", 0, 1), new(name, 0, 1));
        Assert.Equal(new SelectionProblem(new SelectedAdapter(name, 0, 1), kind), problem);
    }

    [Fact]
    public void PlaceBehindTheLast_Resolve_IsNotFoundEvenIfItWouldNotAct()
    {
        Resolve(out var problem, new SelectedAdapter(null, 3, 0));
        Assert.Equal(RouteKind.NotFound, problem!.Value.Kind);
    }
}
