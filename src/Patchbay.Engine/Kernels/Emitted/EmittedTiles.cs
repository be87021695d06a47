using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Kernels that are written into executable memory once per process and compared with their scalar twins before they are used:
/// for processors that have VPDPBUSD in its EVEX form (Cascade Lake to Ice Lake, Zen 4, Zen 5), which .NET 10 has no method for, and for
/// those with AVX2, whose sixteen registers the JIT does not share out well enough.
/// </summary>
internal sealed unsafe class EmittedTiles
{
    /// <summary>Environment variable that refuses emitted code: <c>1</c>.</summary>
    public const string RefuseVariable = "PATCHBAY_NO_EMIT";

    private static readonly Lazy<EmittedTiles> s_vnni512 = new(() => Create(
        "AVX512-VNNI", HasVnni512, Vnni512Program.TileRows, new EvexAssembler(), (assembler, form) => new Vnni512Program(assembler, form)));

    private static readonly Lazy<EmittedTiles> s_avx2 = new(() => Create(
        "AVX2", HasAvx2, Avx2Program.TileRows, new VexAssembler(), (assembler, form) => new Avx2Program(assembler, form)));

    private static readonly int s_encodings = Enum.GetValues<PackedEncoding>().Length;

    // By encoding, and whether its codes are whole, and rows; as long as the process lives.
    private readonly nint* _kernels;

    private EmittedTiles(int tileRows, nint* kernels, string state)
    {
        (TileRows, State) = (tileRows, state);
        _kernels = kernels;
    }

    /// <summary>With AVX512-VNNI.</summary>
    public static EmittedTiles Vnni512 => s_vnni512.Value;

    /// <summary>With AVX2, FMA and F16C.</summary>
    public static EmittedTiles Avx2 => s_avx2.Value;

    /// <summary>The faster of those that this processor has.</summary>
    public static EmittedTiles Best => Vnni512.IsAvailable ? Vnni512 : Avx2;

    /// <summary>Most rows of activations that one kernel computes together.</summary>
    public int TileRows { get; }

    /// <summary>Whether the kernels are there and give what they should.</summary>
    public bool IsAvailable => _kernels is not null;

    /// <summary>What they use, or why they are not used, for people.</summary>
    public string State { get; }

    /// <summary>The kernel for an encoding.</summary>
    /// <param name="encoding">Of the panels.</param>
    /// <param name="isWhole">Whether their split codes are <see cref="WholeCodes"/>.</param>
    public TileKernel KernelOf(PackedEncoding encoding, bool isWhole) => new(_kernels + Index(new TileForm(encoding, isWhole, Rows: 1)));

    private static EmittedTiles Create<TAssembler>(
        string name, Func<bool> hasInstructions, int tileRows, TAssembler assembler, Func<TAssembler, TileForm, TileProgram> program)
        where TAssembler : Assembler
    {
        if (Environment.GetEnvironmentVariable(RefuseVariable) == "1")
        {
            return Refused($"refused by {RefuseVariable}");
        }

        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            return Refused("only on Linux on x64");
        }

        if (!hasInstructions())
        {
            return Refused($"the processor has no {name}");
        }

        var starts = TileForm.All(tileRows).Select(form => (Form: form, Start: program(assembler, form).Write())).ToList();

        var memory = ExecutableMemory.TryCreate(assembler.Code);
        if (memory == 0)
        {
            return Refused("the system refuses executable memory");
        }

        var kernels = (nint*)NativeMemory.AllocZeroed((nuint)(2 * s_encodings * tileRows), (nuint)sizeof(nint));
        var tiles = new EmittedTiles(tileRows, kernels, name);
        foreach (var (form, start) in starts)
        {
            kernels[tiles.Index(form)] = memory + start;
        }

        return tiles.AreRight() ? tiles : Refused("emitted kernels and their scalar twins differ");

