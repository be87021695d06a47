using Patchbay.Engine.Kernels.Emitted;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>Instructions against the bytes that GNU as 2.40 writes for the same text.</summary>
public sealed class EvexAssemblerTests
{
    [Fact]
    public void VectorInstructions_HaveTheBytesOfGnuAs()
    {
        Check("62e17c48104801", code => code.Load(17, new Address(Gpr.Rax, 0x40)));
        Check("62f17c48109810200000", code => code.Load(3, new Address(Gpr.Rax, 0x2010)));
        Check("62527d48586102", code => code.Broadcast(12, new Address(Gpr.R9, 8)));
        Check("62e27d487cd0", code => code.Broadcast(18, Gpr.Rax));
        Check("62727d50506a39", code => code.AddProductsBroadcast(13, 16, new Address(Gpr.Rdx, 0xe4)));
        Check("6262755850ba04020000", code => code.AddProductsBroadcast(31, 1, new Address(Gpr.Rdx, 0x204)));
        Check("62117c485bc0", code => code.ToFloat(8, 24));
        Check("62e27d48134101", code => code.LoadHalves(16, new Address(Gpr.Rcx, 0x20)));
        Check("62c17c50595801", code => code.MultiplyBroadcast(19, 16, new Address(Gpr.R8, 4)));
        Check("62b20548b8fb", code => code.MultiplyAdd(7, 15, 19));
        Check("62a17540dbc2", code => code.And(16, 17, 18));
        Check("62a17540ebc2", code => code.Or(16, 17, 18));
        Check("62010d40eff6", code => code.Clear(30));
        Check("62b1754072d004", code => code.ShiftRight(17, 16, 4));
        Check("62b1754072f002", code => code.ShiftLeft(17, 16, 2));
    }

    [Fact]
    public void OtherInstructions_HaveTheBytesOfGnuAs()
    {
        Check("0f189040080000", code => code.PrefetchSecondLevel(new Address(Gpr.Rax, 0x840)));
        Check("410f189140080000", code => code.PrefetchSecondLevel(new Address(Gpr.R9, 0x840)));
        Check("b80f0f0f0f", code => code.MoveConstant(Gpr.Rax, 0x0f0f0f0f));
        Check("c5f877c3", code => code.Return());
    }

    private static void Check(string expected, Action<EvexAssembler> write)
    {
        var assembler = new EvexAssembler();
        write(assembler);
        Assert.Equal(expected, Convert.ToHexStringLower(assembler.Code));
    }
}
