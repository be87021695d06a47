namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>Encodes 256-bit vector instructions in their VEX forms of three bytes (Intel SDM vol. 2, §2.3). <c>ymm</c> registers are numbers from 0 to 15.</summary>
internal sealed class VexAssembler : Assembler
{
    public void Load(int target, Address source) => Vector(Map.Base, Prefix.None, 0x10, target, 0, source);

    public void Store(int source, Address target) => Vector(Map.Base, Prefix.None, 0x11, source, 0, target);

    /// <summary>Four bytes of memory in every lane.</summary>
    public void Broadcast(int target, Address source) => Vector(Map.Extended38, Prefix.Operand66, 0x58, target, 0, source);

    /// <summary>The low half of a general register in every lane.</summary>
    public void Broadcast(int target, Gpr source)
    {
        Vector(Map.Base, Prefix.Operand66, 0x6e, target, 0, (int)source, isWide: false);
        Vector(Map.Extended38, Prefix.Operand66, 0x58, target, 0, target);
    }

    /// <summary>VPMADDUBSW: sums of two neighbouring products of unsigned and signed bytes, as 16 bits.</summary>
    public void MultiplyBytes(int target, int unsigned, int signed) => Vector(Map.Extended38, Prefix.Operand66, 0x04, target, unsigned, signed);

    /// <summary>VPMADDWD: sums of two neighbouring products of 16-bit values, as 32 bits.</summary>
    public void MultiplyWords(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xf5, target, left, right);

    public void MultiplyWords(int target, int left, Address right) => Vector(Map.Base, Prefix.Operand66, 0xf5, target, left, right);

    /// <summary>VPSIGNB: bytes, negated where those of <paramref name="sign"/> are negative and 0 where they are 0.</summary>
    public void TakeSigns(int target, int bytes, int sign) => Vector(Map.Extended38, Prefix.Operand66, 0x08, target, bytes, sign);

    /// <summary>VPABSB.</summary>
    public void Magnitudes(int target, int bytes) => Vector(Map.Extended38, Prefix.Operand66, 0x1c, target, 0, bytes);

    public void Xor(int target, int left, Address right) => Vector(Map.Base, Prefix.Operand66, 0xef, target, left, right);

    public void And(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xdb, target, left, right);

    public void And(int target, int left, Address right) => Vector(Map.Base, Prefix.Operand66, 0xdb, target, left, right);

    public void Or(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xeb, target, left, right);

    /// <summary>VPXOR with itself.</summary>
    public void Clear(int target) => Vector(Map.Base, Prefix.Operand66, 0xef, target, target, target);

    public void AddWords(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xfd, target, left, right);

    public void AddInts(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xfe, target, left, right);

    /// <summary>VPSRLW: logical shift right of 16-bit lanes.</summary>
    public void ShiftRightWords(int target, int source, byte count)
    {
        // The opcode's extension /2 stands where the first register would, the target in vvvv.
        Vector(Map.Base, Prefix.Operand66, 0x71, 2, target, source);
        Emit(count);
    }

    /// <summary>VPSLLW: shift left of 16-bit lanes.</summary>
    public void ShiftLeftWords(int target, int source, byte count)
    {
        Vector(Map.Base, Prefix.Operand66, 0x71, 6, target, source);
        Emit(count);
    }

    /// <summary>VCVTDQ2PS.</summary>
    public void ToFloat(int target, int source) => Vector(Map.Base, Prefix.None, 0x5b, target, 0, source);

    /// <summary>VCVTPH2PS: eight binary16 values of memory.</summary>
    public void LoadHalves(int target, Address source) => Vector(Map.Extended38, Prefix.Operand66, 0x13, target, 0, source);

    public void Multiply(int target, int left, int right) => Vector(Map.Base, Prefix.None, 0x59, target, left, right);

    /// <summary>VFMADD213PS: left = left·right + addend.</summary>
    public void MultiplyAdd(int left, int right, Address addend) => Vector(Map.Extended38, Prefix.Operand66, 0xa8, left, right, addend);

    /// <summary>VFMADD231PS: sum = left·right + sum.</summary>
    public void MultiplyAdd(int sum, int left, int right) => Vector(Map.Extended38, Prefix.Operand66, 0xb8, sum, left, right);

    private void Vector(Map map, Prefix prefix, byte opcode, int register, int second, int third, bool isWide = true)
    {
        Vex(map, prefix, register, second, third, isWide);
        Emit(opcode);
        EmitRegister(register, third);
    }

    private void Vector(Map map, Prefix prefix, byte opcode, int register, int second, Address memory)
    {
        Vex(map, prefix, register, second, (int)memory.Base, isWide: true);
        Emit(opcode);
        EmitMemory(register, memory, unit: 1);
    }

    // c4, then ~R ~X ~B m m m m m, then W ~v ~v ~v ~v L p p; W = 0, L = 1 (256 bits) or 0 (128).
    private void Vex(Map map, Prefix prefix, int register, int second, int third, bool isWide) => Emit(
    [
        0xc4,
        (byte)(((~register >> 3 & 1) << 7) | 0x40 | ((~third >> 3 & 1) << 5) | (int)map),
        (byte)(((~second & 15) << 3) | (isWide ? 4 : 0) | (int)prefix),
    ]);
}
