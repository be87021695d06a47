using System.Text.Json;
using Patchbay.Engine;

namespace Patchbay.Server.Answers;

/// <summary>How the pieces of an answer look on the wire; chat and text completions differ in nothing else.</summary>
internal interface IAnswerShape
{
    /// <summary>What the answer's id begins with.</summary>
    string IdPrefix { get; }

    /// <summary>What OpenTelemetry's conventions call the operation.</summary>
    string Operation { get; }

    /// <summary>The <c>object</c> of a whole answer.</summary>
    string WholeType { get; }

    /// <summary>The <c>object</c> of one event of a stream.</summary>
    string EventType { get; }

    /// <summary>Whether tokens of the answer have to be kept until it is written as a whole.</summary>
    bool NeedsTokens { get; }

    /// <summary>Whether a stream has an event before the first token.</summary>
    bool HasOpening { get; }

    /// <summary>Writes the choice of that event as an object.</summary>
    void WriteOpening(Utf8JsonWriter json, int choice);

    /// <summary>Writes one piece of a choice as an object.</summary>
    void WriteDelta(Utf8JsonWriter json, ChoiceDelta piece);

    /// <summary>Writes a whole choice as an object.</summary>
    void WriteWhole(Utf8JsonWriter json, int choice, string text, IReadOnlyList<GeneratedToken> tokens, FinishReason finish);
}
