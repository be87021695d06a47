namespace Patchbay.Engine.Text.Jinja;

/// <summary>What one render may cost. A template is data that somebody downloaded: it gets bounded time and memory.</summary>
internal sealed record RenderLimits
{
    /// <summary>Longest template source, in UTF-16 units.</summary>
    public const int MaxSource = 1 << 20;

    /// <summary>Most operations in one chain such as <c>a + b + c</c>.</summary>
    public const int MaxChain = 400;

    /// <summary>Most nested evaluations: expressions, blocks, macro calls and nested data together.</summary>
    public const int MaxDepth = 1000;

    /// <summary>Longest range, as in Jinja's sandbox.</summary>
    public const int MaxRange = 100_000;

    /// <summary>Most keyword arguments that <c>**mapping</c> may add to a call.</summary>
    public const int MaxNamedArguments = 1000;

    public static readonly RenderLimits Default = new();

    /// <summary>Nodes evaluated plus elements visited; about 30 ns each.</summary>
    public long Steps { get; init; } = 10_000_000;

    /// <summary>Elements put into new lists and dicts, over the whole render.</summary>
    public long Items { get; init; } = 4_000_000;

    /// <summary>Longest single text, the result included, in UTF-16 units.</summary>
    public int TextLength { get; init; } = 16 << 20;

    /// <summary>All texts made on the way together, in UTF-16 units.</summary>
    public long TextTotal { get; init; } = 128 << 20;
}
