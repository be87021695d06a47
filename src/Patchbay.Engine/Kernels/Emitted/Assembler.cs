using System.Buffers.Binary;

namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>A 64-bit general register by its number.</summary>
internal enum Gpr : byte
{
    Rax = 0,
    Rcx = 1,
    Rdx = 2,
    Rbp = 5,
    Rsi = 6,
    Rdi = 7,
    R8 = 8,
    R9 = 9,
    R10 = 10,
    R11 = 11,
}

/// <summary>A place in memory.</summary>
internal readonly record struct Address(Gpr Base, int Displacement);

/// <summary>Encodes instructions of general registers (Intel SDM vol. 2); vector instructions come with their encodings.</summary>
internal abstract class Assembler
{
    private readonly List<byte> _code = [];

    /// <summary>Which table of opcodes (Intel SDM vol. 2, appendix A), as EVEX and VEX number them.</summary>
    protected enum Map
    {
        Base = 1,
        Extended38 = 2,
    }

    /// <summary>The prefix that belongs to an opcode, as EVEX and VEX number it.</summary>
    protected enum Prefix
    {
        None = 0,
        Operand66 = 1,
    }

    public int Position => _code.Count;

    public ReadOnlySpan<byte> Code => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_code);

    /// <summary>PREFETCHT1.</summary>
    public void PrefetchSecondLevel(Address source)
    {
        if (source.Base >= Gpr.R8)
        {
            Emit(0x41);
        }

        Emit([0x0f, 0x18, (byte)(0x80 | (2 << 3) | ((int)source.Base & 7))]);
        Append(source.Displacement);
    }

    public void Move(Gpr target, Address source)
    {
        Emit([(byte)(0x48 | ((int)target >> 3 << 2) | ((int)source.Base >> 3)), 0x8b, (byte)(0x80 | (((int)target & 7) << 3) | ((int)source.Base & 7))]);
        Append(source.Displacement);
    }

    /// <summary>Sets the low half, clears the high one; not for r8 and above.</summary>
    public void MoveConstant(Gpr target, int value)
    {
        Emit((byte)(0xb8 + (int)target));
        Append(value);
    }

    public void Add(Gpr target, int value)
    {
        Emit([(byte)(0x48 | ((int)target >> 3)), 0x81, (byte)(0xc0 | ((int)target & 7))]);
        Append(value);
    }

    public void Add(Gpr target, Gpr value) => Emit(
        [(byte)(0x48 | ((int)target >> 3 << 2) | ((int)value >> 3)), 0x03, (byte)(0xc0 | (((int)target & 7) << 3) | ((int)value & 7))]);

    /// <summary>Takes 1 away and goes back to a <see cref="Position"/> unless that gave 0.</summary>
    public void DecrementAndLoop(Gpr counter, int position)
    {
        Emit([(byte)(0x48 | ((int)counter >> 3)), 0xff, (byte)(0xc8 | ((int)counter & 7)), 0x0f, 0x85]);
        Append(position - (Position + sizeof(int)));
    }

    /// <summary>VZEROUPPER and RET.</summary>
    public void Return() => Emit([0xc5, 0xf8, 0x77, 0xc3]);

    /// <summary>XGETBV of register 0 as the result: which vector registers the operating system keeps.</summary>
    public void ReturnEnabledStates() => Emit([0x31, 0xc9, 0x0f, 0x01, 0xd0, 0xc3]);

    public void Align(int boundary)
    {
        while (Position % boundary != 0)
        {
            Emit(0xcc);
        }
    }

    /// <summary>Makes <see cref="Gpr.Rbp"/> the end of <paramref name="bytes"/> bytes on the stack, at a multiple of 64.</summary>
    public void EnterFrame(int bytes)
    {
        // push rbp; mov rbp, rsp; and rbp, -64; sub rsp, bytes + 64
        Emit([0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xe5, 0xc0, 0x48, 0x81, 0xec]);
        Append(bytes + 64);
    }

    /// <summary>Undoes <see cref="EnterFrame"/>.</summary>
    public void LeaveFrame(int bytes)
    {
        // add rsp, bytes + 64; pop rbp
        Emit([0x48, 0x81, 0xc4]);
        Append(bytes + 64);
        Emit(0x5d);
    }

    protected void Emit(byte value) => _code.Add(value);

    protected void Emit(ReadOnlySpan<byte> bytes) => _code.AddRange(bytes);

    /// <summary>ModR/M of two registers, by their lower three bits.</summary>
    protected void EmitRegister(int register, int other) => Emit((byte)(0xc0 | ((register & 7) << 3) | (other & 7)));

    /// <summary>ModR/M and displacement of a register and a place in memory.</summary>
    /// <param name="register">By its lower three bits.</param>
    /// <param name="memory">The place.</param>
    /// <param name="unit">What a displacement of 8 bits counts in.</param>
    protected void EmitMemory(int register, Address memory, int unit)
    {
        var isShort = memory.Displacement % unit == 0 && memory.Displacement / unit is >= sbyte.MinValue and <= sbyte.MaxValue;
        Emit((byte)((isShort ? 0x40 : 0x80) | ((register & 7) << 3) | ((int)memory.Base & 7)));
        if (isShort)
        {
            Emit((byte)(sbyte)(memory.Displacement / unit));
        }
        else
        {
            Append(memory.Displacement);
        }
    }

    protected void Append(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _code.AddRange(bytes);
    }
}