        EmittedTiles Refused(string why) => new(tileRows, null, why);
    }

    // CPUID 1: OSXSAVE; 7: AVX512F, DQ, BW, VL, and VNNI. The system must keep the registers of all three vector widths.
    private static bool HasVnni512()
    {
        const int Avx512 = (1 << 16) | (1 << 17) | (1 << 30) | (1 << 31);
        return HasFeatures(1, ecx: 1 << 27) && HasFeatures(7, ebx: Avx512, ecx: 1 << 11) && AreStatesKept(0xe6);
    }

    // CPUID 1: OSXSAVE, FMA and F16C; 7: AVX2.
    private static bool HasAvx2() =>
        HasFeatures(1, ecx: (1 << 27) | (1 << 12) | (1 << 29)) && HasFeatures(7, ebx: 1 << 5) && AreStatesKept(0x06);

    private static bool HasFeatures(int leaf, int ebx = 0, int ecx = 0)
    {
        if (X86Base.CpuId(0, 0).Eax < leaf)
        {
            return false;
        }

        var found = X86Base.CpuId(leaf, 0);
        return (found.Ebx & ebx) == ebx && (found.Ecx & ecx) == ecx;
    }

    private static bool AreStatesKept(int states)
    {
        var assembler = new EvexAssembler();
        assembler.ReturnEnabledStates();
        var address = ExecutableMemory.TryCreate(assembler.Code);
        return address != 0 && (((delegate* unmanaged<int>)address)() & states) == states;
    }

    private int Index(TileForm form) => ((((form.IsWhole ? s_encodings : 0) + (int)form.Encoding) * TileRows) + form.Rows) - 1;

    /// <summary>Compares each kernel with its scalar twin: two groups of codes and activations that use every value range.</summary>
    private bool AreRight()
    {
        const int Groups = 2;
        var allResults = PackedEncodingFacts.PanelRows * TileRows;
        var random = new Random(1);
        var codes = stackalloc byte[Groups * 8 * PackedEncodingFacts.LineBytes];
        var bytes = stackalloc byte[Groups * 8 * PackedEncodingFacts.LineBytes];
        var scales = stackalloc Half[Groups * 2 * PackedEncodingFacts.PanelRows];
        var activations = stackalloc sbyte[Groups * TileRows * PackedEncodingFacts.UsualGroupValues];
        var factors = stackalloc float[Groups * TileRows];
        var offsets = stackalloc float[Groups * TileRows];
        var results = stackalloc float[2 * allResults];
        random.NextBytes(new Span<byte>(codes, Groups * 8 * PackedEncodingFacts.LineBytes));
        for (var i = 0; i < Groups * TileRows * PackedEncodingFacts.UsualGroupValues; i++)
        {
            activations[i] = (sbyte)random.Next(-127, 128);
        }

        for (var i = 0; i < Groups * 2 * PackedEncodingFacts.PanelRows; i++)
        {
            scales[i] = (Half)(random.NextSingle() - 0.5f);
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
        foreach (var (encoding, isWhole, rows) in TileForm.All(TileRows))
        {
            tile.Rows = rows;
            FillScales(encoding, &tile, random);
            tile.Output = results + allResults;
            PackedPaths.KernelOf(PackedPath.Scalar, encoding).Run(&tile);
            if (isWhole)
            {
                WholeCodes.Write(encoding, codes, Groups, bytes);
                tile.Codes = bytes;
            }

            tile.Output = results;
            KernelOf(encoding, isWhole).Run(&tile);
            tile.Codes = codes;
            var count = PackedEncodingFacts.PanelRows * (int)tile.Rows;
            if (!new ReadOnlySpan<int>(results, count).SequenceEqual(new ReadOnlySpan<int>(results + allResults, count)))
            {
                return false;
            }
        }

        return true;
    }

    // Offsets are what QuantisedRows makes of the activations: paths that use the signs of codes do without them.
    private static void FillScales(PackedEncoding encoding, TileArguments* tile, Random random)
    {
        for (var place = 0; place < (int)(tile->Groups * tile->Rows); place++)
        {
            var sum = 0;
            foreach (var activation in new ReadOnlySpan<sbyte>(tile->Activations + (place * encoding.GroupValues()), encoding.GroupValues()))
            {
                sum += activation;
            }

            tile->ActivationScales[place] = random.NextSingle();
            if (encoding.HasMinimum())
            {
                ((float*)tile->Offsets)[place] = tile->ActivationScales[place] * sum;
            }
            else
            {
                ((int*)tile->Offsets)[place] = -encoding.ZeroPoint() * sum;
            }
        }
    }
}
