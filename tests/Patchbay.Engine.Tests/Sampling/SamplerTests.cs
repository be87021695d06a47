using CsCheck;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Sampling;

namespace Patchbay.Engine.Tests.Sampling;

public sealed class SamplerTests
{
    private static readonly float[] s_logits = [1, 3, 2, 0, -1];

    [Fact]
    public void TemperatureZero_TakesTheLikeliest() => Assert.Equal(1, Sample(SamplingOptions.Greedy, 1));

    [Fact]
    public void LogitsThatAreNotNumbers_GiveNoToken() =>
        Assert.Equal(-1, new Sampler(Simd.Path).Sample(new float[] { 1, float.NaN, 2 }, History(SamplingOptions.Default), SamplingOptions.Default, 1));

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
            var sampler = new Sampler(Simd.Path);
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
        Assert.Equal(2, new Sampler(Simd.Path).Sample([.. s_logits], history, options, 1));
        var repetition = new SamplingOptions { Temperature = 0, RepetitionPenalty = 2 };
        Assert.Equal(2, new Sampler(Simd.Path).Sample([.. s_logits], new TokenHistory([1], repetition), repetition, 1));
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
        var logProbabilities = new LogProbabilities(Simd.Path);
        logProbabilities.Read(s_logits);
        var total = Math.Log(s_logits.Sum(logit => Math.Exp(logit)));
        var values = logProbabilities.Of(chosen: 3, alternatives: 3);
        Assert.Equal([1, 2, 0], values.Top.Select(entry => entry.Id));
        Assert.Equal(3 - total, values.Top[0].Value, 5);
        Assert.Equal(0 - total, values.Chosen, 5);
    }

    [Fact]
    public void EveryPathAndFilter_GivesTheTokenOfTheDefinition() =>
        Gen.Int[1, 5000].Select(Gen.Int[0, int.MaxValue], Gen.OneOf(Gen.Const(0.02f), Gen.Const(1f), Gen.Const(4f)), Gen.OneOf(Gen.Const(0), Gen.Const(1), Gen.Const(7), Gen.Const(200), Gen.Const(4000)))
            .Select(Gen.OneOf(Gen.Const(1f), Gen.Float[0.01f, 0.999f]), Gen.OneOf(Gen.Const(0f), Gen.Float[0, 0.9f]))
            .Sample((drawn, topP, minP) =>
            {
                var (size, seed, spread, topK) = drawn;
                var random = new Random(seed);
                var logits = Enumerable.Range(0, size).Select(_ => spread * (float)((6 * random.NextDouble()) - 3)).ToArray();
                var options = new SamplingOptions { TopK = topK, TopP = topP, MinP = minP, Temperature = 0.8f };
                var kept = Kept(logits, options);
                var first = new Sampler(SimdPath.Scalar).Sample([.. logits], History(options), options, (ulong)seed);
                Assert.Contains(first, kept);
                foreach (var path in Simd.Supported)
                {
                    Assert.Equal(first, new Sampler(path).Sample([.. logits], History(options), options, (ulong)seed));
                }
            });

    [Fact]
    public void FlatDistribution_FollowsTheSoftmaxOfItsNucleus()
    {
        var logits = Enumerable.Range(0, 3000).Select(token => 0.5f * MathF.Sin(token)).ToArray();
        var options = new SamplingOptions { TopP = 0.6f };
        var kept = Kept(logits, options);
        var (sampler, history, sum) = (new Sampler(Simd.Path), History(options), 0.0);
        for (var seed = 0UL; seed < 20000; seed++)
        {
            var token = sampler.Sample([.. logits], history, options, seed);
            Assert.Contains(token, kept);
            sum += logits[token];
        }

        var weights = kept.Sum(token => Math.Exp(logits[token]));
        Assert.True(kept.Count > 1024, "The nucleus must be wider than what is sorted.");
        Assert.Equal(kept.Sum(token => logits[token] * Math.Exp(logits[token]) / weights), sum / 20000, 0.01);
    }

    [Fact]
    public void SamplingAgain_AllocatesNothing()
    {
        var logits = Enumerable.Range(0, 5000).Select(token => 3 * MathF.Sin(token)).ToArray();
        var row = new float[logits.Length];
        var sampler = new Sampler(Simd.Path);
        var all = new[]
        {
            SamplingOptions.Greedy, SamplingOptions.Default, new() { TopK = 40 }, new() { TopP = 0.9f }, new() { TopP = 0.99f, Temperature = 50 },
            new() { MinP = 0.1f }, new() { PresencePenalty = 1, FrequencyPenalty = 1, RepetitionPenalty = 1.1f, LogitBias = new Dictionary<int, float> { [3] = 1 } },
        };
        var histories = all.Select(History).ToArray();
        for (var round = 0; round < 2; round++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < all.Length * 20; i++)
            {
                logits.CopyTo(row, 0);
                _ = sampler.Sample(row, histories[i % all.Length], all[i % all.Length], (ulong)i);
            }

            Assert.True(round == 0 || GC.GetAllocatedBytesForCurrentThread() == before, "Sampling allocates.");
        }
    }

    // By the definition, in double precision; a token whose fate rounding decides counts as kept.
    private static HashSet<int> Kept(float[] logits, SamplingOptions options)
    {
        var weights = logits.Select((logit, token) => (Weight: Math.Exp((logit - logits.Max()) / (double)options.Temperature), Token: token))
            .OrderByDescending(entry => entry.Weight).ThenBy(entry => entry.Token).Take(options.TopK > 0 ? options.TopK : logits.Length).ToList();
        var wanted = (weights.Sum(entry => entry.Weight) * options.TopP) + 1e-5;
        var sum = 0.0;
        return [.. weights.TakeWhile(entry => (sum += entry.Weight) - entry.Weight < wanted).Where(entry => entry.Weight >= options.MinP - 1e-5).Select(entry => entry.Token)];
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

    private static int Sample(SamplingOptions options, ulong seed) => new Sampler(Simd.Path).Sample([.. s_logits], History(options), options, seed);

    private static TokenHistory History(SamplingOptions options) => new([], options);
}
