using System.Buffers;
using System.Globalization;

namespace Patchbay.Control.Routing;

/// <summary>What is known while a plan is checked: problems so far, arms seen, and what is true of the requests that get here.</summary>
internal sealed class PlanValidation(Func<VersionDigest, bool> isKnown)
{
    public const int MaxArms = 16, MaxRules = 32, MaxDepth = 4, MaxText = 256, MaxArmName = 32;

    private static readonly SearchValues<char> ArmLetters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    private readonly List<FieldProblem> _problems = [];
    private readonly Dictionary<string, string?> _armDigests = new(StringComparer.Ordinal);

    // A request that gets to a rule satisfies all of _assumed and, of each of _excluded, at least one condition not.
    private readonly List<(string Field, string Value)> _assumed = [];
    private readonly List<(List<(string Field, string Value)> Conditions, string Path)> _excluded = [];
    private readonly Stack<(int Assumed, int Excluded)> _levels = new();
    private int _rules;

    public IReadOnlyList<FieldProblem> Problems => _problems;

    public void Add(string field, string message) => _problems.Add(new FieldProblem(field, message));

    public bool HasProblemsUnder(string path) => _problems.Exists(problem => problem.Field.StartsWith(path, StringComparison.Ordinal));

    public void CheckPlan(RoutePlan? plan, string path)
    {
        if (plan is null)
        {
            Add(path, "must be a plan: an object with 'kind' fixed, weighted, ab, shadow or rules");
            return;
        }
        plan.Validate(this, path);
    }

    public bool CheckCount<T>(IReadOnlyList<T>? items, int least, int most, string path, string what)
    {
        if (items is null || items.Count < least || items.Count > most)
        {
            Add(path, string.Create(CultureInfo.InvariantCulture, $"must be a list of {least} to {most} {what}; found {items?.Count ?? 0}"));
        }
        return items is { Count: > 0 } && items.Count <= most;
    }

    public void CheckText(string? text, string path)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaxText)
        {
            Add(path, string.Create(CultureInfo.InvariantCulture, $"must have 1 to {MaxText} characters; found {text?.Length ?? 0}"));
        }
    }

    public void CheckDigest(string? digest, string path)
    {
        if (digest == RoutePlan.Current)
        {
            return;
        }
        if (!VersionDigest.TryParse(digest, out var parsed))
        {
            Add(path, "must be 'current' or 'sha256:' and 64 hexadecimal digits");
        }
        else if (!isKnown(parsed))
        {
            Add(path, $"no version has the digest sha256:{parsed.Abbreviation}…");
        }
    }

    public void CheckArmName(PlanArm arm, string path, HashSet<string> siblings)
    {
        var name = arm.Name;
        if (string.IsNullOrEmpty(name) || name.Length > MaxArmName || name.AsSpan().ContainsAnyExcept(ArmLetters))
        {
            Add(path + ".name", $"must have 1 to {MaxArmName} of the characters A-Z a-z 0-9 . _ -");
        }
        else if (name is ShadowPlan.LiveArm or ShadowPlan.ShadowArm)
        {
            Add(path + ".name", $"'{name}' is the name of an arm of shadow plans; choose another");
        }
        else if (!siblings.Add(name))
        {
            Add(path + ".name", $"'{name}' is the name of another arm already");
        }
        else if (!_armDigests.TryAdd(name, arm.Digest) && _armDigests[name] != arm.Digest)
        {
            // Figures are kept by arm: one name for two versions would mix them.
            Add(path + ".name", $"'{name}' stands for another version elsewhere in this plan");
        }
    }

    public void CountRules(int count, string path)
    {
        _rules += count;
        if (_rules > MaxRules && _rules - count <= MaxRules)
        {
            Add(path, string.Create(CultureInfo.InvariantCulture, $"a plan has at most {MaxRules} rules in all; found {_rules}"));
        }
    }

    /// <summary>Goes one level of rules deeper; false where that is too deep.</summary>
    public bool TryEnter(string path)
    {
        if (_levels.Count == MaxDepth)
        {
            Add(path, string.Create(CultureInfo.InvariantCulture, $"rules within rules go at most {MaxDepth} levels deep"));
            return false;
        }
        _levels.Push((_assumed.Count, _excluded.Count));
        return true;
    }

    public void Leave()
    {
        var (assumed, excluded) = _levels.Pop();
        _assumed.RemoveRange(assumed, _assumed.Count - assumed);
        _excluded.RemoveRange(excluded, _excluded.Count - excluded);
    }

    /// <summary>Why no request can get past these conditions, given the rules around and before; null where one can.</summary>
    public string? FindWhyNeverReached(List<(string Field, string Value)> conditions)
    {
        foreach (var condition in conditions)
        {
            if (_assumed.Exists(known => known.Field == condition.Field && known.Value != condition.Value))
            {
                return $"a rule around it wants another {condition.Field.ToLowerInvariant()}";
            }
        }
        foreach (var (earlier, path) in _excluded)
        {
            if (earlier.Count > 0 && earlier.TrueForAll(condition => conditions.Contains(condition) || _assumed.Contains(condition)))
            {
                return path + " takes all its requests";
            }
        }
        return null;
    }

    /// <summary>From here to the matching <see cref="Exclude"/>, requests satisfy these conditions.</summary>
    public void Assume(List<(string Field, string Value)> conditions) => _assumed.AddRange(conditions);

    /// <summary>From here on, requests do not satisfy all of these conditions.</summary>
    public void Exclude(List<(string Field, string Value)> conditions, string path)
    {
        _assumed.RemoveRange(_assumed.Count - conditions.Count, conditions.Count);
        _excluded.Add((conditions, path));
    }
}
