using Patchbay.Engine.Kernels.Emitted;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>
/// Runs what <see cref="EvexAssembler"/> writes, one instruction after another, so that kernels for AVX512-VNNI are tested on
/// processors without it. Knows the instructions and forms that the assembler has, and no others.
/// </summary>
internal sealed unsafe class EvexInterpreter
{
    private const int Lanes = 16;

    private readonly byte[] _code;
    private readonly long[] _general = new long[16];
    private readonly int[][] _vectors = [.. Enumerable.Range(0, 32).Select(_ => new int[Lanes])];
    private int _position;
    private bool _isZero;

    private EvexInterpreter(ReadOnlySpan<byte> code)
    {
        _code = code.ToArray();
    }

    /// <summary>Calls the code at a position with one argument.</summary>
    public static void Run(ReadOnlySpan<byte> code, int start, void* argument)
    {
        var interpreter = new EvexInterpreter(code) { _position = start };
        interpreter._general[(int)Gpr.Rdi] = (nint)argument;
        // What is left in registers must not matter.
        foreach (var vector in interpreter._vectors)
        {
            Array.Fill(vector, unchecked((int)0xdeadbeef));
        }

        while (interpreter.Step())
        {
        }
    }

    private bool Step()
    {
        var first = Next();
        switch (first)
        {
            case 0x62:
                StepVector();
                return true;
            case 0x41 or 0x0f:
                // PREFETCHT1 does nothing that can be seen.
                _position += first == 0x41 ? 3 : 2;
                Next32();
                return true;
            case 0xb8:
                _general[(int)Gpr.Rax] = (uint)Next32();
                return true;
            case 0xc5:
                Assert.Equal([0xf8, 0x77, 0xc3], _code.AsSpan(_position, 3).ToArray());
                return false;
            default:
                Assert.Equal(0x48, first & 0xf8);
                StepGeneral(first);
                return true;
        }
    }

    private void StepGeneral(int prefix)
    {
        var opcode = Next();
        var operands = Next();
        var (register, other) = ((operands >> 3 & 7) | (prefix << 1 & 8), (operands & 7) | (prefix << 3 & 8));
        switch (opcode)
        {
            case 0x8b:
                Assert.Equal(2, operands >> 6);
                _general[register] = *(long*)(_general[other] + Next32());
                break;
            case 0x81:
                Assert.Equal(0xc0, operands & 0xf8);
                _general[other] += Next32();
                break;
            case 0x03:
                Assert.Equal(3, operands >> 6);
                _general[register] += _general[other];
                break;
            case 0xff:
                Assert.Equal(0xc8, operands & 0xf8);
                _isZero = --_general[other] == 0;
                Assert.Equal([0x0f, 0x85], _code.AsSpan(_position, 2).ToArray());
                _position += 2;
                var distance = Next32();
                _position += _isZero ? 0 : distance;
                break;
            default:
                Assert.Fail($"opcode {opcode:x}");
                break;
        }
    }

    private void StepVector()
    {
        var (p0, p1, p2) = (Next(), Next(), Next());
        Assert.Equal((0x40, 4), (p2 & 0xe7, p1 & 0x84));
        var map = p0 & 15;
        var second = (~p1 >> 3 & 15) | (~p2 << 1 & 16);
        var isBroadcast = (p2 & 0x10) != 0;
        var opcode = (map << 8) | Next();
        var operands = Next();
        var register = (operands >> 3 & 7) | (~p0 >> 4 & 8) | (~p0 & 16);
        var isMemory = operands >> 6 != 3;
        var third = (operands & 7) | (~p0 >> 2 & 8) | (isMemory ? 0 : ~p0 >> 2 & 16);
        var memory = (byte*)null;
        if (isMemory)
        {
            var unit = isBroadcast || opcode == 0x258 ? 4 : opcode == 0x213 ? 32 : 64;
            memory = (byte*)_general[third] + (operands >> 6 == 1 ? (sbyte)Next() * unit : Next32());
        }

        var source = isBroadcast ? Enumerable.Repeat(*(int*)memory, Lanes).ToArray()
            : isMemory && opcode is 0x110 ? new Span<int>(memory, Lanes).ToArray()
            : isMemory ? [] : (int[])_vectors[third].Clone();
        var left = _vectors[second];
        var target = _vectors[register];
        switch (opcode)
        {
            case 0x110:
                source.CopyTo(target, 0);
                break;
            case 0x111:
                target.CopyTo(new Span<int>(memory, Lanes));
                break;
            case 0x258:
                Array.Fill(target, *(int*)memory);
                break;
            case 0x27c:
                Array.Fill(target, (int)_general[third]);
                break;
            case 0x213:
                Each(lane => target[lane] = BitConverter.SingleToInt32Bits((float)((Half*)memory)[lane]));
                break;
            case 0x250:
                Each(lane => target[lane] += Products(left[lane], source[lane]));
                break;
            case 0x15b:
                Each(lane => target[lane] = BitConverter.SingleToInt32Bits(source[lane]));
                break;
            case 0x159:
                Each(lane => target[lane] = BitConverter.SingleToInt32Bits(Float(left[lane]) * Float(source[lane])));
                break;
            case 0x2b8:
                Each(lane => target[lane] = BitConverter.SingleToInt32Bits(MathF.FusedMultiplyAdd(Float(left[lane]), Float(source[lane]), Float(target[lane]))));
                break;
            case 0x1db:
                Each(lane => target[lane] = left[lane] & source[lane]);
                break;
            case 0x1eb:
                Each(lane => target[lane] = left[lane] | source[lane]);
                break;
            case 0x1ef:
                Each(lane => target[lane] = left[lane] ^ source[lane]);
                break;
            case 0x172:
                // The target stands in vvvv.
                var count = Next();
                Assert.Contains(register & 7, new[] { 2, 6 });
                Each(lane => left[lane] = (register & 7) == 2 ? source[lane] >>> count : source[lane] << count);
                break;
            default:
                Assert.Fail($"opcode {opcode:x}");
                break;
        }
    }

    private static int Products(int unsigned, int signed) => Enumerable.Range(0, 4).Sum(i => (byte)(unsigned >> (8 * i)) * (sbyte)(signed >> (8 * i)));

    private static float Float(int bits) => BitConverter.Int32BitsToSingle(bits);

    private static void Each(Action<int> lane)
    {
        for (var i = 0; i < Lanes; i++)
        {
            lane(i);
        }
    }

    private byte Next() => _code[_position++];

    private int Next32()
    {
        _position += sizeof(int);
        return BitConverter.ToInt32(_code, _position - sizeof(int));
    }
}
