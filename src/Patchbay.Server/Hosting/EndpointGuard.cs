using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Patchbay.Control.Journal;
using Patchbay.Engine;
using Patchbay.Server.Access;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Hosting;

/// <summary>An endpoint's work: null when it has answered, else the error to answer with.</summary>
internal delegate Task<ApiError?> EndpointHandler(HttpContext context, PatchbayRuntime runtime);

/// <summary>
/// What surrounds every endpoint: the request id, the host, key and method it may be reached by, and an error object instead
/// of an empty page whatever happens inside.
/// </summary>
internal sealed partial class EndpointGuard(PatchbayRuntime runtime, ILogger<EndpointGuard> logger)
{
    private readonly AccessGate _gate = new(runtime.Options.Keys);

    /// <summary>Wraps what an address does by method; GET answers HEAD too.</summary>
    public RequestDelegate Protect(IReadOnlyDictionary<string, (EndpointAccess Access, EndpointHandler Handler)> methods)
    {
        var refuse = RefuseOtherMethods(string.Join(", ", methods.Keys));
        return context =>
        {
            var method = HttpMethods.IsHead(context.Request.Method) ? HttpMethods.Get : context.Request.Method;
            return methods.TryGetValue(method, out var found) ? RunAsync(context, found.Access, found.Handler) : RunAsync(context, EndpointAccess.AnyKey, refuse);
        };
    }

    /// <summary>Answers a path that no endpoint has.</summary>
    public Task NotFoundAsync(HttpContext context) => RunAsync(context, EndpointAccess.AnyKey, static (unknown, _) => Task.FromResult<ApiError?>(
        ApiError.NotFound("Nothing is at this address; GET / lists what this server has.", null, "unknown_url")));

    private static EndpointHandler RefuseOtherMethods(string methods) => (context, _) =>
    {
        context.Response.Headers.Allow = methods;
        return Task.FromResult<ApiError?>(ApiError.WrongStatus(
            StatusCodes.Status405MethodNotAllowed, $"This address is called with {methods}.", "method_not_allowed"));
    };

    private async Task RunAsync(HttpContext context, EndpointAccess access, EndpointHandler handler)
    {
        var id = RequestId.Assign(context);
        ApiError? error;
        try
        {
            error = CheckHost(context) ?? _gate.Check(context, access) ?? await handler(context, runtime);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            return;
        }
        catch (RequestRefusedException refusal)
        {
            error = ApiError.From(refusal, "prompt");
        }
        catch (BadHttpRequestException bad)
        {
            error = ApiError.WrongStatus(bad.StatusCode, bad.Message);
        }
        catch (JournalException failure)
        {
            Log.Failed(logger, failure, id);
            error = CommandErrors.From(failure);
        }
        catch (Exception failure)
        {
            Log.Failed(logger, failure, id);
            error = ApiError.Internal(id);
        }
        // An answer that has begun has told of its failure in its own last event, or ends short of its announced length.
        if (error is not null && !context.Response.HasStarted)
        {
            await context.WriteErrorAsync(error);
        }
    }

    private ApiError? CheckHost(HttpContext context)
    {
        var allowed = runtime.Options.AllowedHosts;
        var host = context.Request.Host.Host;
        return allowed.Count == 0 || host.Length == 0 || allowed.Contains(host, StringComparer.OrdinalIgnoreCase)
            ? null
            : ApiError.WrongStatus(
                StatusCodes.Status421MisdirectedRequest,
                "This server does not answer under this host name; start it with --allow-host to change that.", "host_not_allowed");
    }

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Error, "Request {RequestId} failed.")]
        public static partial void Failed(ILogger logger, Exception failure, string requestId);
    }
}
