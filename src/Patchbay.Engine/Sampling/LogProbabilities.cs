namespace Patchbay.Engine.Sampling;

/// <summary>Log-probabilities of the model itself: log softmax of the logits before bias, penalties and temperature.</summary>
internal static class LogProbabilities
{
    /// <param name="logits">Of one position, unchanged.</param>
    /// <param name="alternatives">How many of the likeliest tokens to list.</param>
    public static (double LogTotal, IReadOnlyList<TokenLogProbability> Top) Compute(ReadOnlySpan<float> logits, int alternatives)
    {
        var max = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            max = MathF.Max(max, logit);
        }

        var total = 0.0;
        foreach (var logit in logits)
        {
            total += Math.Exp(logit - max);
        }

        var logTotal = max + Math.Log(total);
        return (logTotal, Likeliest(logits, alternatives, logTotal));
    }

    private static List<TokenLogProbability> Likeliest(ReadOnlySpan<float> logits, int count, double logTotal)
    {
        var top = new List<TokenLogProbability>(count + 1);
        for (var token = 0; token < logits.Length && count > 0; token++)
        {
            var value = (float)(logits[token] - logTotal);
            if (top.Count == count && value <= top[^1].Value)
            {
                continue;
            }

            var place = top.Count;
            while (place > 0 && top[place - 1].Value < value)
            {
                place--;
            }

            top.Insert(place, new TokenLogProbability(token, value));
            if (top.Count > count)
            {
                top.RemoveAt(count);
            }
        }

        return top;
    }
}
