using CsCheck;
using Patchbay.Engine.Sampling;

namespace Patchbay.Engine.Tests.Sampling;

public sealed class StopMatcherTests
{
    [Fact]
    public void TextBeforeTheStop_IsPassedOn_TheStopIsNot()
    {
        var matcher = new StopMatcher(["END", "\n\n"]);
        Assert.Equal("Hello ", matcher.Push("Hello E"));
        Assert.Equal("", matcher.Push("N"));
        Assert.Equal("ENx", matcher.Push("x"));
        Assert.Equal("a", matcher.Push("a\n"));
        Assert.Equal("", matcher.Push("\nEND more"));
        Assert.True(matcher.IsMatched);
        Assert.Equal("", matcher.Push("later"));
    }

    [Fact]
    public void AnySplitOfTheText_GivesTheSameAnswer() =>
        Gen.Char["abc"].Array[0, 40].Select(Gen.Char["abc"].Array[1, 4].Array[1, 3], Gen.Int[1, 5]).Sample((characters, stops, size) =>
        {
            var text = new string(characters);
            var strings = stops.Select(stop => new string(stop)).ToList();
            var first = strings.Select(stop => text.IndexOf(stop, StringComparison.Ordinal)).Where(index => index >= 0).DefaultIfEmpty(text.Length).Min();
            var matcher = new StopMatcher(strings);
            var answer = string.Concat(text.Chunk(size).Select(piece => matcher.Push(new string(piece))));
            if (!matcher.IsMatched)
            {
                answer += matcher.Flush();
            }

            // The piece in which a stop becomes whole may hold an earlier one that ends later; the earliest start wins in it.
            Assert.StartsWith(answer, text);
            Assert.DoesNotContain(strings, stop => answer.Contains(stop, StringComparison.Ordinal));
            Assert.True(answer.Length >= first);
        });
}
