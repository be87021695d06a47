using System.Globalization;
using System.Text;
using Patchbay.Engine.Models;
using Patchbay.Engine.Tests.Golden;

namespace Patchbay.Engine.Tests.Architecture;

/// <summary>docs/MODELS.md is made from the registry. To write it anew: run this test with PATCHBAY_UPDATE=1.</summary>
public sealed class ModelsDocumentTests
{
    [Fact]
    public void Document_IsTheRegistry()
    {
        var path = Path.Combine(Fixtures.Repository, "docs", "MODELS.md");
        var expected = Describe();
        if (Environment.GetEnvironmentVariable("PATCHBAY_UPDATE") == "1")
        {
            File.WriteAllText(path, expected);
        }

        Assert.Equal(expected, File.ReadAllText(path));
    }

    [Fact]
    public void EveryFamily_HasGoldenLogits()
    {
        var tested = FamilyGoldenTests.Families.Select(row => ModelConfig.Read(Path.Combine(Fixtures.Own, "families", row.Data, "config.json")).ModelType);
        Assert.Equal([], ModelRegistry.Families.Keys.Except(tested));
    }

    [Fact]
    public void GroupsOfLlamaFactory_NameFamiliesOfTheRegistry()
    {
        Assert.Equal(131, LlamaFactoryGroups.All.Length);
        Assert.Equal([], LlamaFactoryGroups.All.SelectMany(group => group.ModelTypes).Except(ModelRegistry.Families.Keys));
    }

    private static string Describe()
    {
        var golden = FamilyGoldenTests.Families.Select(row => row.Data)
            .GroupBy(name => ModelConfig.Read(Path.Combine(Fixtures.Own, "families", name, "config.json")).ModelType)
            .ToDictionary(group => group.Key, group => string.Join(", ", group));
        var gguf = GgufArchitectures.All.GroupBy(entry => entry.Value.ModelType).ToDictionary(group => group.Key, group => string.Join(", ", group.Select(entry => entry.Key)));
        var text = new StringBuilder();
        text.Append("# Model families\n\n")
            .Append("Made from the registry by a test. `model_type` is that of config.json, in the words of transformers 4 or 5; the third column is\n")
            .Append("`general.architecture` of GGUF files. The last column names the golden models whose logits and tokens equal those of transformers, and with a\n")
            .Append("LoRA on all linear layers those of PEFT ([fixtures](../tests/fixtures/README.md)). A model of another type is refused, and so is a field of the\n")
            .Append("configuration that changes the computation in a way that is not applied.\n\n")
            .Append("| model_type | models | GGUF | golden |\n|---|---|---|---|\n");
        foreach (var (type, family) in ModelRegistry.Families.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{type}` | {family.Description} | {gguf.GetValueOrDefault(type, "")} | {golden.GetValueOrDefault(type, "")} |\n");
        }

        AppendGroups(text);
        return text.ToString();
    }

    private static void AppendGroups(StringBuilder text)
    {
        var groups = LlamaFactoryGroups.All;
        var textOnly = groups.Where(group => group.Missing is null || !(group.Missing.StartsWith("vision", StringComparison.Ordinal) || group.Missing == "audio")).ToList();
        text.Append("\n## Models of LLaMA-Factory\n\n")
            .Append(CultureInfo.InvariantCulture, $"LLaMA-Factory registers {groups.Length} groups of models; {textOnly.Count} of them are text only. ")
            .Append(CultureInfo.InvariantCulture, $"{groups.Count(group => group.IsWhole)} groups are built by a family\nabove, {groups.Count(group => group.IsPartial)} more in part, ")
            .Append(CultureInfo.InvariantCulture, $"{groups.Count(group => group.ModelTypes.Length == 0)} not. ")
            .Append("Copies quantised by GPTQ, AWQ or bitsandbytes are refused in all groups; take the original or a\nGGUF file. ")
            .Append("The table goes by the type that each model publishes; that a group is listed does not say that all of its models were run here.\n\n")
            .Append("| group | model_type | not built |\n|---|---|---|\n");
        foreach (var group in groups)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {group.Name} | {string.Join(", ", group.ModelTypes.Select(type => $"`{type}`"))} | {group.Missing} |\n");
        }
    }
}
