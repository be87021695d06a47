using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Writes the kernel of one encoding for a number of activation rows m, unrolled over them:
/// <code>
/// f[m] = 0
/// for each group of inputs
///   i[m] = 0
///   for each four inputs: i[m] += codes·a[m]
///   i[m] += offset[m]                                −zero point·Σ a, where codes are used without their sign
///   f[m] = fma(float(i[m]), scale·s[m], f[m])
///   f[m] = fma(minimum, offset[m], f[m])             with a minimum
/// y[m] = f[m]
/// </code>
/// The same steps in the same order as <see cref="Q8Tile{TDot, TInt, TSimd, TVector}"/>, <see cref="Q4Tile{TMinimum, TDot, TInt, TSimd, TVector}"/>
/// and <see cref="SplitTile{TCodes, TMinimum, TDot, TInt, TSimd, TVector}"/>, so the same bits.
/// </summary>
internal abstract class TileProgram
{
    // Arguments as they are loaded from TileArguments, whose address comes in rdi (System V).
    protected const Gpr Codes = Gpr.Rax;
    protected const Gpr Scales = Gpr.Rcx;
    protected const Gpr Activations = Gpr.Rdx;
    protected const Gpr Factors = Gpr.R8;
    protected const Gpr Offsets = Gpr.R9;
    protected const Gpr Output = Gpr.R10;
    protected const Gpr OutputStride = Gpr.R11;
    private const Gpr Groups = Gpr.Rdi;

    // The first byte of the group that is computed, as if codes and scales of a group stood together: a panel's bytes and then
    // those of the next are asked for in order, at the pace at which they are used.
    private const Gpr Ahead = Gpr.Rsi;

    private readonly Assembler _assembler;
    private readonly int _prefetchBytes;

    private readonly TileForm _form;

    /// <param name="assembler">Where to write.</param>
    /// <param name="form">What for.</param>
    /// <param name="prefetchBytes">How far ahead memory is asked for.</param>
    protected TileProgram(Assembler assembler, TileForm form, int prefetchBytes)
    {
        (_assembler, _form, _prefetchBytes) = (assembler, form, prefetchBytes);
    }

    protected PackedEncoding Encoding => _form.Encoding;

    protected int Rows => _form.Rows;

    /// <summary>Whether split codes come as bytes, in lines of four inputs.</summary>
    protected bool IsWhole => _form.IsWhole;

    /// <summary>Whether codes are nibbles.</summary>
    protected bool HasNibbles => Encoding is PackedEncoding.Q4 or PackedEncoding.Q4Minimum;

    /// <summary>Whether codes have five or six bits, the lowest of them in a line of their own unless they are whole.</summary>
    protected bool IsSplit => Encoding.LowBits() > 0;

    /// <summary>Lines of a group but the one of lowest bits.</summary>
    protected int MainLines => Encoding.Lines() - (IsSplit ? 1 : 0);

    /// <summary>A mask of a split code's upper bits in each byte.</summary>
    protected int UpperMask => 0x0f0f0f0f << Encoding.LowBits();

    /// <summary>A mask of a split code's lowest bits in each byte.</summary>
    protected int LowMask => SplitCodes.LowMask(Encoding.LowBits());

    /// <summary>Appends the kernel and returns where it begins.</summary>
    public int Write()
    {
        _assembler.Align(64);
        var start = _assembler.Position;
        Begin();
        LoadArguments();
        var loop = _assembler.Position;
        Prefetch();
        StartSums();
        for (var line = 0; line < MainLines; line++)
        {
            var codes = new Address(Codes, PackedEncodingFacts.LineBytes * (IsWhole ? 2 : 1) * line);
            if (IsSplit)
            {
                AddSplitCodes(codes, line);
            }
            else if (HasNibbles)
            {
                AddNibbles(codes, line);
            }
            else
            {
                AddBytes(codes, line);
            }
        }

        Scale();
        Advance();
        _assembler.DecrementAndLoop(Groups, loop);
        StoreResults();
        _assembler.Return();
        return start;
    }

    /// <summary>Sets constants and clears results, before arguments are loaded: <see cref="Codes"/> may be used for it.</summary>
    protected abstract void Begin();

    /// <summary>Makes integer sums ready for a group.</summary>
    protected abstract void StartSums();

    /// <summary>Adds the products of a line of bytes.</summary>
    protected abstract void AddBytes(Address codes, int line);

    /// <summary>Adds the products of a line of nibbles.</summary>
    protected abstract void AddNibbles(Address codes, int line);

    /// <summary>Adds the products of a line of upper bits and what belongs to it of the line of lowest bits, or of two lines of whole codes.</summary>
    protected abstract void AddSplitCodes(Address codes, int line);

    /// <summary>Adds the sums of a group to the results.</summary>
    protected abstract void Scale();

    protected abstract void StoreResults();

    /// <summary>Where four activations of a row are.</summary>
    protected Address ActivationsOf(int row, int input) => new(Activations, (Encoding.GroupValues() * row) + input);

    private void LoadArguments()
    {
        _assembler.Move(Ahead, new Address(Gpr.Rdi, 0));

        // In the order of the fields.
        ReadOnlySpan<Gpr> arguments = [Codes, Scales, Activations, Factors, Offsets, Output, OutputStride, Groups];
        for (var i = 0; i < arguments.Length; i++)
        {
            _assembler.Move(arguments[i], new Address(Gpr.Rdi, 8 * i));
        }
    }

    private void Prefetch()
    {
        if (IsWhole)
        {
            // They have just been written.
            return;
        }

        for (var line = 0; line < Encoding.GroupBytes(); line += PackedEncodingFacts.LineBytes)
        {
            _assembler.PrefetchSecondLevel(new Address(Ahead, _prefetchBytes + line));
        }

        _assembler.Add(Ahead, Encoding.GroupBytes());
    }

    private void Advance()
    {
        _assembler.Add(Codes, IsWhole ? (int)WholeCodes.ByteLength(Encoding.GroupValues()) : PackedEncodingFacts.LineBytes * Encoding.Lines());
        _assembler.Add(Scales, Encoding.ScaleBytes());
        _assembler.Add(Activations, Encoding.GroupValues() * Rows);
        _assembler.Add(Factors, sizeof(float) * Rows);
        _assembler.Add(Offsets, sizeof(float) * Rows);
    }
}
