namespace Patchbay.Engine.Kernels;

/// <summary>The rows of one sequence in a batch, and where its keys and values are.</summary>
/// <param name="FirstRow">Its first row in the batch.</param>
/// <param name="RowCount">Its rows.</param>
/// <param name="Position">Position of the first row in the sequence.</param>
/// <param name="Blocks">Address of the block numbers (int) that hold positions 0–15, 16–31, …</param>
/// <param name="StateSlot">Where its recurrent state is kept; -1 for models without one.</param>
internal readonly record struct PagedRows(int FirstRow, int RowCount, int Position, nint Blocks, int StateSlot = -1)
{
    /// <summary>The block that holds a position, and the place in it.</summary>
    public unsafe (int Block, int Token) Locate(int position) =>
        (((int*)Blocks)[position / PagedLayer.BlockTokens], position % PagedLayer.BlockTokens);
}

/// <summary>
/// Keys and values of one layer in blocks of <see cref="BlockTokens"/> tokens. Keys are stored (block, head, headDim, token), so
/// that one vector holds one dimension of neighbouring tokens; values (block, head, token, headDim). In
/// <see cref="KvFormat.Q8"/> the 16 scales of the tokens stand behind the values of each (block, head).
/// </summary>
internal readonly unsafe record struct PagedLayer(nint Keys, nint Values, int Heads, int KeyDim, int ValueDim, KvFormat Format = KvFormat.F32)
{
    /// <summary>Tokens per block.</summary>
    public const int BlockTokens = 16;

    /// <summary>Bytes that one head's vectors of one block take.</summary>
    /// <param name="format">How they are stored.</param>
    /// <param name="dim">Values per vector.</param>
    public static int HeadBytes(KvFormat format, int dim) => BlockTokens * (format switch
    {
        KvFormat.F32 => dim * sizeof(float),
        KvFormat.BF16 => dim * sizeof(ushort),
        _ => dim + sizeof(float),
    });

    public byte* KeyBlock(int block, int head) => (byte*)Keys + (((nint)block * Heads) + head) * HeadBytes(Format, KeyDim);

    public byte* ValueBlock(int block, int head) => (byte*)Values + (((nint)block * Heads) + head) * HeadBytes(Format, ValueDim);

    /// <summary>The scales of the 16 tokens of a block of <see cref="KvFormat.Q8"/>.</summary>
    public static float* Scales(byte* block, int dim) => (float*)(block + (BlockTokens * dim));

    /// <summary>One value of a key, as attention reads it: for the reference.</summary>
    public float Key(int block, int head, int token, int d) => Value(KeyBlock(block, head), (d * BlockTokens) + token, token, KeyDim);

    /// <summary>One value of a value vector, as attention reads it: for the reference.</summary>
    public float Value(int block, int head, int token, int d) => Value(ValueBlock(block, head), (token * ValueDim) + d, token, ValueDim);

    private float Value(byte* block, int place, int token, int dim) => Format switch
    {
        KvFormat.F32 => ((float*)block)[place],
        KvFormat.BF16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)block)[place] << 16),
        _ => ((sbyte*)block)[place] * Scales(block, dim)[token],
    };
}
