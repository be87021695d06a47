using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>
/// Activations as signed bytes with one scale per row and group of inputs: s = max|x| / 127, a = round(x / s), ties to even. Rows lie
/// in tiles, (groups, rows of the tile, inputs of a group), as kernels read them. A group with a value that is not finite has the
/// scale NaN; magnitudes below 1e-30 are 0.
/// </summary>
/// <param name="memory">At least <see cref="ByteLength"/> bytes.</param>
/// <param name="rows">Rows.</param>
/// <param name="columns">Values per row; a whole number of groups.</param>
/// <param name="tileRows">Rows per tile; the last one may have fewer.</param>
/// <param name="encoding">Of the weights that they are multiplied with.</param>
internal readonly unsafe struct QuantisedRows(byte* memory, int rows, int columns, int tileRows, PackedEncoding encoding)
{
    private readonly byte* _memory = memory;
    private readonly int _groups = columns / encoding.GroupValues();

    /// <summary>Rows of a tile that is full.</summary>
    public int TileHeight => tileRows;

    public int TileCount => (rows + tileRows - 1) / tileRows;

    private float* Scales => (float*)(_memory + ((nint)rows * columns));

    private float* Offsets => Scales + ((nint)rows * _groups);

    public static long ByteLength(int rows, int columns, PackedEncoding encoding) =>
        (long)rows * (columns + (columns / encoding.GroupValues() * (sizeof(float) + sizeof(int))));

    /// <summary>First row and number of rows of a tile.</summary>
    public (int First, int Count) Tile(int tile) => (tile * tileRows, Math.Min(tileRows, rows - (tile * tileRows)));

    /// <summary>Makes a kernel read this tile.</summary>
    public void Select(int tile, TileArguments* arguments)
    {
        var (first, count) = Tile(tile);
        arguments->Activations = (sbyte*)_memory + ((nint)first * columns);
        arguments->ActivationScales = Scales + ((nint)first * _groups);
        arguments->Offsets = Offsets + ((nint)first * _groups);
        arguments->Groups = _groups;
        arguments->Rows = count;
    }

    /// <summary>Quantises all rows of <paramref name="x"/>.</summary>
    public void Fill(WorkerPool pool, Matrix x) => pool.RunRows(new Kernel(this, x, encoding), x.Rows, x.Columns);

    private readonly struct Kernel(QuantisedRows target, Matrix x, PackedEncoding encoding) : IRowKernel
    {
        private readonly QuantisedRows _target = target;
        private readonly Matrix _x = x;

        public void Apply<TSimd, TVector>(int row)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var tile = default(TileArguments);
            _target.Select(row / _target.TileHeight, &tile);
            var within = row % _target.TileHeight;
            var (values, zeroPoint, hasMinimum) = (encoding.GroupValues(), encoding.ZeroPoint(), encoding.HasMinimum());
            var codes = tile.Activations + (values * within);
            var scales = tile.ActivationScales + within;
            var offsets = (float*)tile.Offsets + within;
            var source = _x.Row(row);
            for (var group = tile.Groups; group > 0; group--)
            {
                var (scale, sum) = Quantise<TSimd, TVector>(source, codes, values);
                *scales = scale;
                if (hasMinimum)
                {
                    *offsets = scale * sum;
                }
                else
                {
                    *(int*)offsets = -zeroPoint * (int)sum;
                }

                source += values;
                codes += values * tile.Rows;
                scales += tile.Rows;
                offsets += tile.Rows;
            }
        }

        private static (float Scale, float Sum) Quantise<TSimd, TVector>(float* source, sbyte* codes, int count)
            where TSimd : struct, ISimd<TVector>
            where TVector : unmanaged
        {
            var max = TSimd.Create(0f);
            for (var i = 0; i < count; i += TSimd.Count)
            {
                max = TSimd.MaxMagnitude(max, TSimd.Load(source + i));
            }

            var largest = TSimd.MaxAcross(max);
            if (!(largest >= 1e-30f && float.IsFinite(largest)))
            {
                new Span<sbyte>(codes, count).Clear();
                return (largest < 1e-30f ? 0 : float.NaN, 0);
            }

            // Codes are whole numbers, so that their sum is exact in any order.
            var factor = TSimd.Create(127f / largest);
            var sum = TSimd.Create(0f);
            for (var i = 0; i < count; i += TSimd.Count)
            {
                var rounded = TSimd.Round(TSimd.Multiply(TSimd.Load(source + i), factor));
                TSimd.StoreInt8(rounded, codes + i);
                sum = TSimd.Add(sum, rounded);
            }

            return (largest / 127f, TSimd.Sum(sum));
        }
    }
}
