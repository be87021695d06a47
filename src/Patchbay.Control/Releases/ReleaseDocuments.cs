using Patchbay.Control.Journal;
using Patchbay.Control.Routing;

namespace Patchbay.Control.Releases;

/// <summary>Releases among the control plane's documents, and the edits that each change of one needs.</summary>
internal static class ReleaseDocuments
{
    // Ended ones beyond this many go, oldest first; the audit has what they did.
    private const int MaxKept = 200;

    public static Release? Find(ControlSnapshot state, string id) =>
        state.TryGetDocument(DocumentKind.Release, id, out var document) ? ReleaseJson.Read(document.Json) : null;

    public static Release? FindRunning(ControlSnapshot state, string alias) =>
        Documents(state).Where(document => !document.References.IsEmpty).Select(document => ReleaseJson.Read(document.Json))
            .FirstOrDefault(release => !release.IsOver && release.Spec.Alias == alias);

    /// <summary>Newest first.</summary>
    public static IEnumerable<ControlDocument> Documents(ControlSnapshot state) =>
        state.Documents.Values.Where(document => document.Kind == DocumentKind.Release).OrderByDescending(document => NumberOf(document.Key));

    public static string NextId(ControlSnapshot state) =>
        $"rel-{Documents(state).Select(document => NumberOf(document.Key)).FirstOrDefault() + 1}";

    /// <summary>What a release's present state needs to be written: itself and the plan of its alias.</summary>
    public static List<DocumentEdit> EditsOf(Release release, long? revision, ControlSnapshot state)
    {
        var alias = release.Spec.Alias!;
        List<DocumentEdit> edits =
        [
            // What runs needs its versions; that is also how running ones are found without reading all.
            new(DocumentKind.Release, release.Id, ReleaseJson.Write(release))
            {
                References = release.IsOver ? [] : [release.Stable, release.Candidate],
                ExpectedRevision = revision,
            },
        ];
        if (!release.IsOver)
        {
            edits.Add(new DocumentEdit(DocumentKind.Route, alias, RoutePlanJson.Write(release.ToPlan())) { References = [release.Stable, release.Candidate] });
        }
        else if (state.TryGetDocument(DocumentKind.Route, alias, out _))
        {
            edits.Add(new DocumentEdit(DocumentKind.Route, alias, null));
        }
        return edits;
    }

    /// <summary>Takes away what is over for longest.</summary>
    public static IEnumerable<DocumentEdit> Forget(ControlSnapshot state) =>
        Documents(state).Skip(MaxKept - 1).Where(document => document.References.IsEmpty).Select(document => new DocumentEdit(DocumentKind.Release, document.Key, null));

    private static long NumberOf(string id) => long.TryParse(id.AsSpan(id.IndexOf('-', StringComparison.Ordinal) + 1), out var number) ? number : 0;
}
