using System.Globalization;
using Patchbay.Control;
using Patchbay.Control.Answers;
using Patchbay.Engine;

namespace Patchbay.Server.Adapters;

/// <summary>
/// What answers one request: the base, one adapter version or a weighted sum of several, with leases for each of the
/// request's answers. Owns the leases until the engine takes them over.
/// </summary>
internal sealed class AnsweringModel : IDisposable
{
    private readonly Queue<AdapterWeight[]> _leases;

    private AnsweringModel(
        string model, string label, string? digest, string generation, IReadOnlyList<AnswerPart> parts, IEnumerable<AdapterWeight[]> leases)
    {
        Model = model;
        Label = label;
        Digest = digest;
        Generation = generation;
        Parts = parts;
        _leases = new Queue<AdapterWeight[]>(leases);
    }

    /// <summary>The name that the answer's <c>model</c> field carries.</summary>
    public string Model { get; }

    /// <summary>What <c>x-adapter</c> says: <c>base</c>, the adapter's name, or <c>name*weight</c> joined by <c>+</c>.</summary>
    public string Label { get; }

    /// <summary>The adapter that answers alone; null for the base and for sums.</summary>
    public string? Name { get; private init; }

    /// <summary>The arm of the alias's plan that chose the version; null where none did.</summary>
    public string? Arm { get; private init; }

    /// <summary>A version that gets a copy of the request; null for none.</summary>
    public VersionDigest? Shadow { get; private init; }

    /// <summary>The version, or the identity of the sum; null for the base.</summary>
    public string? Digest { get; }

    /// <summary>Of the alias that decided, joined by <c>+</c> for a sum; 0 where the request named base or version itself.</summary>
    public string Generation { get; }

    /// <summary>The versions that are added up, with their weights; none for the base.</summary>
    public IReadOnlyList<AnswerPart> Parts { get; }

    /// <summary>The base model, which needs no lease.</summary>
    public static AnsweringModel OfBase(string name, long generation) => new(name, "base", null, Show(generation), [], []);

    /// <summary>One adapter with weight 1 as itself, anything else as a sum.</summary>
    /// <param name="parts">What is added up, at least one.</param>
    /// <param name="leases">For each answer, a lease on every part in the same order.</param>
    public static AnsweringModel OfAdapters(IReadOnlyList<RoutedAdapter> parts, IReadOnlyList<AdapterWeight[]> leases)
    {
        var label = parts is [{ Weight: 1 } only]
            ? only.Alias.Name
            : string.Join('+', parts.Select(part => string.Create(CultureInfo.InvariantCulture, $"{part.Alias.Name}*{part.Weight}")));
        var digest = AdapterDigest.OfComposition([.. leases[0].Select(part => (part.Lease.Version.Digest, part.Weight))]);
        return new AnsweringModel(label, label, digest.ToString(), string.Join('+', parts.Select(part => Show(part.Generation))),
            [.. leases[0].Select(part => new AnswerPart(part.Lease.Version.Digest.ToString(), part.Weight))], leases)
        {
            Name = parts is [{ Weight: 1 } alone] ? alone.Alias.Name : null,
            Arm = parts[0].Arm,
            Shadow = parts[0].Shadow,
        };
    }

    /// <summary>Hands the leases of one answer to the engine; none for the base.</summary>
    public IReadOnlyList<AdapterWeight> TakeLeases() => _leases.TryDequeue(out var leases) ? leases : [];

    public void Dispose()
    {
        while (_leases.TryDequeue(out var leases))
        {
            foreach (var part in leases)
            {
                part.Lease.Dispose();
            }
        }
    }

    private static string Show(long generation) => generation.ToString(CultureInfo.InvariantCulture);
}
