using Patchbay.Engine.Kernels;

namespace Patchbay.Engine.Sampling;

/// <summary>
/// Log-probabilities of the model itself: log softmax of the logits before bias, penalties and temperature. Used by one thread at
/// a time.
/// </summary>
internal sealed class LogProbabilities(SimdPath path)
{
    private readonly LogitScan _scan = new(path);
    private float[] _logits = [];
    private double _logTotal;

    /// <summary>Keeps a copy of the logits of one position, which the sampler will change.</summary>
    public void Read(ReadOnlySpan<float> logits)
    {
        if (_logits.Length != logits.Length)
        {
            _logits = new float[logits.Length];
        }

        logits.CopyTo(_logits);
        _scan.Read(_logits);
        _logTotal = _scan.Max + Math.Log(_scan.Weigh(_logits, 1));
    }

    /// <summary>What is known of the position that was read last.</summary>
    /// <param name="chosen">The token that was chosen.</param>
    /// <param name="alternatives">How many of the likeliest tokens to list.</param>
    public TokenLogProbabilities Of(int chosen, int alternatives)
    {
        var top = alternatives > 0 ? _scan.Top(_logits, alternatives) : [];
        var listed = new TokenLogProbability[top.Length];
        for (var i = 0; i < listed.Length; i++)
        {
            var token = LogitScan.TokenOf(top[i]);
            listed[i] = new TokenLogProbability(token, ValueOf(token));
        }

        return new TokenLogProbabilities(ValueOf(chosen), listed);
    }

    private float ValueOf(int token) => (float)(_logits[token] - _logTotal);
}
