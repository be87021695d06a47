using CsCheck;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Tests.Routing;

public sealed class ModelRouterTests
{
    private readonly ModelRouter _router = new("org/smol:lm");
    private readonly AliasTable _table = new();

    public ModelRouterTests()
    {
        _table.Set("medical", Versions.Of("m"));
        _table.Set("finance", Versions.Of("f"));
        _table.Set("also-medical", Versions.Of("m"));
    }

    private Route Resolve(string? model) => _router.Resolve(model, _table.Snapshot);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("default")]
    public void NoModel_Resolve_FollowsTheDefault(string? model)
    {
        Assert.Equal(new Route(RouteKind.Base, null, 1), Resolve(model));
        _table.SetDefault("finance");
        var route = Resolve(model);
        Assert.Equal((RouteKind.Adapter, "finance", 2L), (route.Kind, route.Alias!.Name, route.Generation));
    }

    [Theory]
    [InlineData("org/smol:lm")]
    [InlineData("base")]
    public void NameOfTheBase_Resolve_IsTheBaseWhateverTheDefault(string model)
    {
        _table.SetDefault("finance");
        Assert.Equal(RouteKind.Base, Resolve(model).Kind);
    }

    [Theory]
    [InlineData("medical")]
    [InlineData("org/smol:lm:medical")]
    [InlineData("base:medical")]
    public void NameOfAnAdapter_Resolve_FindsIt(string model)
    {
        var route = Resolve(model);
        Assert.Equal((RouteKind.Adapter, "medical", 1L), (route.Kind, route.Alias!.Name, route.Generation));
    }

    [Fact]
    public void NameWithDigest_Resolve_AcceptsWholeAndPrefixOfThisNameOnly()
    {
        var digest = Versions.Of("m").ToString();
        Assert.Equal(RouteKind.Adapter, Resolve("medical@" + digest).Kind);
        Assert.Equal(RouteKind.Adapter, Resolve("medical@" + digest[..15]).Kind);
        Assert.Equal(RouteKind.Adapter, Resolve("base:medical@" + digest[..20]).Kind);
        Assert.Equal(RouteKind.MalformedDigest, Resolve("medical@" + digest[..14]).Kind);
        Assert.Equal(RouteKind.MalformedDigest, Resolve("medical@latest").Kind);
        Assert.Equal(RouteKind.MalformedDigest, Resolve("medical@" + digest + "0").Kind);
        Assert.Equal(RouteKind.NotFound, Resolve("medical@" + Versions.Of("f")).Kind);
        Assert.Equal(RouteKind.NotFound, Resolve("nobody@" + digest).Kind);
    }

    [Fact]
    public void DigestAlone_Resolve_FindsTheVersionUnderItsFirstName()
    {
        var route = Resolve(Versions.Of("m").ToString()[..20]);
        Assert.Equal((RouteKind.Adapter, "also-medical", 0L), (route.Kind, route.Alias!.Name, route.Generation));
        Assert.Equal(RouteKind.NotFound, Resolve(Versions.Of("other").ToString()).Kind);
        Assert.Equal(RouteKind.MalformedDigest, Resolve("sha256:").Kind);
        Assert.Equal(RouteKind.MalformedDigest, Resolve("sha256:../../../etc").Kind);
    }

    [Fact]
    public void PrefixOfTwoVersions_Resolve_IsAmbiguous()
    {
        var one = new byte[32];
        var two = new byte[32];
        two[31] = 1;
        _table.Set("one", new VersionDigest(one));
        _table.Set("two", new VersionDigest(two));
        Assert.Equal(RouteKind.AmbiguousDigest, Resolve("sha256:00000000").Kind);
        Assert.Equal("two", Resolve("sha256:" + new string('0', 63) + "1").Alias!.Name);
    }

    [Theory]
    [InlineData("Medical")]
    [InlineData("medical ")]
    [InlineData("org/smol")]
    [InlineData("org/smol:lm:")]
    [InlineData("other:medical")]
    [InlineData(":")]
    [InlineData("@")]
    [InlineData("../medical")]
    public void AnythingElse_Resolve_IsNotFound(string model) => Assert.Equal(RouteKind.NotFound, Resolve(model).Kind);

    [Fact]
    public void AnyString_Resolve_NeverThrows()
    {
        string[] heads = ["", "base:", "medical@", "sha256:", "medical@sha256:"];
        Gen.Select(Gen.String, Gen.Int[0, heads.Length - 1]).Sample((tail, head) => { Resolve(heads[head] + tail); }, iter: 20_000);
    }

    [Fact]
    public void Resolve_AllocatesNothing()
    {
        var snapshot = _table.Snapshot;
        var pinned = "base:medical@" + Versions.Of("m");
        _router.Resolve(pinned, snapshot);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            _router.Resolve(pinned, snapshot);
            _router.Resolve("finance", snapshot);
            _router.Resolve(null, snapshot);
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
