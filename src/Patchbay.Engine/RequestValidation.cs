namespace Patchbay.Engine;

/// <summary>Checks a request before anything is done for it.</summary>
internal static class RequestValidation
{
    /// <exception cref="RequestRefusedException">What is wrong, for the caller.</exception>
    public static void Check(GenerationRequest request, ModelInfo model)
    {
        var prompt = request.PromptTokens.Span;
        if (prompt.IsEmpty)
        {
            throw new RequestRefusedException(RequestRefusal.EmptyPrompt, "The prompt has no tokens.");
        }

        if (prompt.Length >= model.ContextLength)
        {
            throw new RequestRefusedException(
                RequestRefusal.PromptTooLong,
                $"The prompt has {prompt.Length} tokens; the context of {model.ContextLength} tokens must hold it and at least one token of the answer.");
        }

        foreach (var token in prompt)
        {
            if ((uint)token >= (uint)model.VocabularySize)
            {
                throw new RequestRefusedException(
                    RequestRefusal.UnknownToken, $"Token {token} is not in the vocabulary: expected 0 to {model.VocabularySize - 1}.");
            }
        }

        if (request.MaxTokens < 1)
        {
            throw new RequestRefusedException(RequestRefusal.InvalidSampling, $"MaxTokens: expected 1 or more, found {request.MaxTokens}.");
        }

        Check(request.Sampling, model);
    }

    private static void Check(SamplingOptions sampling, ModelInfo model)
    {
        Range("temperature", sampling.Temperature, 0, 100);
        Range("top_k", sampling.TopK, 0, int.MaxValue);
        Range("top_p", sampling.TopP, float.Epsilon, 1);
        Range("min_p", sampling.MinP, 0, 1);
        Range("repetition_penalty", sampling.RepetitionPenalty, 0.01f, 100);
        Range("presence_penalty", sampling.PresencePenalty, -2, 2);
        Range("frequency_penalty", sampling.FrequencyPenalty, -2, 2);
        foreach (var (token, bias) in sampling.LogitBias)
        {
            if ((uint)token >= (uint)model.VocabularySize)
            {
                throw new RequestRefusedException(
                    RequestRefusal.UnknownToken, $"logit_bias: token {token} is not in the vocabulary: expected 0 to {model.VocabularySize - 1}.");
            }

            Range("logit_bias", bias, -100, 100);
        }
    }

    private static void Range(string name, float value, float least, float most)
    {
        if (!(value >= least && value <= most))
        {
            throw new RequestRefusedException(
                RequestRefusal.InvalidSampling, FormattableString.Invariant($"{name}: expected a number from {least:0.##} to {most:0.##}, found {value}."));
        }
    }
}
