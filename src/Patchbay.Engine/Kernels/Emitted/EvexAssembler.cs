namespace Patchbay.Engine.Kernels.Emitted;

/// <summary>
/// Encodes 512-bit vector instructions in their EVEX forms without masks (Intel SDM vol. 2, §2.7). <c>zmm</c> registers are numbers from 0 to
/// 31.
/// </summary>
internal sealed class EvexAssembler : Assembler
{
    public void Load(int target, Address source) => Vector(Map.Base, Prefix.None, 0x10, target, 0, source, FullVector);

    public void Store(int source, Address target) => Vector(Map.Base, Prefix.None, 0x11, source, 0, target, FullVector);

    /// <summary>Four bytes of memory in every lane.</summary>
    public void Broadcast(int target, Address source) => Vector(Map.Extended38, Prefix.Operand66, 0x58, target, 0, source, OneLane);

    /// <summary>The low half of a general register in every lane.</summary>
    public void Broadcast(int target, Gpr source) => Vector(Map.Extended38, Prefix.Operand66, 0x7c, target, 0, (int)source);

    /// <summary>VPDPBUSD: sum += Σ of four products of unsigned and signed bytes, for each lane; the signed bytes are the same for all lanes.</summary>
    public void AddProductsBroadcast(int sum, int unsigned, Address signed) =>
        Vector(Map.Extended38, Prefix.Operand66, 0x50, sum, unsigned, signed, OneLane, isBroadcast: true);

    /// <summary>VCVTDQ2PS.</summary>
    public void ToFloat(int target, int source) => Vector(Map.Base, Prefix.None, 0x5b, target, 0, source);

    /// <summary>VCVTPH2PS: sixteen binary16 values of memory.</summary>
    public void LoadHalves(int target, Address source) => Vector(Map.Extended38, Prefix.Operand66, 0x13, target, 0, source, HalfVector);

    public void MultiplyBroadcast(int target, int left, Address right) =>
        Vector(Map.Base, Prefix.None, 0x59, target, left, right, OneLane, isBroadcast: true);

    /// <summary>VFMADD231PS: sum = left·right + sum.</summary>
    public void MultiplyAdd(int sum, int left, int right) => Vector(Map.Extended38, Prefix.Operand66, 0xb8, sum, left, right);

    public void MultiplyAddBroadcast(int sum, int left, Address right) =>
        Vector(Map.Extended38, Prefix.Operand66, 0xb8, sum, left, right, OneLane, isBroadcast: true);

    public void And(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xdb, target, left, right);

    public void Or(int target, int left, int right) => Vector(Map.Base, Prefix.Operand66, 0xeb, target, left, right);

    /// <summary>VPXORD with itself.</summary>
    public void Clear(int target) => Vector(Map.Base, Prefix.Operand66, 0xef, target, target, target);

    /// <summary>VPSRLD: logical shift right of 32-bit lanes.</summary>
    public void ShiftRight(int target, int source, byte count)
    {
        // The opcode's extension /2 stands where the first register would, the target in vvvv.
        Vector(Map.Base, Prefix.Operand66, 0x72, 2, target, source);
        Emit(count);
    }

    /// <summary>VPSLLD: shift left of 32-bit lanes.</summary>
    public void ShiftLeft(int target, int source, byte count)
    {
        Vector(Map.Base, Prefix.Operand66, 0x72, 6, target, source);
        Emit(count);
    }

    // What an 8-bit displacement counts in.
    private const int FullVector = 64;
    private const int HalfVector = 32;
    private const int OneLane = 4;

    private void Vector(Map map, Prefix prefix, byte opcode, int register, int second, int third)
    {
        Evex(map, prefix, register, second, baseBit: third >> 3 & 1, indexBit: third >> 4 & 1, isBroadcast: false);
        Emit(opcode);
        EmitRegister(register, third);
    }

    private void Vector(Map map, Prefix prefix, byte opcode, int register, int second, Address memory, int unit, bool isBroadcast = false)
    {
        Evex(map, prefix, register, second, (int)memory.Base >> 3 & 1, indexBit: 0, isBroadcast);
        Emit(opcode);
        EmitMemory(register, memory, unit);
    }

    // 62, then ~R ~X ~B ~R' 0 m m m, then W ~v ~v ~v ~v 1 p p, then z L' L b ~V' a a a; W = 0, L'L = 2 (512 bits), no mask.
    private void Evex(Map map, Prefix prefix, int register, int second, int baseBit, int indexBit, bool isBroadcast)
    {
        var extensions = ((~register >> 3 & 1) << 7) | ((~indexBit & 1) << 6) | ((~baseBit & 1) << 5) | ((~register >> 4 & 1) << 4);
        Emit(
        [
            0x62,
            (byte)(extensions | (int)map),
            (byte)(((~second & 15) << 3) | 4 | (int)prefix),
            (byte)(0x40 | (isBroadcast ? 0x10 : 0) | ((~second >> 4 & 1) << 3)),
        ]);
    }
}
