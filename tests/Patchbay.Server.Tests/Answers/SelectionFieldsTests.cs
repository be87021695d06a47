using Patchbay.Server.Adapters;
using Patchbay.Server.Answers;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Answers;

public sealed class SelectionFieldsTests
{
    private static AdapterSelection Read(string body)
    {
        var fields = new RequestFields(Json.Parse(body));
        var (model, adapters) = SelectionFields.Read(fields, "smol");
        Assert.Null(fields.Error);
        Assert.Null(model);
        return adapters!;
    }

    private static string Entries(int count) => string.Join(',', Enumerable.Range(0, count).Select(i => $"{{\"name\":\"a{i}\"}}"));

    [Fact]
    public void Adapters_Read_KeepTheirOrderAndWeights()
    {
        var selection = Read("{\"model\":\"smol\",\"adapters\":[{\"name\":\"b\",\"weight\":0.7},{\"name\":\"a\"},{\"name\":\"c\",\"weight\":-1e-3},{\"name\":\"d\",\"weight\":0}]}");
        Assert.Equal("adapters", selection.Field);
        Assert.Equal([new("b", 0, 0.7f), new("a", 0, 1), new("c", 0, -0.001f), new("d", 0, 0)], selection.Parts);
        Assert.Equal(16, Read($"{{\"adapters\":[{Entries(16)}]}}").Parts.Count);
    }

    [Fact]
    public void MinusZero_Read_IsZero() =>
        Assert.False(float.IsNegative(Read("{\"adapters\":[{\"name\":\"a\",\"weight\":-0.0}]}").Parts[0].Weight));

    [Fact]
    public void MergedAdapters_Read_AreTheSameSum()
    {
        var selection = Read("{\"model\":\"default\",\"merged_adapters\":{\"ids\":[\"a\",\"b\"],\"weights\":[0.6,0.4],\"merge_strategy\":\"linear\",\"density\":0.5}}");
        Assert.Equal([new("a", 0, 0.6f), new("b", 0, 0.4f)], selection.Parts);
        Assert.Equal([new("a", 0, 1)], Read("{\"merged_adapters\":{\"ids\":[\"a\"],\"weights\":null,\"merge_strategy\":null}}").Parts);
    }

    [Fact]
    public void Lora_Read_NamesPlacesAndCountsWhatActs()
    {
        Assert.Equal([new(null, 0, 0.5f), new(null, 1, 1.1f)], Read("{\"lora\":[{\"id\":0,\"scale\":0.5},{\"id\":1,\"scale\":1.1}]}").Parts);
        Assert.Empty(Read("{\"model\":\"base\",\"lora\":[]}").Parts);
        var many = string.Join(',', Enumerable.Range(0, 40).Select(i => $"{{\"id\":{i},\"scale\":{i / 30}}}"));
        Assert.Equal(40, Read($"{{\"lora\":[{many}]}}").Parts.Count);
    }

    [Theory]
    [InlineData("{\"adapter\":\"medical\"}")]
    [InlineData("{\"adapter_id\":\"medical\"}")]
    [InlineData("{\"adapter_id\":\"medical\",\"model\":\"smol\"}")]
    [InlineData("{\"adapter_id\":\"medical\",\"model\":\"\"}")]
    [InlineData("{\"adapter\":\"medical\",\"model\":\"medical\",\"adapters\":null}")]
    public void OneName_Read_StandsForTheModel(string body)
    {
        var fields = new RequestFields(Json.Parse(body));
        Assert.Equal(("medical", null), SelectionFields.Read(fields, "smol"));
        Assert.Null(fields.Error);
    }

    [Theory]
    [InlineData("\"adapters\":[]", "adapters", "1 to 16")]
    [InlineData("\"adapters\":{}", "adapters", "an array")]
    [InlineData("\"adapters\":[\"medical\"]", "adapters[0]", "an object")]
    [InlineData("\"adapters\":[{\"weight\":1}]", "adapters[0].name", "missing")]
    [InlineData("\"adapters\":[{\"name\":\"\"}]", "adapters[0].name", "an adapter's name")]
    [InlineData("\"adapters\":[{\"name\":\"a\"},{\"name\":7}]", "adapters[1].name", "found 7")]
    [InlineData("\"adapters\":[{\"name\":\"a\",\"weight\":\"1\"}]", "adapters[0].weight", "finite number")]
    [InlineData("\"adapters\":[{\"name\":\"a\",\"weight\":1e39}]", "adapters[0].weight", "1e39")]
    [InlineData("\"adapters\":[{\"name\":\"a\",\"weight\":-1e999}]", "adapters[0].weight", "-1e999")]
    [InlineData("\"adapters\":[{\"name\":\"a\",\"wieght\":0.5}]", "adapters[0]", "'wieght'")]
    [InlineData("\"adapters\":[{\"name\":\"a\"}],\"model\":\"medical\"", "adapters", "'model' ('medical')")]
    [InlineData("\"adapters\":[{\"name\":\"a\"}],\"adapter\":\"a\"", "adapters", "'adapter' and 'adapters'")]
    [InlineData("\"adapter_id\":\"a\",\"model\":\"b\"", "adapter_id", "one of them")]
    [InlineData("\"adapter_id\":7", "adapter_id", "a string")]
    [InlineData("\"lora\":[],\"merged_adapters\":{\"ids\":[\"a\"]}", "lora", "'merged_adapters' and 'lora'")]
    [InlineData("\"merged_adapters\":[]", "merged_adapters", "an object")]
    [InlineData("\"merged_adapters\":{}", "merged_adapters.ids", "missing")]
    [InlineData("\"merged_adapters\":{\"ids\":[]}", "merged_adapters.ids", "1 to 16")]
    [InlineData("\"merged_adapters\":{\"ids\":[1]}", "merged_adapters.ids[0]", "found 1")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"a\",\"b\"],\"weights\":[1]}", "merged_adapters.weights", "2 numbers")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"a\"],\"weights\":[null]}", "merged_adapters.weights[0]", "null")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"a\"],\"merge_strategy\":\"ties\"}", "merged_adapters.merge_strategy", "\"ties\"")]
    [InlineData("\"merged_adapters\":{\"ids\":[\"a\"],\"merge_strategy\":\"dare_linear\"}", "merged_adapters.merge_strategy", "\"dare_linear\"")]
    [InlineData("\"lora\":[{\"scale\":1}]", "lora[0].id", "missing")]
    [InlineData("\"lora\":[{\"id\":-1,\"scale\":1}]", "lora[0].id", "found -1")]
    [InlineData("\"lora\":[{\"id\":4294967296,\"scale\":1}]", "lora[0].id", "4294967296")]
    [InlineData("\"lora\":[{\"id\":0}]", "lora[0].scale", "missing")]
    [InlineData("\"lora\":[1]", "lora[0]", "an object")]
    public void WrongField_Read_IsNamedWithWhatWasExpected(string body, string param, string part)
    {
        var fields = new RequestFields(Json.Parse($"{{{body}}}"));
        SelectionFields.Read(fields, "smol");
        Assert.Equal((400, param), (fields.Error!.Status, fields.Error.Param));
        Assert.Contains(part, fields.Error.Message);
        Assert.EndsWith(".", fields.Error.Message);
    }

    [Fact]
    public void SeventeenAdapters_Read_AreTooMany()
    {
        var fields = new RequestFields(Json.Parse($"{{\"adapters\":[{Entries(17)}]}}"));
        SelectionFields.Read(fields, "smol");
        Assert.Contains("found 17", fields.Error!.Message);
    }
}
