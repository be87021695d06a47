namespace Patchbay.Engine.Kernels.Encodings;

/// <summary>Decodes rows of encodings without blocks: vectors as far as they reach, then single values.</summary>
internal static unsafe class DenseRow
{
    public static void Decode<TEncoding, TSimd, TVector>(byte* row, int columns, float* destination)
        where TEncoding : struct, IDenseEncoding
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var column = 0;
        for (; column <= columns - TSimd.Count; column += TSimd.Count)
        {
            TSimd.Store(TEncoding.Load<TSimd, TVector>(row, column), destination + column);
        }

        for (; column < columns; column++)
        {
            destination[column] = TEncoding.DecodeScalar(row, column);
        }
    }
}
