using System.Text.Json;

namespace Patchbay.Server.Judges;

/// <summary>1 where the answer is one JSON value that satisfies a schema, otherwise 0.</summary>
internal sealed class JsonSchemaJudge(string name, JsonSchema schema) : IAnswerJudge
{
    public string Name => name;

    public ValueTask<double> ScoreAsync(JudgedAnswer answer, CancellationToken cancellation)
    {
        try
        {
            using var json = JsonDocument.Parse(answer.Text);
            return new(schema.IsSatisfiedBy(json.RootElement) ? 1 : 0);
        }
        catch (JsonException)
        {
            return new(0);
        }
    }
}
