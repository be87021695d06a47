using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Kernels for processors that have VPDPBUSD in its EVEX form (Cascade Lake to Ice Lake, Zen 4, Zen 5), which .NET 10 has no
/// method for. Written into executable memory once per process and compared with their scalar twins before they are used.
/// </summary>
internal static unsafe class EmittedTiles
{
    /// <summary>Environment variable that refuses emitted code: <c>1</c>.</summary>
    public const string RefuseVariable = "PATCHBAY_NO_EMIT";

    /// <summary>Most rows of activations that one kernel computes together.</summary>
    public const int TileRows = 8;

    private static readonly Lazy<(nint[] Kernels, string State)> s_kernels = new(Create);

    /// <summary>Whether the kernels are there and give what they should.</summary>
    public static bool IsAvailable => s_kernels.Value.Kernels.Length > 0;

    /// <summary>Why they are used or not, for people.</summary>
    public static string State => s_kernels.Value.State;

    /// <summary>A panel times the rows of a tile: microseconds, so that the garbage collector can wait for it.</summary>
    public static void Multiply(PackedEncoding encoding, TileArguments* tile) => Multiply(s_kernels.Value.Kernels, encoding, tile);

    private static void Multiply(nint[] kernels, PackedEncoding encoding, TileArguments* tile) =>
        ((delegate* unmanaged[SuppressGCTransition]<TileArguments*, void>)kernels[Index(encoding, (int)tile->Rows)])(tile);

    private static int Index(PackedEncoding encoding, int rows) => ((int)encoding * TileRows) + rows - 1;

    private static (nint[] Kernels, string State) Create()
    {
        if (Environment.GetEnvironmentVariable(RefuseVariable) == "1")
        {
            return ([], $"refused by {RefuseVariable}");
        }

        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return ([], "only on Linux on x64");
        }

        if (!HasInstructions())
        {
            return ([], "the processor has no AVX512-VNNI");
        }

        return Assemble();
    }

    // CPUID 1: OSXSAVE; 7: AVX512F, DQ, BW, VL, and VNNI. The system must keep the registers of all three vector widths.
    private static bool HasInstructions()
    {
        if (X86Base.CpuId(0, 0).Eax < 7 || (X86Base.CpuId(1, 0).Ecx & (1 << 27)) == 0)
        {
            return false;
        }

        const int Avx512 = (1 << 16) | (1 << 17) | (1 << 30) | (1 << 31);
        var (_, ebx, ecx, _) = X86Base.CpuId(7, 0);
        if ((ebx & Avx512) != Avx512 || (ecx & (1 << 11)) == 0)
        {
            return false;
        }

        var assembler = new EvexAssembler();
        assembler.ReturnEnabledStates();
        var address = ExecutableMemory.TryCreate(assembler.Code);
        return address != 0 && (((delegate* unmanaged<int>)address)() & 0xe6) == 0xe6;
    }

    private static (nint[] Kernels, string State) Assemble()
    {
        var assembler = new EvexAssembler();
        var kernels = new nint[3 * TileRows];
        for (var encoding = PackedEncoding.Q8; encoding <= PackedEncoding.Q4Minimum; encoding++)
        {
            for (var rows = 1; rows <= TileRows; rows++)
            {
                kernels[Index(encoding, rows)] = TileProgram.Write(assembler, encoding, rows);
            }
        }

        var memory = ExecutableMemory.TryCreate(assembler.Code);
        if (memory == 0)
        {
            return ([], "the system refuses executable memory");
        }

        for (var i = 0; i < kernels.Length; i++)
        {
            kernels[i] += memory;
        }

        return AreRight(kernels) ? (kernels, "AVX512-VNNI") : ([], "emitted kernels and their scalar twins differ");
    }

    /// <summary>Compares each kernel with its scalar twin: two groups of codes and activations that use every value range.</summary>
    private static bool AreRight(nint[] kernels)
    {
        const int Groups = 2;
        const int Results = PackedEncodingFacts.PanelRows * TileRows;
        var random = new Random(1);
        var codes = stackalloc byte[Groups * 8 * PackedEncodingFacts.LineBytes];
        var scales = stackalloc Half[Groups * 2 * PackedEncodingFacts.PanelRows];
        var activations = stackalloc sbyte[Groups * TileRows * PackedEncodingFacts.GroupValues];
        var factors = stackalloc float[Groups * TileRows];
        var offsets = stackalloc float[Groups * TileRows];
        var results = stackalloc float[2 * Results];
        random.NextBytes(new Span<byte>(codes, Groups * 8 * PackedEncodingFacts.LineBytes));
        random.NextBytes(new Span<byte>(activations, Groups * TileRows * PackedEncodingFacts.GroupValues));
        for (var i = 0; i < Groups * 2 * PackedEncodingFacts.PanelRows; i++)
        {
            scales[i] = (Half)(random.NextSingle() - 0.5f);
        }

        for (var i = 0; i < Groups * TileRows; i++)
        {
            (factors[i], offsets[i]) = (random.NextSingle(), random.NextSingle());
        }

        var tile = new TileArguments
        {
            Codes = codes,
            Scales = (byte*)scales,
            Activations = activations,
            ActivationScales = factors,
            Offsets = offsets,
            OutputStride = PackedEncodingFacts.PanelRows * sizeof(float),
            Groups = Groups,
        };
        for (var kernel = 0; kernel < kernels.Length; kernel++)
        {
            var encoding = (PackedEncoding)(kernel / TileRows);
            tile.Rows = (kernel % TileRows) + 1;
            tile.Output = results;
            Multiply(kernels, encoding, &tile);
            tile.Output = results + Results;
            PackedPaths.Multiply(PackedPath.Scalar, encoding, &tile);
            var count = PackedEncodingFacts.PanelRows * (int)tile.Rows;
            if (!new ReadOnlySpan<int>(results, count).SequenceEqual(new ReadOnlySpan<int>(results + Results, count)))
            {
                return false;
            }
        }

        return true;
    }
}
