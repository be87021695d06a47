using System.Text.Json;
using Patchbay.Control.Releases;
using Patchbay.Control.Routing;

namespace Patchbay.Server.Judges;

/// <summary>Makes the judges that releases ask for.</summary>
/// <param name="registered">The host's own.</param>
/// <param name="client">What HTTP judges are asked with; follows no redirects.</param>
internal sealed class JudgeRegistry(IEnumerable<IAnswerJudge> registered, HttpClient client)
{
    private const double DefaultTimeoutSeconds = 5, MaxTimeoutSeconds = 60;

    private readonly Dictionary<string, IAnswerJudge> _registered = registered.ToDictionary(judge => judge.Name, StringComparer.Ordinal);

    /// <summary>How long a judge may take.</summary>
    public static TimeSpan TimeoutOf(ReleaseJudge judge) => TimeSpan.FromSeconds(judge.TimeoutSeconds ?? DefaultTimeoutSeconds);

    /// <summary>Says what is wrong with a judge; null where nothing is.</summary>
    public FieldProblem? FindProblem(ReleaseJudge judge)
    {
        TryCreate(judge, out var problem);
        return problem;
    }

    /// <summary>Makes a judge; null comes with the problem.</summary>
    public IAnswerJudge? TryCreate(ReleaseJudge judge, out FieldProblem? problem)
    {
        if (judge.TimeoutSeconds is { } seconds && !(seconds is > 0 and <= MaxTimeoutSeconds))
        {
            problem = new FieldProblem("timeout_seconds", $"must be greater than 0 and at most {MaxTimeoutSeconds}");
            return null;
        }
        problem = null;
        return judge.Kind switch
        {
            JudgeKind.Regex => CreateRegex(judge, out problem),
            JudgeKind.JsonSchema => CreateSchema(judge, out problem),
            JudgeKind.Http => CreateHttp(judge, out problem),
            _ => FindRegistered(judge, out problem),
        };
    }

    private static RegexJudge? CreateRegex(ReleaseJudge judge, out FieldProblem? problem)
    {
        var pattern = RegexJudge.TryParse(judge.Pattern, out var wrong);
        problem = wrong is null ? null : new FieldProblem("pattern", wrong);
        return pattern is null ? null : new RegexJudge(judge.Name!, pattern);
    }

    private static JsonSchemaJudge? CreateSchema(ReleaseJudge judge, out FieldProblem? problem)
    {
        if (judge.Schema is not { ValueKind: JsonValueKind.Object } given)
        {
            problem = new FieldProblem("schema", "must be a JSON schema, an object");
            return null;
        }
        var schema = JsonSchema.TryRead(given, out var wrong);
        problem = schema is null ? new FieldProblem(wrong.Path.Length == 0 ? "schema" : "schema." + wrong.Path, wrong.Message) : null;
        return schema is null ? null : new JsonSchemaJudge(judge.Name!, schema);
    }

    private HttpJudge? CreateHttp(ReleaseJudge judge, out FieldProblem? problem)
    {
        var isGood = Uri.TryCreate(judge.Url, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
        problem = isGood ? null : new FieldProblem("url", "must be an absolute http or https address without user and password");
        return isGood ? new HttpJudge(judge.Name!, url!, client) : null;
    }

    private IAnswerJudge? FindRegistered(ReleaseJudge judge, out FieldProblem? problem)
    {
        var found = _registered.GetValueOrDefault(judge.Name!);
        problem = found is null ? new FieldProblem("name", "is no judge that this server's host has registered") : null;
        return found;
    }
}
