using Patchbay.Engine.Text.Tokenization.PreTokenizers;
using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>Reads the section pre_tokenizer into the chain of steps that ends with the model.</summary>
internal sealed class PreTokenizerReader
{
    private const int MostSteps = 16;

    // Each may double a text.
    private const int MostByteLevels = 2;

    private readonly List<Field> _steps = [];

    public PreTokenizerReader(Field? section)
    {
        if (section is { } field)
        {
            Flatten(field);
            if (_steps.Count > MostSteps || _steps.Count(step => step.GetString("type") == "ByteLevel") > MostByteLevels)
            {
                throw new InvalidDataException(
                    $"pre_tokenizer: expected at most {MostSteps} steps, {MostByteLevels} of them ByteLevel, found {_steps.Count} steps.");
            }
        }
    }

    /// <summary>Whether the model sees every piece in the byte alphabet, so that it may take the bytes themselves.</summary>
    public bool EndsWithByteLevel => _steps.Count > 0 && _steps[^1].GetString("type") == "ByteLevel";

    /// <param name="takesBytes">The last step leaves pieces as they are, for a model that takes bytes.</param>
    public PieceStage Build(PieceStage last, bool takesBytes)
    {
        for (var i = _steps.Count - 1; i >= 0; i--)
        {
            last = Build(_steps[i], last, mapsBytes: !takesBytes || i < _steps.Count - 1);
        }

        return last;
    }

    private void Flatten(Field field)
    {
        if (field.GetString("type") != "Sequence")
        {
            _steps.Add(field);
            return;
        }

        foreach (var step in field.Get("pretokenizers").Items())
        {
            Flatten(step);
        }
    }

    private static PieceStage Build(Field field, PieceStage next, bool mapsBytes) => field.GetString("type") switch
    {
        "ByteLevel" => BuildByteLevel(field, next, mapsBytes),
        "Split" => BuildSplit(field, next),
        "Metaspace" => BuildMetaspace(field, next),
        "Digits" => Cut(RunScanner.IsNumber, field.GetBoolean("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous, next),
        "Punctuation" => Cut(Punctuation.Contains, field.GetChoice("behavior", SplitBehavior.Isolated), next),
        "Whitespace" => new ScanStage(new WordScanner(), next, keepsGaps: false),
        "WhitespaceSplit" => Cut(RunScanner.IsSpace, SplitBehavior.Removed, next),
        "CharDelimiterSplit" => Cut(new TextScanner(field.GetCharacter("delimiter").ToString()), SplitBehavior.Removed, isInverted: false, next),
        "BertPreTokenizer" => Cut(RunScanner.IsSpace, SplitBehavior.Removed, Cut(Punctuation.Contains, SplitBehavior.Isolated, next)),
        "UnicodeScripts" => new UnicodeScriptStage(next),
        _ => throw field.Get("type").Refuse("a known pre-tokenizer"),
    };

    private static PieceStage BuildByteLevel(Field field, PieceStage next, bool mapsBytes)
    {
        var stage = mapsBytes ? new ByteLevelStage(next) : next;
        stage = field.GetBoolean("use_regex", true) ? new ScanStage(Gpt2Scanner.Instance, stage) : stage;
        return field.GetBoolean("add_prefix_space", true) ? new PrefixSpaceStage(stage) : stage;
    }

    private static PieceStage BuildSplit(Field field, PieceStage next)
    {
        var behavior = field.GetChoice("behavior", SplitBehavior.Isolated);
        var isInverted = field.GetBoolean("invert", false);
        var pattern = field.Get("pattern");
        var text = pattern.Find("String");
        var regex = text is null ? pattern.Get("Regex") : default;
        if (text?.AsString() is "")
        {
            return next;
        }

        var scanner = text is { } literal ? new TextScanner(literal.AsString()) : KnownPatterns.Find(regex.AsString());
        return scanner is null
            ? new SplitStage(new PatternFinder(regex.AsString(), regex.Path), behavior, isInverted, next)
            : Cut(scanner, behavior, isInverted, next);
    }

    /// <summary>Cuts at single characters.</summary>
    private static PieceStage Cut(Func<int, bool> isMatch, SplitBehavior behavior, PieceStage next) => behavior switch
    {
        // Matches in a row become one piece, or none: as if the row were the match.
        SplitBehavior.Contiguous => new ScanStage(new RunScanner(isMatch), next),
        SplitBehavior.Removed => new ScanStage(new RunScanner(isMatch), next, keepsMatches: false),
        _ => Cut(new RunScanner(isMatch, 1), behavior, isInverted: false, next),
    };

    private static PieceStage Cut(PieceScanner scanner, SplitBehavior behavior, bool isInverted, PieceStage next) => behavior switch
    {
        SplitBehavior.Isolated => new ScanStage(scanner, next),
        SplitBehavior.Removed => new ScanStage(scanner, next, keepsMatches: isInverted, keepsGaps: !isInverted),
        _ => new SplitStage(new ScannerFinder(scanner), behavior, isInverted, next),
    };

    private static MetaspaceStage BuildMetaspace(Field field, PieceStage next)
    {
        // Files before 2023 say add_prefix_space instead of a scheme.
        var absent = field.GetBoolean("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
        return new MetaspaceStage(
            field.GetCharacter("replacement"), field.GetChoice("prepend_scheme", absent), field.GetBoolean("split", true), next);
    }
}
