using CsCheck;
using Patchbay.Engine.Sampling;

namespace Patchbay.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] s_logits = [1, 3, 2, 0, -1];

    [Fact]
    public void TemperatureZero_TakesTheLikeliest() => Assert.Equal(1, Sample(SamplingOptions.Greedy, 1));

    [Fact]
    public void LogitsThatAreNotNumbers_GiveNoToken() =>
        Assert.Equal(-1, new Sampler(3).Sample(new float[] { 1, float.NaN, 2 }, History(SamplingOptions.Default), SamplingOptions.Default, 1));

    [Fact]
    public void SameSeed_SameToken() =>
        Gen.ULong.Sample(seed => Assert.Equal(Sample(SamplingOptions.Default, seed), Sample(SamplingOptions.Default, seed)));

    [Fact]
    public void Frequencies_FollowTheSoftmax()
    {
        var counts = Counts(SamplingOptions.Default with { Temperature = 0.7f });
        var weights = s_logits.Select(logit => Math.Exp(logit / 0.7)).ToArray();
        for (var i = 0; i < weights.Length; i++)
        {
            Assert.Equal(weights[i] / weights.Sum(), counts[i] / 20000.0, 0.012);
        }
    }

    [Theory]
    [InlineData(2, 1f, 0f, new[] { 1, 2 })]
    [InlineData(0, 0.7f, 0f, new[] { 1, 2 })]
    [InlineData(0, 0.5f, 0f, new[] { 1 })]
    [InlineData(0, 1f, 0.3f, new[] { 1, 2 })]
    [InlineData(4, 0.99f, 0.1f, new[] { 0, 1, 2 })]
    public void Filters_KeepTheseTokensAlone(int topK, float topP, float minP, int[] kept)
    {
        var counts = Counts(new SamplingOptions { TopK = topK, TopP = topP, MinP = minP });
        Assert.Equal(kept, Enumerable.Range(0, counts.Length).Where(token => counts[token] > 0));
    }

    [Fact]
    public void TopP_OnManyTokens_EqualsASortOfThemAll() =>
        Gen.Float[-8, 8].Array[200].Select(Gen.Float[0.05f, 0.999f]).Sample((logits, topP) =>
        {
            var weights = logits.Select((logit, token) => (Weight: Math.Exp(logit - logits.Max()), Token: token)).OrderByDescending(entry => entry.Weight).ToList();
            var sum = 0.0;
            var kept = weights.TakeWhile(entry => (sum += entry.Weight) - entry.Weight < weights.Sum(all => all.Weight) * topP).Select(entry => entry.Token).ToHashSet();
            var sampler = new Sampler(200);
            var options = new SamplingOptions { TopP = topP };
            for (var seed = 0UL; seed < 50; seed++)
            {
                Assert.Contains(sampler.Sample([.. logits], History(options), options, seed), kept);
            }
        }, iter: 100);

    [Fact]
    public void Penalties_ActOnWhatWasSaid()
    {
        var options = new SamplingOptions { Temperature = 0, PresencePenalty = 1.5f, FrequencyPenalty = 0.1f };
        var history = History(options);
        history.Add(1);
        Assert.Equal(2, new Sampler(5).Sample([.. s_logits], history, options, 1));
        var repetition = new SamplingOptions { Temperature = 0, RepetitionPenalty = 2 };
        Assert.Equal(2, new Sampler(5).Sample([.. s_logits], new TokenHistory([1], repetition), repetition, 1));
    }

    [Fact]
    public void Bias_ForcesAndForbids()
    {
        var options = SamplingOptions.Greedy with { LogitBias = new Dictionary<int, float> { [1] = -100, [4] = 100 } };
        Assert.Equal(4, Sample(options, 1));
    }

    [Fact]
    public void LogProbabilities_AreTheSoftmaxOfTheLogits()
    {
        var (total, top) = LogProbabilities.Compute(s_logits, 3);
        Assert.Equal([1, 2, 0], top.Select(entry => entry.Id));
        Assert.Equal(Math.Log(s_logits.Sum(logit => Math.Exp(logit))), total, 6);
        Assert.Equal(3 - total, top[0].Value, 5);
    }

    private static int[] Counts(SamplingOptions options)
    {
        var counts = new int[s_logits.Length];
        for (var seed = 0UL; seed < 20000; seed++)
        {
            counts[Sample(options, seed)]++;
        }

        return counts;
    }

    private static int Sample(SamplingOptions options, ulong seed) => new Sampler(s_logits.Length).Sample([.. s_logits], History(options), options, seed);

    private static TokenHistory History(SamplingOptions options) => new([], options);
}
