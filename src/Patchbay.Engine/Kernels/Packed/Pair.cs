namespace Patchbay.Engine.Kernels.Packed;

/// <summary>Two registers: outputs that follow one another.</summary>
internal readonly record struct Pair<TVector>(TVector Low, TVector High)
    where TVector : unmanaged;
