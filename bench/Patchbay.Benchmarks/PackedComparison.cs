using System.Runtime.InteropServices;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Benchmarks;

/// <summary>
/// Products of one thread in native, packed and emitted form, interleaved and by thread CPU time, so that a busy machine
/// disturbs ratios little. Weights go round in copies that no cache holds. Linux only.
/// </summary>
internal static unsafe partial class PackedComparison
{
    private const int Rounds = 7;
    private const int ThreadCpuClock = 3;
    private const long CopiesBytes = 100_000_000;

    public static int Run()
    {
        Console.WriteLine($"best path: {PackedPaths.Supported[0]}; multiply-adds per second in 10^9 (and GB/s of weights), one thread");
        foreach (var (outputs, inputs) in new[] { (896, 896), (4864, 896), (896, 4864) })
        {
            foreach (var rows in new[] { 1, 8, 512 })
            {
                Compare(ElementType.BF16, PackedEncoding.Q8, outputs, inputs, rows);
                Compare(ElementType.Q4_0, PackedEncoding.Q4, outputs, inputs, rows);
                Compare(ElementType.Q4_1, PackedEncoding.Q4Minimum, outputs, inputs, rows);
                Compare(ElementType.Q5_0, PackedEncoding.Q5, outputs, inputs, rows);
                Compare(ElementType.Q5_1, PackedEncoding.Q5Minimum, outputs, inputs, rows);
                if (inputs % 256 == 0)
                {
                    Compare(ElementType.Q6K, PackedEncoding.Q6, outputs, inputs, rows);
                }
            }
        }

        return 0;
    }

    private static void Compare(ElementType stored, PackedEncoding encoding, int outputs, int inputs, int rows)
    {
        using var pool = new WorkerPool(1);
        var weights = Enumerable.Range(0, (int)Math.Max(1, CopiesBytes / ((long)outputs * inputs))).Select(seed => Stored(stored, outputs, inputs, seed)).ToList();
        var packed = weights.Select(weight => WeightPacker.Pack(weight, encoding)!).ToList();
        using var x = Values(rows, inputs);
        using var y = NativeBuffer.Of<float>((long)rows * outputs);
        var (xs, ys) = (new Matrix(x.Floats, rows, inputs), new Matrix(y.Floats, rows, outputs));
        var paths = PackedPaths.Supported.Where(path => path > PackedPath.V128).ToArray();
        var best = new double[paths.Length + 1];
        Array.Fill(best, double.MaxValue);
        for (var round = 0; round < Rounds; round++)
        {
            best[0] = Math.Min(best[0], Time(weights.Count, rows, copy => MatMul.Run(pool, weights[copy], xs, ys)));
            for (var i = 0; i < paths.Length; i++)
            {
                best[i + 1] = Math.Min(best[i + 1], Time(weights.Count, rows, copy => PackedMatMul.Run(pool, paths[i], packed[copy], xs, ys)));
            }
        }

        var work = (double)rows * outputs * inputs / 1e9;
        var bytes = packed[0].ByteLength / 1e9;
        Console.WriteLine(
            $"{outputs}x{inputs} rows {rows,3} {encoding,-9} native {stored} {work / best[0]:f1}  "
            + string.Join("  ", paths.Select((path, i) => $"{path} {work / best[i + 1]:f1} ({bytes / best[i + 1]:f1} GB/s)")));
        weights.ForEach(weight => weight.Dispose());
        packed.ForEach(matrix => matrix.Dispose());
    }

    // Many rows use a copy long enough; few go through all of them.
    private static double Time(int copies, int rows, Action<int> multiply)
    {
        var count = rows > 100 ? 1 : copies;
        var start = CpuSeconds();
        for (var copy = 0; copy < count; copy++)
        {
            multiply(copy);
        }

        return (CpuSeconds() - start) / count;
    }

    private static double CpuSeconds()
    {
        var time = stackalloc long[2];
        return GetTime(ThreadCpuClock, time) == 0 ? time[0] + (time[1] * 1e-9) : throw new PlatformNotSupportedException();
    }

    private static NativeBuffer Values(int rows, int columns)
    {
        var random = new Random(rows);
        var buffer = NativeBuffer.Of<float>((long)rows * columns);
        foreach (ref var value in buffer.AsSpan<float>())
        {
            value = random.NextSingle() - 0.5f;
        }

        return buffer;
    }

    private static WeightMatrix Stored(ElementType type, int rows, int columns, int seed)
    {
        var (values, bytes) = type.Block();
        var buffer = new NativeBuffer((long)rows * columns / values * bytes);
        var random = new Random(seed);
        random.NextBytes(buffer.AsSpan<byte>());
        for (var block = buffer.Data; block < buffer.Data + buffer.Length; block += bytes)
        {
            if (type == ElementType.BF16)
            {
                *(ushort*)block = (ushort)(BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16);
                continue;
            }

            for (var half = 0; half < (type is ElementType.Q4_1 or ElementType.Q5_1 ? 2 : 1); half++)
            {
                ((Half*)(type == ElementType.Q6K ? block + bytes - sizeof(ushort) : block))[half] = (Half)((random.NextSingle() - 0.5f) * 0.01f);
            }
        }

        return new WeightMatrix(type, rows, columns, buffer.Data, buffer);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int GetTime(int clock, long* time);
}
