using Patchbay.Engine.Models;

namespace Patchbay.Engine.Tests.Models;

public sealed class BodyChecksumTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(135)]
    public void AnyFlippedBit_ChangesIt(int length)
    {
        var bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        var checksum = Of(bytes);
        Assert.Equal(checksum, Of(bytes));
        for (var bit = 0; bit < 8 * length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotEqual(checksum, Of(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void WordsThatChangePlaces_ChangeIt()
    {
        var bytes = new byte[64];
        new Random(8).NextBytes(bytes);
        byte[] turned = [.. bytes[32..], .. bytes[..32]];
        byte[] neighbours = [.. bytes[8..16], .. bytes[..8], .. bytes[16..]];
        Assert.Equal(3, new[] { Of(bytes), Of(turned), Of(neighbours) }.Distinct().Count());
    }

    private static unsafe ulong Of(byte[] bytes)
    {
        fixed (byte* data = bytes)
        {
            return BodyChecksum.Of(data, bytes.Length);
        }
    }
}
