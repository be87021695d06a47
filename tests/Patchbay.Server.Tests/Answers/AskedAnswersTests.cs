using System.Text.Json;
using Patchbay.Server.Answers;
using Patchbay.Server.Endpoints;

namespace Patchbay.Server.Tests.Answers;

/// <summary>How many places in the queue a body is given before it is read.</summary>
public sealed class AskedAnswersTests
{
    [Theory]
    [InlineData("""{"messages":[]}""", 1)]
    [InlineData("""{"messages":[],"n":3}""", 3)]
    [InlineData("""{"messages":[],"n":3.0}""", 3)]
    [InlineData("""{"messages":[],"n":2e0}""", 2)]
    [InlineData("""{"messages":[],"n":1e300}""", 1)]
    [InlineData("""{"prompt":["one","two"],"n":9223372036854775807}""", 1)]
    [InlineData("""{"prompt":"one","n":2}""", 2)]
    [InlineData("""{"prompt":[5,6,7],"n":2}""", 2)]
    [InlineData("""{"prompt":["one","two"],"n":2}""", 4)]
    [InlineData("""{"prompt":[[5],[6],[7]]}""", 3)]
    [InlineData("""{"prompt":[],"n":0}""", 1)]
    [InlineData("""{"n":129}""", 1)]
    [InlineData("""{"prompt":["one","two"],"n":100}""", 1)]
    [InlineData("""{"n":2000000000,"prompt":["one","two","three"]}""", 1)]
    [InlineData("""{"n":"many"}""", 1)]
    [InlineData("[1,2]", 1)]
    public void Completions_CountChoicesOfEachPrompt(string body, int expected)
    {
        using var json = JsonDocument.Parse(body);
        Assert.Equal(expected, AskedAnswers.Count(json.RootElement, most: 128));
    }

    [Theory]
    [InlineData("""{"models":["base","medical"]}""", 2)]
    [InlineData("""{"models":["a","b","c","d"]}""", 4)]
    [InlineData("""{"models":["a"]}""", 1)]
    [InlineData("""{"models":["a","b","c","d","e"]}""", 1)]
    [InlineData("""{"models":2}""", 1)]
    [InlineData("3", 1)]
    public void Comparisons_CountModels(string body, int expected)
    {
        using var json = JsonDocument.Parse(body);
        Assert.Equal(expected, CompareRequest.CountModels(json.RootElement));
    }
}
