using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Two registers of integer sums at a time, for vectors narrower than a panel: at half its width a line of codes is read as a
/// whole, so that memory is read in order, and both halves share the activations.
/// </summary>
internal readonly unsafe struct PairDot<TDot, TInt, TVector> : IDotSimd<Pair<TInt>, Pair<TVector>>
    where TDot : struct, IDotSimd<TInt, TVector>
    where TInt : unmanaged
    where TVector : unmanaged
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Load(byte* codes) => new(TDot.Load(codes), TDot.Load(codes + sizeof(TInt)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Broadcast(sbyte* activations)
    {
        var all = TDot.Broadcast(activations);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Start(int correction) => new(TDot.Start(correction), TDot.Start(correction));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Magnitude(Pair<TInt> codes) => new(TDot.Magnitude(codes.Low), TDot.Magnitude(codes.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Sign(Pair<TInt> codes) => new(TDot.Sign(codes.Low), TDot.Sign(codes.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> AddBytes(Pair<TInt> sum, Pair<TInt> magnitude, Pair<TInt> sign, Pair<TInt> activations) => new(
        TDot.AddBytes(sum.Low, magnitude.Low, sign.Low, activations.Low),
        TDot.AddBytes(sum.High, magnitude.High, sign.High, activations.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> LowNibbles(Pair<TInt> codes) => new(TDot.LowNibbles(codes.Low), TDot.LowNibbles(codes.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> HighNibbles(Pair<TInt> codes) => new(TDot.HighNibbles(codes.Low), TDot.HighNibbles(codes.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> AddNibbles(Pair<TInt> partial, Pair<TInt> nibbles, Pair<TInt> activations) => new(
        TDot.AddNibbles(partial.Low, nibbles.Low, activations.Low), TDot.AddNibbles(partial.High, nibbles.High, activations.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> FinishNibbles(Pair<TInt> partial, int correction) => new(
        TDot.FinishNibbles(partial.Low, correction), TDot.FinishNibbles(partial.High, correction));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> Create(int correction)
    {
        var all = TDot.Create(correction);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> LowCodes(Pair<TInt> nibbles, Pair<TInt> lowBits, int count) => new(
        TDot.LowCodes(nibbles.Low, lowBits.Low, count), TDot.LowCodes(nibbles.High, lowBits.High, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> HighCodes(Pair<TInt> nibbles, Pair<TInt> lowBits, int count) => new(
        TDot.HighCodes(nibbles.Low, lowBits.Low, count), TDot.HighCodes(nibbles.High, lowBits.High, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> NextLowBits(Pair<TInt> lowBits, int count) => new(TDot.NextLowBits(lowBits.Low, count), TDot.NextLowBits(lowBits.High, count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TInt> AddCodes(Pair<TInt> sum, Pair<TInt> low, Pair<TInt> lowActivations, Pair<TInt> high, Pair<TInt> highActivations) => new(
        TDot.AddCodes(sum.Low, low.Low, lowActivations.Low, high.Low, highActivations.Low),
        TDot.AddCodes(sum.High, low.High, lowActivations.High, high.High, highActivations.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> ToFloat(Pair<TInt> sum) => new(TDot.ToFloat(sum.Low), TDot.ToFloat(sum.High));
}
