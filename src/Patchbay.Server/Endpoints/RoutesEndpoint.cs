using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Patchbay.Control.Access;
using Patchbay.Control.Routing;
using Patchbay.Server.Adapters;
using Patchbay.Server.Answers;
using Patchbay.Server.Hosting;
using Patchbay.Server.Http;

namespace Patchbay.Server.Endpoints;

/// <summary><c>/admin/routes</c>: the plans by which aliases choose versions, and what they would do with a request.</summary>
internal static class RoutesEndpoint
{
    public static Task<ApiError?> ListAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var response = new RouteListResponse("list", [.. opened.Releases.Routes.List().Select(route => Describe(route, opened))]);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.RouteListResponse);
        return null;
    });

    public static Task<ApiError?> GetAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, opened =>
        WriteAsync(context, opened, opened.Releases.Routes.Find(AdminCall.NameOf(context))));

    public static Task<ApiError?> PutAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var origin = AdminCall.OriginOf(context, fields);
        var expected = AdminCall.GenerationOf(fields);
        if (fields.Error is { } error)
        {
            return error;
        }
        if (ReadPlan(fields, out var wrong) is not { } plan)
        {
            return wrong;
        }
        return await AnswerAsync(context, opened, await opened.Releases.Routes.SetAsync(AdminCall.NameOf(context), plan, expected, origin, context.RequestAborted));
    });

    public static Task<ApiError?> DeleteAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(runtime, async opened =>
    {
        var (expected, error) = AdminCall.NumberOf(context, "expected_generation");
        var origin = AdminCall.OriginOf(context, out var wrong);
        return (error ?? wrong) ?? await AnswerAsync(
            context, opened, await opened.Releases.Routes.RemoveAsync(AdminCall.NameOf(context), expected, origin!, context.RequestAborted));
    });

    public static Task<ApiError?> ExplainAsync(HttpContext context, PatchbayRuntime runtime) => AdminCall.RunAsync(context, runtime, async (opened, fields) =>
    {
        var key = ReadKey(context, fields, runtime.Options.Keys, out var headers);
        var model = fields.Text("model");
        RoutePlan? plan = null;
        if (fields.TryGet("plan", out _) && (plan = ReadPlan(fields, out var unreadable)) is null)
        {
            return unreadable;
        }
        if (fields.Error is { } error)
        {
            return error;
        }
        if (opened.Adapters.Resolve(model) is not { Kind: RouteKind.Adapter, Alias: { } alias } || opened.Releases.Routes.Find(alias.Name) is not { } route)
        {
            return CommandErrors.UnknownAdapter(model ?? "default");
        }
        var problems = plan is null ? [] : opened.Releases.Routes.Validate(plan);
        if (problems.Count > 0)
        {
            return RouteErrors.Refused("plan_refused", "The plan cannot be used.", problems);
        }
        plan = plan?.After(route.Plan) ?? route.Plan;
        var (choice, why) = CompiledPlan.Compile(alias.Name, plan).Explain(key with { Headers = headers }, alias.Digest);
        var response = new ExplainResponse(alias.Name, choice.Arm, choice.Digest.ToString(), route.Generation, choice.Shadow?.ToString(), why);
        await context.WriteJsonAsync(StatusCodes.Status200OK, response, PatchbayJson.Wire.ExplainResponse);
        return null;
    });

    private static RouteKey ReadKey(HttpContext context, RequestFields fields, KeyRing keys, out Dictionary<string, string> headers)
    {
        headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var header in fields.Object("headers") is { } given ? given.EnumerateObject().ToArray() : [])
        {
            if (header.Value.ValueKind != JsonValueKind.String)
            {
                fields.Expect("headers." + header.Name, "a string", header.Value);
                continue;
            }
            headers[header.Name] = header.Value.GetString()!;
        }
        var key = fields.Text("key");
        return new RouteKey(
            fields.Text("request_id") ?? context.TraceIdentifier, fields.Text("user"),
            fields.Text("session") ?? headers.GetValueOrDefault(RequestKey.SessionHeader), key, fields.Text("tenant") ?? (key is null ? null : keys.TenantOf(key)))
        {
            FindHeader = static (source, name) => ((Dictionary<string, string>)source).GetValueOrDefault(name),
        };
    }

    private static RoutePlan? ReadPlan(RequestFields fields, out ApiError? error)
    {
        error = null;
        if (!fields.TryGet("plan", out var json))
        {
            error = RouteErrors.Refused("plan_refused", "There is no plan.", [new FieldProblem("plan", "is missing")]);
            return null;
        }
        var plan = RoutePlanJson.Read(json, out var problem);
        error = problem is null ? null : RouteErrors.Refused("plan_refused", "The plan cannot be read.", [problem]);
        return plan;
    }

    private static async Task<ApiError?> AnswerAsync(HttpContext context, OpenedEngine opened, RouteAnswer answer) => answer switch
    {
        { Problems.Count: > 0 } when opened.Releases.Routes.Find(AdminCall.NameOf(context)) is null => CommandErrors.UnknownAdapter(AdminCall.NameOf(context)),
        { Problems.Count: > 0 } => RouteErrors.Refused("plan_refused", "The plan cannot be used.", answer.Problems),
        { Refusal: { } refusal } => CommandErrors.From(refusal, AdminCall.NameOf(context)) with
        {
            Generation = opened.Releases.Routes.Find(AdminCall.NameOf(context))?.Generation,
        },
        _ => await WriteAsync(context, opened, answer.Route),
    };

    private static async Task<ApiError?> WriteAsync(HttpContext context, OpenedEngine opened, AliasRoute? route)
    {
        if (route is null)
        {
            return CommandErrors.UnknownAdapter(AdminCall.NameOf(context));
        }
        await context.WriteJsonAsync(StatusCodes.Status200OK, Describe(route, opened), PatchbayJson.Wire.RouteBody);
        return null;
    }

    private static RouteBody Describe(AliasRoute route, OpenedEngine opened) => RouteBody.From(route, opened.Shadows.Find(route.Alias));
}
