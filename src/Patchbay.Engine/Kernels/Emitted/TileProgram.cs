using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Writes the kernel of one encoding for a number of activation rows m, unrolled over them:
/// <code>
/// f[m] = 0
/// for each group of 32 inputs
///   i[m] = offset[m]                                 −zero point·Σ a, which unsigned codes need; 0 with a minimum
///   for each four inputs: i[m] += codes·a[m]         VPDPBUSD, the activations broadcast from memory
///   f[m] = fma(float(i[m]), scale·s[m], f[m])
///   f[m] = fma(minimum, offset[m], f[m])             with a minimum
/// y[m] = f[m]
/// </code>
/// The same steps in the same order as <see cref="Q8Tile{TDot, TInt, TSimd, TVector}"/> and
/// <see cref="Q4Tile{TMinimum, TDot, TInt, TSimd, TVector}"/>, so the same bits. On Zen 4 one VPDPBUSD of 512 bits starts per cycle, and the
/// product of the scales and the fma use its ports: 8 of 10 cycles are the limit, which eight rows and more reach; two panels
/// at once were no faster.
/// </summary>
internal sealed class TileProgram
{
    // Arguments as they are loaded from TileArguments, whose address comes in rdi (System V).
    private const Gpr Codes = Gpr.Rax;
    private const Gpr Scales = Gpr.Rcx;
    private const Gpr Activations = Gpr.Rdx;
    private const Gpr Factors = Gpr.R8;
    private const Gpr Offsets = Gpr.R9;
    private const Gpr Output = Gpr.R10;
    private const Gpr OutputStride = Gpr.R11;
    private const Gpr Groups = Gpr.Rdi;

    // The first byte of the group that is computed, as if codes and scales of a group stood together: a panel's bytes and then
    // those of the next are asked for in order, at the pace at which they are used.
    private const Gpr Ahead = Gpr.Rsi;

    private readonly EvexAssembler _assembler;
    private readonly PackedEncoding _encoding;
    private readonly int _rows;

    private TileProgram(EvexAssembler assembler, PackedEncoding encoding, int rows)
    {
        (_assembler, _encoding, _rows) = (assembler, encoding, rows);
    }

    // Registers 0 … hold the results, then come the integer sums, then these.
    private int Weights => 2 * _rows;

    private int HighWeights => Weights + 1;

    private int NibbleMask => Weights + 2;

    private int Product => Weights + 3;

    /// <summary>Appends the kernel and returns where it begins.</summary>
    /// <param name="assembler">Where to.</param>
    /// <param name="encoding">Of the weights.</param>
    /// <param name="rows">Rows of activations, 1 to 14.</param>
    public static int Write(EvexAssembler assembler, PackedEncoding encoding, int rows)
    {
        assembler.Align(64);
        var start = assembler.Position;
        new TileProgram(assembler, encoding, rows).Write();
        return start;
    }

    private static int Result(int row) => row;

    private int Sum(int row) => _rows + row;

    private void Write()
    {
        Prologue();
        var loop = _assembler.Position;
        Prefetch();
        StartSums();
        for (var line = 0; line < _encoding.Lines(); line++)
        {
            AddLine(line);
        }

        Scale();
        Advance();
        _assembler.DecrementAndLoop(Groups, loop);
        Epilogue();
    }

    private void Prologue()
    {
        if (_encoding.Lines() == 4)
        {
            _assembler.MoveConstant(Gpr.Rax, 0x0f0f0f0f);
            _assembler.Broadcast(NibbleMask, Gpr.Rax);
        }

        _assembler.Move(Ahead, new Address(Gpr.Rdi, 0));

        // In the order of the fields.
        ReadOnlySpan<Gpr> arguments = [Codes, Scales, Activations, Factors, Offsets, Output, OutputStride, Groups];
        for (var i = 0; i < arguments.Length; i++)
        {
            _assembler.Move(arguments[i], new Address(Gpr.Rdi, 8 * i));
        }

        for (var row = 0; row < _rows; row++)
        {
            _assembler.Clear(Result(row));
        }
    }

    private void Prefetch()
    {
        for (var line = 0; line < _encoding.GroupBytes(); line += PackedEncodingFacts.LineBytes)
        {
            _assembler.PrefetchSecondLevel(new Address(Ahead, PackedEncodingFacts.PrefetchBytes + line));
        }

        _assembler.Add(Ahead, _encoding.GroupBytes());
    }

    private void StartSums()
    {
        for (var row = 0; row < _rows; row++)
        {
            if (_encoding.HasMinimum())
            {
                _assembler.Clear(Sum(row));
            }
            else
            {
                _assembler.Broadcast(Sum(row), new Address(Offsets, 4 * row));
            }
        }
    }

    private void AddLine(int line)
    {
        _assembler.Load(Weights, new Address(Codes, 64 * line));
        if (_encoding.Lines() == 4)
        {
            _assembler.ShiftRight(HighWeights, Weights, 4);
            _assembler.And(Weights, Weights, NibbleMask);
            _assembler.And(HighWeights, HighWeights, NibbleMask);
        }

        AddProducts(Weights, 4 * line);
        if (_encoding.Lines() == 4)
        {
            AddProducts(HighWeights, 16 + (4 * line));
        }
    }

    private void AddProducts(int weights, int offset)
    {
        for (var row = 0; row < _rows; row++)
        {
            _assembler.AddProductsBroadcast(Sum(row), weights, new Address(Activations, (32 * row) + offset));
        }
    }

    private void Scale()
    {
        _assembler.LoadHalves(Weights, new Address(Scales, 0));
        if (_encoding.HasMinimum())
        {
            _assembler.LoadHalves(HighWeights, new Address(Scales, 32));
        }

        for (var row = 0; row < _rows; row++)
        {
            _assembler.ToFloat(Sum(row), Sum(row));
            _assembler.MultiplyBroadcast(Product, Weights, new Address(Factors, 4 * row));
            _assembler.MultiplyAdd(Result(row), Sum(row), Product);
            if (_encoding.HasMinimum())
            {
                _assembler.MultiplyAddBroadcast(Result(row), HighWeights, new Address(Offsets, 4 * row));
            }
        }
    }

    private void Advance()
    {
        _assembler.Add(Codes, 64 * _encoding.Lines());
        _assembler.Add(Scales, _encoding.ScaleBytes());
        _assembler.Add(Activations, 32 * _rows);
        _assembler.Add(Factors, 4 * _rows);
        _assembler.Add(Offsets, 4 * _rows);
    }

    private void Epilogue()
    {
        for (var row = 0; row < _rows; row++)
        {
            _assembler.Store(Result(row), new Address(Output, 0));
            _assembler.Add(Output, OutputStride);
        }

        _assembler.Return();
    }
}
