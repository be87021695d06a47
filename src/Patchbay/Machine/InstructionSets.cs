using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Arm = System.Runtime.Intrinsics.Arm;

namespace Patchbay.Machine;

/// <summary>The instruction sets that matter to matrix products.</summary>
internal static class InstructionSets
{
    /// <summary>Those that the processor has and the runtime may use, in the manufacturers' spelling.</summary>
    public static IReadOnlyList<string> Read() => X86Base.IsSupported ? ReadX86() : Arm.ArmBase.IsSupported ? ReadArm() : [];

    /// <summary>Name, family and model as the processor itself says; null where it cannot be asked.</summary>
    public static string? ReadProcessorName()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < 0x80000004)
        {
            return null;
        }
        Span<int> brand = stackalloc int[12];
        for (var i = 0; i < 3; i++)
        {
            (brand[4 * i], brand[(4 * i) + 1], brand[(4 * i) + 2], brand[(4 * i) + 3]) = X86Base.CpuId(unchecked((int)0x80000002) + i, 0);
        }
        var name = System.Text.Encoding.ASCII.GetString(MemoryMarshal.AsBytes(brand)).TrimEnd('\0', ' ').Trim();
        // Virtual machines hide the model in the name; family and model tell a Zen 4 from a Zen 5 nevertheless.
        var version = X86Base.CpuId(1, 0).Eax;
        var family = ((version >> 8) & 15) + ((version >> 20) & 255);
        var model = ((version >> 4) & 15) | ((version >> 12) & 0xf0);
        return $"{name} (family {family}, model {model})";
    }

    private static List<string> ReadX86()
    {
        var found = new List<string>();
        Add("SSE4.2", Sse42.IsSupported);
        Add("AVX", Avx.IsSupported);
        Add("AVX2", Avx2.IsSupported);
        Add("FMA", Fma.IsSupported);
        Add("AVX-VNNI", AvxVnni.IsSupported);
        Add("AVX512F", Avx512F.IsSupported);
        Add("AVX512BW", Avx512BW.IsSupported);
        Add("AVX512VBMI", Avx512Vbmi.IsSupported);
        if (X86Base.CpuId(0, 0).Eax >= 7)
        {
            // Of these the runtime knows nothing; where it uses AVX-512, the system saves the registers that they need.
            var (_, _, ecx, edx) = X86Base.CpuId(7, 0);
            var more = X86Base.CpuId(7, 1).Eax;
            Add("AVX512-VNNI", Avx512F.IsSupported && (ecx & (1 << 11)) != 0);
            Add("AVX512-BF16", Avx512F.IsSupported && (more & (1 << 5)) != 0);
            Add("AMX-INT8", (edx & (1 << 25)) != 0);
            Add("AMX-BF16", (edx & (1 << 22)) != 0);
        }
        return found;

        void Add(string name, bool isFound)
        {
            if (isFound)
            {
                found.Add(name);
            }
        }
    }

    private static string[] ReadArm() =>
    [
        .. Arm.AdvSimd.IsSupported ? ["AdvSIMD"] : Array.Empty<string>(),
        .. Arm.Dp.IsSupported ? ["DotProd"] : Array.Empty<string>(),
        .. Arm.Rdm.IsSupported ? ["RDM"] : Array.Empty<string>(),
    ];
}
