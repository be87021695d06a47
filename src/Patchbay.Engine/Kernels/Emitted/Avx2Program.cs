using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// With AVX2: a panel is two registers wide. Bytes are multiplied as magnitudes, their signs moved to the activations (as in
/// <see cref="Dot256"/>); nibbles are added up in 16 bits, which eight times two products fit. Of sixteen registers eight hold the integer sums of four rows, so
/// that results live on the stack. What the JIT makes of the same steps keeps them in other places and reaches 0.6 (Q4) and 0.8 (Q8) of this on
/// a Zen 3; .NET has no VCVTPH2PS either.
/// </summary>
/// <param name="assembler">Where to.</param>
/// <param name="form">What for; up to <see cref="TileRows"/> rows of activations.</param>
internal sealed class Avx2Program(VexAssembler assembler, TileForm form) : TileProgram(assembler, form, PrefetchBytes)
{
    /// <summary>Most rows of activations that one kernel computes together.</summary>
    public const int TileRows = 4;

    // One core of a Zen 3 reads weights that are used once at 17 GB/s with 12 KB, at 19 with 24 KB, at 18 with 48 KB; without at 13.
    private const int PrefetchBytes = 24 * 1024;

    private const int Halves = 2;
    private const int Bytes = 32;

    // Registers 0 to 7 hold sums.
    private const int Weights = 8;
    private const int Others = 10;
    private const int Broadcasted = 12;
    private const int Product = 13;
    private const int Constant = 15;

    // Split codes need no constant in a register, and one register more.
    private const int Spare = 15;

    // On the stack: results, then constants, of which one is in a register for a while.
    private int FrameBytes => (Rows * Halves * Bytes) + (3 * Bytes);

    private static Address Ones => new(Gpr.Rbp, -Bytes);

    // The sign bits of bytes, or the mask of nibbles or of upper bits.
    private static Address Mask => new(Gpr.Rbp, -2 * Bytes);

    private static Address LowBitsMask => new(Gpr.Rbp, -3 * Bytes);

    protected override void Begin()
    {
        assembler.EnterFrame(FrameBytes);
        SetConstant(Ones, 0x00010001);
        SetConstant(Mask, IsSplit ? UpperMask : HasNibbles ? 0x0f0f0f0f : unchecked((int)0x80808080));
        if (IsSplit)
        {
            SetConstant(LowBitsMask, LowMask);
        }

        assembler.Clear(Product);
        for (var row = 0; row < Rows; row++)
        {
            for (var half = 0; half < Halves; half++)
            {
                assembler.Store(Product, Result(row, half));
            }
        }

        assembler.Load(Constant, HasNibbles ? Mask : Ones);
    }

    protected override void StartSums()
    {
        if (!IsSplit)
        {
            // The first products of a group become its sums.
            return;
        }

        for (var row = 0; row < Rows; row++)
        {
            for (var half = 0; half < Halves; half++)
            {
                if (Encoding.HasMinimum())
                {
                    assembler.Clear(Sum(row, half));
                }
                else
                {
                    assembler.Broadcast(Sum(row, half), new Address(Offsets, sizeof(int) * row));
                }
            }
        }
    }

    protected override void Scale()
    {
        LoadHalves(Weights, Scales, 0);
        if (Encoding.HasMinimum())
        {
            LoadHalves(Others, Scales, PackedEncodingFacts.PanelRows * sizeof(ushort));
        }

        if (HasNibbles)
        {
            assembler.Load(Constant, Ones);
        }

        for (var row = 0; row < Rows; row++)
        {
            FinishSums(row);
            assembler.Broadcast(Broadcasted, new Address(Factors, sizeof(float) * row));
            for (var half = 0; half < Halves; half++)
            {
                assembler.Multiply(Product + half, Weights + half, Broadcasted);
                assembler.ToFloat(Sum(row, half), Sum(row, half));
                assembler.MultiplyAdd(Sum(row, half), Product + half, Result(row, half));
            }

            AddMinimum(row);
            for (var half = 0; half < Halves; half++)
            {
                assembler.Store(Sum(row, half), Result(row, half));
            }
        }

        if (HasNibbles)
        {
            assembler.Load(Constant, Mask);
        }
    }

    protected override void StoreResults()
    {
        for (var row = 0; row < Rows; row++)
        {
            for (var half = 0; half < Halves; half++)
            {
                assembler.Load(Product, Result(row, half));
                assembler.Store(Product, new Address(Output, Bytes * half));
            }

            assembler.Add(Output, OutputStride);
        }

        assembler.LeaveFrame(FrameBytes);
    }

    private static int Sum(int row, int half) => (Halves * row) + half;

    private Address Result(int row, int half) => new(Gpr.Rbp, (Bytes * Sum(row, half)) - FrameBytes);

    private void SetConstant(Address target, int value)
    {
        assembler.MoveConstant(Gpr.Rax, value);
        assembler.Broadcast(Product, Gpr.Rax);
        assembler.Store(Product, target);
    }

    private void LoadHalves(int target, Gpr source, int displacement)
    {
        for (var half = 0; half < Halves; half++)
        {
            assembler.LoadHalves(target + half, new Address(source, displacement + (PackedEncodingFacts.PanelRows / Halves * sizeof(ushort) * half)));
        }
    }

