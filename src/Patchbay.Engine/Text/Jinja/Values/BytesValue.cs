namespace Patchbay.Engine.Text.Jinja.Values;

/// <summary>What <c>encode</c> returns; it can be printed and measured, nothing else.</summary>
internal sealed class BytesValue(byte[] bytes)
{
    public byte[] Bytes { get; } = bytes;
}
