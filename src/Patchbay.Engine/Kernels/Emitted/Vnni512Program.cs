using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// With AVX512-VNNI: a panel is one register wide, VPDPBUSD takes the activations broadcast from memory, sums begin with the
/// correction for unsigned codes. On Zen 4 one VPDPBUSD of 512 bits starts per cycle, and the product of the scales and the fma use
/// its ports: 8 of 10 cycles are the limit, which eight rows and more reach; two panels at once were no faster.
/// </summary>
/// <param name="assembler">Where to.</param>
/// <param name="form">What for; up to 13 rows of activations.</param>
internal sealed class Vnni512Program(EvexAssembler assembler, TileForm form) : TileProgram(assembler, form, PackedEncodingFacts.PrefetchBytes)
{
    /// <summary>Most rows of activations that one kernel computes together.</summary>
    public const int TileRows = 8;

    // Registers 0 … hold the results, then come the integer sums, then these.
    private int Weights => 2 * Rows;

    private int HighWeights => Weights + 1;

    private int Mask => Weights + 2;

    private int Product => Weights + 3;

    private int LowBitsMask => Weights + 4;

    private int LowBits => Weights + 5;

    protected override void Begin()
    {
        if (HasNibbles || IsSplit)
        {
            assembler.MoveConstant(Gpr.Rax, IsSplit ? UpperMask : 0x0f0f0f0f);
            assembler.Broadcast(Mask, Gpr.Rax);
        }

        if (IsSplit)
        {
            assembler.MoveConstant(Gpr.Rax, LowMask);
            assembler.Broadcast(LowBitsMask, Gpr.Rax);
        }

        for (var row = 0; row < Rows; row++)
        {
            assembler.Clear(Result(row));
        }
    }

    protected override void StartSums()
    {
        for (var row = 0; row < Rows; row++)
        {
            if (Encoding.HasMinimum())
            {
                assembler.Clear(Sum(row));
            }
            else
            {
                assembler.Broadcast(Sum(row), new Address(Offsets, sizeof(int) * row));
            }
        }
    }

    protected override void AddBytes(Address codes, int line)
    {
        assembler.Load(Weights, codes);
        AddProducts(Weights, 4 * line);
    }

    protected override void AddNibbles(Address codes, int line)
    {
        assembler.Load(Weights, codes);
        assembler.ShiftRight(HighWeights, Weights, 4);
        assembler.And(Weights, Weights, Mask);
        assembler.And(HighWeights, HighWeights, Mask);
        AddProducts(Weights, 4 * line);
        AddProducts(HighWeights, 16 + (4 * line));
    }

    protected override void AddSplitCodes(Address codes, int line)
    {
        if (IsWhole)
        {
            assembler.Load(Weights, codes);
            assembler.Load(HighWeights, codes with { Displacement = codes.Displacement + PackedEncodingFacts.LineBytes });
        }
        else
        {
            JoinCodes(codes, line);
        }

        AddProducts(Weights, 8 * line);
        AddProducts(HighWeights, (8 * line) + 4);
    }

    protected override void Scale()
    {
        assembler.LoadHalves(Weights, new Address(Scales, 0));
        if (Encoding.HasMinimum())
        {
            assembler.LoadHalves(HighWeights, new Address(Scales, 32));
        }

        for (var row = 0; row < Rows; row++)
        {
            assembler.ToFloat(Sum(row), Sum(row));
            assembler.MultiplyBroadcast(Product, Weights, new Address(Factors, sizeof(float) * row));
            assembler.MultiplyAdd(Result(row), Sum(row), Product);
            if (Encoding.HasMinimum())
            {
                assembler.MultiplyAddBroadcast(Result(row), HighWeights, new Address(Offsets, sizeof(float) * row));
            }
        }
    }

    protected override void StoreResults()
    {
        for (var row = 0; row < Rows; row++)
        {
            assembler.Store(Result(row), new Address(Output, 0));
            assembler.Add(Output, OutputStride);
        }
    }

    private static int Result(int row) => row;

    private int Sum(int row) => Rows + row;

    /// <summary>Makes eight inputs' codes of a line of nibbles and their lowest bits.</summary>
    private void JoinCodes(Address codes, int line)
    {
        var count = Encoding.LowBits();
        if (line == 0)
        {
            assembler.Load(LowBits, new Address(Codes, PackedEncodingFacts.LineBytes * MainLines));
        }

        assembler.Load(Product, codes);
        assembler.ShiftLeft(Weights, Product, (byte)count);
        assembler.ShiftRight(HighWeights, Product, (byte)(4 - count));
        assembler.And(Weights, Weights, Mask);
        assembler.And(HighWeights, HighWeights, Mask);
        AddLowBits(Weights, 2 * line * count);
        AddLowBits(HighWeights, ((2 * line) + 1) * count);
    }

    private void AddLowBits(int target, int shift)
    {
        assembler.ShiftRight(Product, LowBits, (byte)shift);
        assembler.And(Product, Product, LowBitsMask);
        assembler.Or(target, target, Product);
    }

    private void AddProducts(int weights, int offset)
    {
        for (var row = 0; row < Rows; row++)
        {
            assembler.AddProductsBroadcast(Sum(row), weights, ActivationsOf(row, offset));
        }
    }
}