    protected override void AddBytes(Address codes, int line)
    {
        assembler.Load(Product, Mask);
        for (var half = 0; half < Halves; half++)
        {
            assembler.Xor(Weights + half, Product, codes with { Displacement = codes.Displacement + (Bytes * half) });
            assembler.Magnitudes(Others + half, Weights + half);
        }

        for (var row = 0; row < Rows; row++)
        {
            assembler.Broadcast(Broadcasted, ActivationsOf(row, 4 * line));
            for (var half = 0; half < Halves; half++)
            {
                assembler.TakeSigns(Product + half, Broadcasted, Weights + half);
            }

            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyBytes(Product + half, Others + half, Product + half);
            }

            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyWords(line == 0 ? Sum(row, half) : Product + half, Product + half, Constant);
            }

            for (var half = 0; half < Halves && line > 0; half++)
            {
                assembler.AddInts(Sum(row, half), Sum(row, half), Product + half);
            }
        }
    }

    protected override void AddNibbles(Address codes, int line)
    {
        for (var half = 0; half < Halves; half++)
        {
            assembler.Load(Others + half, codes with { Displacement = codes.Displacement + (Bytes * half) });
            assembler.And(Weights + half, Others + half, Constant);
            assembler.ShiftRightWords(Others + half, Others + half, 4);
            assembler.And(Others + half, Others + half, Constant);
        }

        AddNibbleProducts(Weights, 4 * line, isFirst: line == 0);
        AddNibbleProducts(Others, 16 + (4 * line), isFirst: false);
    }

    // Two times two products of at most 63·127 fit 16 bits.
    protected override void AddSplitCodes(Address codes, int line)
    {
        for (var half = 0; half < Halves; half++)
        {
            var halfCodes = codes with { Displacement = codes.Displacement + (Bytes * half) };
            if (IsWhole)
            {
                assembler.Load(Weights + half, halfCodes);
                assembler.Load(Others + half, halfCodes with { Displacement = halfCodes.Displacement + PackedEncodingFacts.LineBytes });
            }
            else
            {
                JoinCodes(halfCodes, half, line);
            }
        }

        for (var row = 0; row < Rows; row++)
        {
            assembler.Broadcast(Broadcasted, ActivationsOf(row, 8 * line));
            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyBytes(Product + half, Weights + half, Broadcasted);
            }

            assembler.Broadcast(Broadcasted, ActivationsOf(row, (8 * line) + 4));
            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyBytes(Spare, Others + half, Broadcasted);
                assembler.AddWords(Product + half, Product + half, Spare);
            }

            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyWords(Product + half, Product + half, Ones);
                assembler.AddInts(Sum(row, half), Sum(row, half), Product + half);
            }
        }
    }

    /// <summary>Makes eight inputs' codes of a half line of nibbles and their lowest bits.</summary>
    private void JoinCodes(Address nibbles, int half, int line)
    {
        var count = Encoding.LowBits();
        assembler.Load(Spare, nibbles);
        assembler.ShiftLeftWords(Weights + half, Spare, (byte)count);
        assembler.And(Weights + half, Weights + half, Mask);
        assembler.ShiftRightWords(Others + half, Spare, (byte)(4 - count));
        assembler.And(Others + half, Others + half, Mask);
        assembler.Load(Spare, new Address(Codes, (PackedEncodingFacts.LineBytes * MainLines) + (Bytes * half)));
        AddLowBits(Weights + half, 2 * line * count);
        AddLowBits(Others + half, ((2 * line) + 1) * count);
    }

    private void AddLowBits(int target, int shift)
    {
        if (shift > 0)
        {
            assembler.ShiftRightWords(Product, Spare, (byte)shift);
        }

        assembler.And(Product, shift > 0 ? Product : Spare, LowBitsMask);
        assembler.Or(target, target, Product);
    }

    private void AddNibbleProducts(int weights, int input, bool isFirst)
    {
        for (var row = 0; row < Rows; row++)
        {
            assembler.Broadcast(Broadcasted, ActivationsOf(row, input));
            for (var half = 0; half < Halves; half++)
            {
                assembler.MultiplyBytes(isFirst ? Sum(row, half) : Product + half, weights + half, Broadcasted);
            }

            for (var half = 0; half < Halves && !isFirst; half++)
            {
                assembler.AddWords(Sum(row, half), Sum(row, half), Product + half);
            }
        }
    }

    /// <summary>Sums of nibbles as 32 bits, with the correction for their zero point.</summary>
    private void FinishSums(int row)
    {
        if (!HasNibbles)
        {
            return;
        }

        if (!Encoding.HasMinimum())
        {
            assembler.Broadcast(Others, new Address(Offsets, sizeof(int) * row));
        }

        for (var half = 0; half < Halves; half++)
        {
            assembler.MultiplyWords(Sum(row, half), Sum(row, half), Constant);
            if (!Encoding.HasMinimum())
            {
                assembler.AddInts(Sum(row, half), Sum(row, half), Others);
            }
        }
    }

    private void AddMinimum(int row)
    {
        if (!Encoding.HasMinimum())
        {
            return;
        }

        assembler.Broadcast(Broadcasted, new Address(Offsets, sizeof(float) * row));
        for (var half = 0; half < Halves; half++)
        {
            assembler.MultiplyAdd(Sum(row, half), Others + half, Broadcasted);
        }
    }
}
