using Patchbay.Engine.Adapters;

namespace Patchbay.Engine.Tests.Adapters;

public sealed class NestedRepetitionTests
{
    [Theory]
    [InlineData("(a+)+")]
    [InlineData("(([a-z0-9_.]+)+)+!")]
    [InlineData("(?:x|y*)*z")]
    [InlineData("(a{2,})*")]
    [InlineData("((a*)b)+")]
    public void PatternThatRepeatsARepetition_IsFound(string pattern) => Assert.True(NestedRepetition.IsIn(pattern));

    [Theory]
    [InlineData("q_proj")]
    [InlineData(@".*layers\.[01]\.(self_attn\.[qo]|mlp\.up)_proj")]
    [InlineData(@"(?:.*?(?:language|text).*?(?:self_attn|mlp).*?(?:q_proj|k_proj))|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn)\.(?:(?:q_proj)))")]
    [InlineData(@"\(a+\)+")]
    [InlineData("[(+]+")]
    [InlineData("(ab)*c+")]
    [InlineData("(a+)?")]
    [InlineData("(a+){2}")]
    public void OtherPattern_IsNot(string pattern) => Assert.False(NestedRepetition.IsIn(pattern));
}
