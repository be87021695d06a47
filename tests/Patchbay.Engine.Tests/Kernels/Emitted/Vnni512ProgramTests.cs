using Patchbay.Engine.Kernels.Emitted;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Tests.Kernels.Emitted;

/// <summary>Kernels for AVX512-VNNI, interpreted: the check at the start of a process is only made where the instructions are.</summary>
public sealed unsafe class Vnni512ProgramTests
{
    public static TheoryData<string, bool> Forms => [.. TileForm.All(1).Select(form => (form.Encoding.ToString(), form.IsWhole))];

    [Theory]
    [MemberData(nameof(Forms))]
    public void Kernels_GiveTheBitsOfTheScalarOnes(string name, bool isWhole)
    {
        const int Groups = 3;
        var encoding = Enum.Parse<PackedEncoding>(name);
        for (var rows = 1; rows <= Vnni512Program.TileRows; rows++)
        {
            var random = new Random(rows);
            // Memory is asked for ahead of what is used, which an interpreter does not do.
            var codes = new byte[Groups * encoding.Lines() * PackedEncodingFacts.LineBytes];
            var scales = new Half[Groups * encoding.ScaleBytes() / sizeof(ushort)];
            var activations = new sbyte[Groups * rows * encoding.GroupValues()];
            var factors = new float[Groups * rows];
            var offsets = new int[Groups * rows];
            random.NextBytes(codes);
            Fill(scales, () => (Half)(random.NextSingle() - 0.5f));
            Fill(activations, () => (sbyte)random.Next(-127, 128));
            Fill(factors, random.NextSingle);
            Fill(offsets, () => encoding.HasMinimum() ? BitConverter.SingleToInt32Bits(random.NextSingle()) : random.Next(-9999, 9999));
            var expected = new int[rows * PackedEncodingFacts.PanelRows];
            var found = new int[expected.Length];
            var bytes = new byte[WholeCodes.ByteLength(Groups * encoding.GroupValues())];
            fixed (byte* codesAt = codes, bytesAt = bytes)
            fixed (Half* scalesAt = scales)
            fixed (sbyte* activationsAt = activations)
            fixed (float* factorsAt = factors)
            fixed (int* offsetsAt = offsets, expectedAt = expected, foundAt = found)
            {
                var tile = new TileArguments
                {
                    Codes = codesAt,
                    Scales = (byte*)scalesAt,
                    Activations = activationsAt,
                    ActivationScales = factorsAt,
                    Offsets = offsetsAt,
                    OutputStride = PackedEncodingFacts.PanelRows * sizeof(float),
                    Groups = Groups,
                    Rows = rows,
                    Output = (float*)expectedAt,
                };
                PackedPaths.KernelOf(PackedPath.Scalar, encoding).Run(&tile);
                if (isWhole)
                {
                    WholeCodes.Write(encoding, codesAt, Groups, bytesAt);
                    tile.Codes = bytesAt;
                }

                tile.Output = (float*)foundAt;
                var assembler = new EvexAssembler();
                var start = new Vnni512Program(assembler, new TileForm(encoding, isWhole, rows)).Write();
                EvexInterpreter.Run(assembler.Code, start, &tile);
            }

            Assert.Equal(expected, found);
        }
    }

    private static void Fill<T>(T[] values, Func<T> next)
    {
        foreach (ref var value in values.AsSpan())
        {
            value = next();
        }
    }
}
