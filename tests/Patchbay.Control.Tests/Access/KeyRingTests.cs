using Patchbay.Control.Access;

namespace Patchbay.Control.Tests.Access;

public sealed class KeyRingTests
{
    [Fact]
    public void CreatedKeys_Find_TellsThemApart()
    {
        var (alice, aliceSecret) = AccessKey.Create("alice", Role.Admin);
        var (bob, bobSecret) = AccessKey.Create("bob", Role.Viewer);
        var ring = new KeyRing([alice, bob]);

        Assert.NotEqual(aliceSecret, bobSecret);
        Assert.Same(alice, ring.Find(aliceSecret));
        Assert.Same(bob, ring.Find(bobSecret));
        Assert.Equal((1, 1, 0), (ring.CountOf(Role.Admin), ring.CountOf(Role.Viewer), ring.CountOf(Role.Inference)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("pb-0000000000000000")]
    [InlineData("the key itself but one letteR")]
    public void AnotherSecret_Find_ReturnsNull(string secret) =>
        Assert.Null(new KeyRing([AccessKey.Of("alice", Role.Admin, "the key itself but one letter")]).Find(secret));

    [Fact]
    public void AHugeSecret_Find_ReturnsNull() =>
        Assert.Null(new KeyRing([AccessKey.Of("alice", Role.Admin, new string('x', 1000))]).Find(new string('x', 1000)));

    [Fact]
    public void TheHashOfAKey_Find_IsNoKey()
    {
        var key = AccessKey.Of("alice", Role.Admin, "0123456789abcdef");
        Assert.Null(new KeyRing([key]).Find(key.Hash));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("has white space in it")]
    [InlineData("kéy-with-an-accent-in-it")]
    public void AWeakSecret_FindProblem_SaysSo(string secret) => Assert.NotNull(AccessKey.FindProblem(secret));
}
