using Patchbay.Engine.Kernels.Emitted;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>Instructions against the bytes that GNU as 2.40 writes for the same text with <c>{vex3}</c> before it.</summary>
public sealed class VexAssemblerTests
{
    [Fact]
    public void VectorInstructions_HaveTheBytesOfGnuAs()
    {
        Check("c4617c106840", code => code.Load(13, new Address(Gpr.Rax, 0x40)));
        Check("c4e17c109810200000", code => code.Load(3, new Address(Gpr.Rax, 0x2010)));
        Check("c4617c114de0", code => code.Store(9, new Address(Gpr.Rbp, -0x20)));
        Check("c4427d586108", code => code.Broadcast(12, new Address(Gpr.R9, 8)));
        Check("c461796ee8c4427d58ed", code => code.Broadcast(13, Gpr.Rax));
        Check("c4c22d04d4", code => code.MultiplyBytes(2, 10, 12));
        Check("c44115f5f7", code => code.MultiplyWords(14, 13, 15));
        Check("c4610df575e0", code => code.MultiplyWords(14, 14, new Address(Gpr.Rbp, -0x20)));
        Check("c4421d08e8", code => code.TakeSigns(13, 12, 8));
        Check("c4427d1cd9", code => code.Magnitudes(11, 9));
        Check("c46115ef88e0010000", code => code.Xor(9, 13, new Address(Gpr.Rax, 0x1e0)));
        Check("c4413ddbc7", code => code.And(8, 8, 15));
        Check("c46105db6da0", code => code.And(13, 15, new Address(Gpr.Rbp, -0x60)));
        Check("c4413debc5", code => code.Or(8, 8, 13));
        Check("c44115efed", code => code.Clear(13));
        Check("c4c15dfde5", code => code.AddWords(4, 4, 13));
        Check("c4c145fefe", code => code.AddInts(7, 7, 14));
        Check("c4c12571d304", code => code.ShiftRightWords(11, 11, 4));
        Check("c4c13571f701", code => code.ShiftLeftWords(9, 15, 1));
        Check("c4e17c5bed", code => code.ToFloat(5, 5));
        Check("c4627d134910", code => code.LoadHalves(9, new Address(Gpr.Rcx, 0x10)));
        Check("c4413459f4", code => code.Multiply(14, 9, 12));
        Check("c4e20da8bdc0feffff", code => code.MultiplyAdd(7, 14, new Address(Gpr.Rbp, -0x140)));
        Check("c4c225b8fc", code => code.MultiplyAdd(7, 11, 12));
    }

    [Fact]
    public void Frames_HaveTheBytesOfGnuAs()
    {
        Check("554889e54883e5c04881ec80010000", code => code.EnterFrame(0x140));
        Check("4881c4800100005d", code => code.LeaveFrame(0x140));
    }

    private static void Check(string expected, Action<VexAssembler> write)
    {
        var assembler = new VexAssembler();
        write(assembler);
        Assert.Equal(expected, Convert.ToHexStringLower(assembler.Code));
    }
}
