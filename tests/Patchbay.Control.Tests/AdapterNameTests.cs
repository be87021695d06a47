namespace Patchbay.Control.Tests;

public sealed class AdapterNameTests
{
    [Theory]
    [InlineData("medical")]
    [InlineData("medical-v2")]
    [InlineData("Customer_7.1+exp (A)")]
    [InlineData("médical")]
    [InlineData("医疗")]
    [InlineData("финансы")]
    [InlineData("ιατρική")]
    public void GoodName_FindProblem_ReturnsNull(string name) => Assert.Null(AdapterName.FindProblem(name, "smollm2"));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" medical")]
    [InlineData("medical ")]
    [InlineData("a/b")]
    [InlineData("a\\b")]
    [InlineData("..")]
    [InlineData("a..b")]
    [InlineData(".hidden")]
    [InlineData("a@b")]
    [InlineData("a:b")]
    [InlineData("a,b")]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    [InlineData("a\0b")]
    [InlineData("a\u007fb")]
    [InlineData("a\u200bb")]
    [InlineData("a\u202eb")]
    [InlineData("a\u00a0b")]
    [InlineData("\ud83d\ude00")]
    [InlineData("base")]
    [InlineData("Default")]
    [InlineData("SmolLM2")]
    [InlineData("me\u0301dical")]
    [InlineData("ｍedical")]
    [InlineData("mеdical")]
    [InlineData("сосо")]
    [InlineData("ﬁnance")]
    public void DangerousName_FindProblem_SaysWhy(string? name)
    {
        var problem = AdapterName.FindProblem(name, "smollm2");
        Assert.NotNull(problem);
        Assert.EndsWith(".", problem);
    }

    [Fact]
    public void LoneSurrogateOrTooLong_FindProblem_SaysWhy()
    {
        Assert.Contains("surrogate", AdapterName.FindProblem("a" + (char)0xd800, "b"));
        Assert.Contains("129", AdapterName.FindProblem(new string('a', 129), "b"));
        Assert.Null(AdapterName.FindProblem(new string('a', 128), "b"));
    }
}
