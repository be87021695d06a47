using Patchbay.Control.Releases;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Releases;

/// <summary>Ratings, judges' scores and releases in Prometheus' format.</summary>
internal static class ReleaseMetrics
{
    public static void Write(PrometheusText text, ReleaseService releases)
    {
        var scores = releases.Scores.OrderBy(score => score.Key).ToList();
        text.Family("patchbay_feedback_score", "gauge", "Mean of users' ratings since the start, 0 to 1.");
        foreach (var ((adapter, arm, _), score) in scores.Where(score => score.Key.Judge.Length == 0))
        {
            text.Sample(score.Sum / score.Count, [("adapter", adapter), ("arm", arm)]);
        }
        text.Family("patchbay_judge_score", "gauge", "Mean of a judge's scores since the start, 0 to 1.");
        foreach (var ((adapter, arm, judge), score) in scores.Where(score => score.Key.Judge.Length > 0))
        {
            text.Sample(score.Sum / score.Count, [("adapter", adapter), ("arm", arm), ("judge", judge)]);
        }
        // The newest release of each alias tells where the alias is.
        var newest = releases.Conductor.List().DistinctBy(release => release.Spec.Alias).OrderBy(release => release.Spec.Alias, StringComparer.Ordinal).ToList();
        text.Family("patchbay_release_state", "gauge", "1 for the state that the newest release of an alias is in.");
        foreach (var release in newest)
        {
            foreach (var state in Enum.GetValues<ReleaseState>())
            {
                text.Sample(release.State == state ? 1 : 0, [("alias", release.Spec.Alias!), ("state", ReleaseWords.Of(state))]);
            }
        }
        text.Family("patchbay_release_weight", "gauge", "Share of an alias's traffic that its newest release's candidate has, in percent.");
        foreach (var release in newest)
        {
            text.Sample(release.Weight, [("alias", release.Spec.Alias!)]);
        }
    }
}
