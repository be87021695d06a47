namespace Patchbay.Engine.Layers;

/// <summary>
/// Inverse frequencies of rotary embeddings and the ways of stretching them over longer contexts
/// (transformers <c>modeling_rope_utils.py</c>).
/// </summary>
internal sealed class RotaryFrequencies
{
    private readonly float[] _inverse;
    private readonly Func<int, float[]>? _dynamic;
    private readonly int _trainedLength;
    private readonly int _longLength;
    private (int Length, float[] Inverse) _last;

    /// <param name="inverse">Inverse frequencies of sequences up to <paramref name="trainedLength"/>.</param>
    /// <param name="attentionFactor">Factor of cosines and sines.</param>
    /// <param name="trainedLength">Where <paramref name="dynamic"/> takes over.</param>
    /// <param name="dynamic">Inverse frequencies of longer sequences by their length.</param>
    /// <param name="longLength">The one length that stands for all longer sequences; 0 where each has its own.</param>
    private RotaryFrequencies(
        float[] inverse, float attentionFactor = 1, int trainedLength = 0, Func<int, float[]>? dynamic = null, int longLength = 0)
    {
        _inverse = inverse;
        AttentionFactor = attentionFactor;
        _trainedLength = trainedLength;
        _dynamic = dynamic;
        _longLength = longLength;
    }

    /// <summary>Factor of cosines and sines.</summary>
    public float AttentionFactor { get; }

    /// <summary>
    /// The length that a sequence's angles are made for: 0 where they are the same for all. A sequence whose value changes must
    /// compute its keys and values anew.
    /// </summary>
    public int LengthFor(int sequenceLength) =>
        _dynamic is null || sequenceLength <= _trainedLength ? 0 : _longLength > 0 ? _longLength : sequenceLength;

    /// <summary>rotaryDim / 2 inverse frequencies for a value of <see cref="LengthFor"/>.</summary>
    public float[] Inverse(int length)
    {
        if (length == 0 || _dynamic is null)
        {
            return _inverse;
        }

        if (_last.Length != length)
        {
            _last = (length, _dynamic(length));
        }

        return _last.Inverse;
    }

    public static RotaryFrequencies Default(int dim, double theta) => new(Plain(dim, theta));

    /// <summary>Positions divided by a factor (arXiv:2306.15595).</summary>
    public static RotaryFrequencies Linear(int dim, double theta, double factor) =>
        new(Array.ConvertAll(Plain(dim, theta), value => (float)(value / factor)));

    /// <summary>NTK-aware base that grows with the length of the sequence.</summary>
    public static RotaryFrequencies Dynamic(int dim, double theta, double factor, int trainedLength) => new(
        Plain(dim, theta),
        trainedLength: trainedLength,
        dynamic: length => Plain(dim, theta * Math.Pow((factor * length / trainedLength) - (factor - 1), dim / (dim - 2.0))));

    /// <summary>
    /// LongRoPE (arXiv:2402.13753): each frequency is divided by a factor of its own, from one list for sequences up to the
    /// trained length and from another for longer ones.
    /// </summary>
    public static RotaryFrequencies LongRope(int dim, double theta, LongRopeSettings settings) => new(
        Divided(dim, theta, settings.ShortFactors),
        (float)settings.AttentionFactor,
        settings.TrainedLength,
        _ => Divided(dim, theta, settings.LongFactors),
        settings.TrainedLength + 1);

    /// <summary>Llama 3.1: long wavelengths are divided by the factor, short ones kept, those between interpolated.</summary>
    public static RotaryFrequencies Llama3(int dim, double theta, double factor, double lowFactor, double highFactor, double trainedLength) =>
        new(Array.ConvertAll(Plain(dim, theta), value =>
        {
            var wavelength = 2 * Math.PI / value;
            if (wavelength > trainedLength / lowFactor)
            {
                return (float)(value / factor);
            }

            if (wavelength < trainedLength / highFactor)
            {
                return value;
            }

            var smooth = (trainedLength / wavelength - lowFactor) / (highFactor - lowFactor);
            return (float)(((1 - smooth) * value / factor) + (smooth * value));
        }));

    /// <summary>YaRN (arXiv:2309.00071).</summary>
    public static RotaryFrequencies Yarn(int dim, double theta, YarnSettings settings)
    {
        var low = CorrectionDim(settings.BetaFast);
        var high = CorrectionDim(settings.BetaSlow);
        if (settings.Truncate)
        {
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        }

        (low, high) = (Math.Max(low, 0), Math.Min(high, dim - 1));
        high = high == low ? high + 0.001 : high;
        var inverse = new float[dim / 2];
        for (var i = 0; i < inverse.Length; i++)
        {
            var extrapolated = 1 / Math.Pow(theta, 2.0 * i / dim);
            var keep = 1 - Math.Clamp((i - low) / (high - low), 0, 1);
            inverse[i] = (float)((extrapolated / settings.Factor * (1 - keep)) + (extrapolated * keep));
        }

        return new RotaryFrequencies(inverse, (float)settings.AttentionFactor);

        double CorrectionDim(double rotations) =>
            dim * Math.Log(settings.TrainedLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
    }

    private static float[] Divided(int dim, double theta, double[] factors)
    {
        var inverse = new float[dim / 2];
        for (var i = 0; i < inverse.Length; i++)
        {
            inverse[i] = (float)(1 / (factors[i] * Math.Pow(theta, 2.0 * i / dim)));
        }

        return inverse;
    }

    private static float[] Plain(int dim, double theta)
    {
        var inverse = new float[dim / 2];
        for (var i = 0; i < inverse.Length; i++)
        {
            inverse[i] = (float)(1 / Math.Pow(theta, 2.0 * i / dim));
        }

        return inverse;
    }
}

/// <summary>The fields of <c>rope_parameters</c> with type yarn.</summary>
internal sealed record YarnSettings(double Factor, double TrainedLength, double AttentionFactor, double BetaFast, double BetaSlow, bool Truncate);

/// <summary>The fields of <c>rope_parameters</c> with type longrope; each list has rotaryDim / 2 factors.</summary>
internal sealed record LongRopeSettings(double[] ShortFactors, double[] LongFactors, int TrainedLength, double AttentionFactor);
