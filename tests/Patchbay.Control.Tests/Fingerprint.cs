using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests;

/// <summary>The whole state of a control plane as text, for comparing two of them.</summary>
internal static class Fingerprint
{
    public static IEnumerable<string> Of(ControlSnapshot state) =>
        ControlFormat.Diff(ControlSnapshot.Empty, state).Select(change => $"{change.Kind} {change.Key} {change.Json}").Order(StringComparer.Ordinal);

    public static IEnumerable<string> Differences(ControlSnapshot left, ControlSnapshot right)
    {
        var (first, second) = (Of(left).ToHashSet(), Of(right).ToHashSet());
        return first.Except(second).Select(line => $"- {line}").Concat(second.Except(first).Select(line => $"+ {line}"));
    }

    public static string Hash(ControlSnapshot state) => Versions.Of(string.Join('\n', Of(state))).Abbreviation;
}
