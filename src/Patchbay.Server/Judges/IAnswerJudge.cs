namespace Patchbay.Server.Judges;

/// <summary>
/// Scores answers while a release compares two versions. A host adds its own as services; a release names them with kind
/// <c>registered</c>. Called beside the answer, never before it, and only as often as it keeps up.
/// </summary>
public interface IAnswerJudge
{
    /// <summary>What releases call it.</summary>
    string Name { get; }

    /// <summary>How good an answer is, from 0 to 1.</summary>
    /// <param name="cancellation">Set when the judge takes longer than it may; the score is then thrown away.</param>
    ValueTask<double> ScoreAsync(JudgedAnswer answer, CancellationToken cancellation);
}

/// <summary>An answer as a judge sees it.</summary>
/// <param name="Id">The completion id.</param>
/// <param name="Alias">The adapter's name.</param>
/// <param name="Arm">Which arm answered: <c>stable</c> or <c>canary</c>.</param>
/// <param name="Digest">The version that answered.</param>
/// <param name="Prompt">What was asked, as the model saw it.</param>
/// <param name="Text">The answer.</param>
public sealed record JudgedAnswer(string Id, string Alias, string Arm, string Digest, string Prompt, string Text);
