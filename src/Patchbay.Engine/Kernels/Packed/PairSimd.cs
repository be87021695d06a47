using System.Runtime.CompilerServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>The results beside <see cref="PairDot{TDot, TInt, TVector}"/>.</summary>
internal readonly unsafe struct PairSimd<TSimd, TVector> : ITileSimd<Pair<TVector>>
    where TSimd : struct, ITileSimd<TVector>
    where TVector : unmanaged
{
    public static int Count => 2 * TSimd.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> Create(float value)
    {
        var all = TSimd.Create(value);
        return new(all, all);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> LoadHalf(ushort* source) => new(TSimd.LoadHalf(source), TSimd.LoadHalf(source + TSimd.Count));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> Multiply(Pair<TVector> left, Pair<TVector> right) => new(TSimd.Multiply(left.Low, right.Low), TSimd.Multiply(left.High, right.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Pair<TVector> MultiplyAdd(Pair<TVector> left, Pair<TVector> right, Pair<TVector> addend) => new(
        TSimd.MultiplyAdd(left.Low, right.Low, addend.Low), TSimd.MultiplyAdd(left.High, right.High, addend.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Pair<TVector> vector, float* destination)
    {
        TSimd.Store(vector.Low, destination);
        TSimd.Store(vector.High, destination + TSimd.Count);
    }
}
