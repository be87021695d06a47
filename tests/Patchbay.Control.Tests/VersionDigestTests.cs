namespace Patchbay.Control.Tests;

public sealed class VersionDigestTests
{
    private const string Hex = "0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfe";

    [Fact]
    public void WholeDigest_TryParse_RoundTrips()
    {
        Assert.True(VersionDigest.TryParse("sha256:" + Hex, out var digest));
        Assert.Equal("sha256:" + Hex, digest.ToString());
        Assert.Equal(Hex[..12], digest.Abbreviation);
        Assert.True(VersionDigest.TryParse("sha256:" + Hex.ToUpperInvariant(), out var upper));
        Assert.Equal(digest, upper);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("sha256:")]
    [InlineData("sha256:../../../../etc/passwd")]
    [InlineData("sha512:" + Hex)]
    [InlineData(Hex)]
    [InlineData("sha256:" + Hex + "0")]
    [InlineData("sha256:0123456789abcdef00112233445566778899aabbccddeeff1032547698badcfg")]
    [InlineData("sha256-" + Hex)]
    public void AnythingElse_TryParse_ReturnsFalse(string? text)
    {
        Assert.False(VersionDigest.TryParse(text, out var digest));
        Assert.Equal(default, digest);
    }

    [Fact]
    public void EveryPrefix_StartsWith_IsTrueAndOneOtherDigitIsFalse()
    {
        Assert.True(VersionDigest.TryParse("sha256:" + Hex, out var digest));
        for (var length = 0; length <= Hex.Length; length++)
        {
            Assert.True(digest.StartsWith(Hex.AsSpan(0, length)));
            Assert.True(digest.StartsWith(Hex[..length].ToUpperInvariant()));
            if (length > 0)
            {
                Assert.False(digest.StartsWith(Hex[..(length - 1)] + (Hex[length - 1] == '0' ? '1' : '0')));
            }
        }
        Assert.False(digest.StartsWith(Hex + "0"));
        Assert.False(digest.StartsWith("../"));
    }
}
