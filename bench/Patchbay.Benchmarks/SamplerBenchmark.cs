using BenchmarkDotNet.Attributes;
using Patchbay.Engine;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Sampling;

namespace Patchbay.Benchmarks;

/// <summary>One token from the logits of a vocabulary of 151,936, the copy of the logits included: sampling changes them.</summary>
[MemoryDiagnoser]
public class SamplerBenchmark
{
    private const int Vocabulary = 151_936;

    private readonly float[] _logits = new float[Vocabulary];
    private readonly float[] _copy = new float[Vocabulary];
    private readonly Sampler _sampler = new(Simd.Path);
    private readonly TokenHistory _history = new([], SamplingOptions.Default);
    private readonly SamplingOptions _filtered = SamplingOptions.Default with { Temperature = 0.8f, TopK = 50, TopP = 0.95f };
    private readonly SamplingOptions _nucleus = SamplingOptions.Default with { Temperature = 0.8f, TopP = 0.95f };

    [GlobalSetup]
    public void SetUp()
    {
        // Normal, as logits roughly are: a few stand out, most do not.
        var random = new Random(20_261_124);
        for (var i = 0; i < _logits.Length; i++)
        {
            _logits[i] = (float)(3 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
        }
    }

    [Benchmark]
    public int Greedy() => Sample(SamplingOptions.Greedy);

    [Benchmark]
    public int TopKAndTopP() => Sample(_filtered);

    [Benchmark]
    public int TopP() => Sample(_nucleus);

    private int Sample(SamplingOptions options)
    {
        _logits.CopyTo(_copy, 0);
        return _sampler.Sample(_copy, _history, options, 1);
    }
}
