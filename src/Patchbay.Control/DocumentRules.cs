using System.Text.Json;
using Patchbay.Control.Journal;

namespace Patchbay.Control;

/// <summary>What edits of routes, releases and settings do to a state.</summary>
internal static class DocumentRules
{
    private const int MaxCharacters = 1 << 20;
    private const int MaxKey = 256;

    public static ControlDecision Edit(ControlSnapshot state, IReadOnlyList<DocumentEdit> edits, AuditRecord record)
    {
        var next = state;
        foreach (var edit in edits)
        {
            if (Apply(ref next, edit) is { } refusal)
            {
                return refusal with { Next = state };
            }
        }
        return next == state ? ControlDecision.Unchanged(state) : ControlDecision.Apply(next, record);
    }

    // Changes the state; or leaves it and says why.
    private static ControlDecision? Apply(ref ControlSnapshot state, DocumentEdit edit)
    {
        if (FindProblem(edit) is { } problem)
        {
            return ControlDecision.Refuse(CommandOutcome.Invalid, state, problem);
        }
        var before = state.Documents.GetValueOrDefault((edit.Kind, edit.Key));
        var found = before?.Revision ?? 0;
        if (edit.ExpectedRevision is { } expected && expected != found)
        {
            return ControlDecision.Refuse(
                CommandOutcome.GenerationMismatch, state, $"{edit.Kind} '{edit.Key}' is at generation {found}; expected {expected}.");
        }
        if (edit.Json is null)
        {
            return Remove(ref state, edit, before);
        }
        foreach (var digest in edit.References)
        {
            if (!state.IsRegistered(digest))
            {
                return ControlDecision.Refuse(CommandOutcome.NoSuchVersion, state, $"No adapter has the version {digest} that {edit.Kind} '{edit.Key}' needs.");
            }
        }
        var json = edit.Json.Trim();
        if (before is not null && before.Json == json && before.References.SequenceEqual(edit.References))
        {
            return null;
        }
        var document = new ControlDocument(
            edit.Kind, edit.Key, (before?.Revision ?? state.HighestRemovedRevision) + 1, json, edit.References);
        state = state with { Documents = state.Documents.SetItem((edit.Kind, edit.Key), document) };
        return null;
    }

    private static ControlDecision? Remove(ref ControlSnapshot state, DocumentEdit edit, ControlDocument? before)
    {
        if (before is null)
        {
            return ControlDecision.Refuse(CommandOutcome.NoSuchDocument, state, $"There is no {edit.Kind} '{edit.Key}'.");
        }
        state = state with
        {
            Documents = state.Documents.Remove((edit.Kind, edit.Key)),
            HighestRemovedRevision = Math.Max(state.HighestRemovedRevision, before.Revision),
        };
        return null;
    }

    private static string? FindProblem(DocumentEdit edit)
    {
        if (edit.Kind is not (DocumentKind.Route or DocumentKind.Release or DocumentKind.Setting))
        {
            return $"A document of kind '{edit.Kind}' cannot be edited; expected route, release or setting.";
        }
        if (edit.Key.Length is 0 or > MaxKey || edit.Key.Contains('\0', StringComparison.Ordinal) || !IsUnicode(edit.Key))
        {
            return $"The key of a {edit.Kind} has 1 to {MaxKey} characters of valid Unicode and no NUL.";
        }
        if (edit.Json is null)
        {
            return null;
        }
        if (edit.Json.Length > MaxCharacters)
        {
            return $"A {edit.Kind} has at most {MaxCharacters} characters; this one has {edit.Json.Length}.";
        }
        try
        {
            using var document = JsonDocument.Parse(edit.Json);
            return IsUnicode(edit.Json) ? null : $"A {edit.Kind} must be valid Unicode.";
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            return $"A {edit.Kind} must be a JSON value.";
        }
    }

    // Halves of surrogate pairs would come back as other text.
    private static bool IsUnicode(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!System.Text.Rune.TryGetRuneAt(text, i, out var rune))
            {
                return false;
            }
            i += rune.Utf16SequenceLength - 1;
        }
        return true;
    }
}
