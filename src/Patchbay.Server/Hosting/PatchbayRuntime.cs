using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Patchbay.Server.Http;
using Patchbay.Server.Observability;

namespace Patchbay.Server.Hosting;

/// <summary>
/// The one object that all endpoints share: whether the engine is open, and how many answers run. Admission and drain
/// decide under one lock, so no answer begins after the server has counted none.
/// </summary>
public sealed class PatchbayRuntime
{
    private readonly Lock _lock = new();
    private readonly TaskCompletionSource<StartReport> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile OpenedEngine? _opened;
    private volatile ServerState _state = ServerState.Opening;
    private int _answers;

    internal PatchbayRuntime(PatchbayServerOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        Options = options;
        Time = time;
        Observation = new Observation(time, loggers);
    }

    /// <summary>Ends when the server is ready; fails with the reason when the model cannot be opened.</summary>
    public Task<StartReport> Started => _started.Task;

    internal PatchbayServerOptions Options { get; }

    internal TimeProvider Time { get; }

    internal Observation Observation { get; }

    internal ServerState State => _state;

    internal OpenedEngine? Opened => _opened;

    internal void SetReady(OpenedEngine opened, StartReport report)
    {
        lock (_lock)
        {
            _opened = opened;
            if (_state == ServerState.Opening)
            {
                _state = ServerState.Ready;
            }
        }
        _started.TrySetResult(report);
    }

    internal void SetFailed(Exception reason)
    {
        _state = ServerState.Failed;
        _started.TrySetException(reason);
    }

    /// <summary>Admits one request to the engine; the caller ends it with <see cref="End"/>.</summary>
    internal bool TryBegin([NotNullWhen(true)] out OpenedEngine? opened, [NotNullWhen(false)] out ApiError? error)
    {
        lock (_lock)
        {
            opened = _opened;
            if (_state == ServerState.Ready && opened is not null)
            {
                _answers++;
                error = null;
                return true;
            }
        }
        error = _state switch
        {
            ServerState.Draining => ApiError.Unavailable("The server is shutting down and takes no new requests.", "shutting_down"),
            _ => ApiError.Unavailable("The server is still opening its model; GET /ready answers 200 when it is done.", "not_ready"),
        };
        return false;
    }

    internal void End()
    {
        lock (_lock)
        {
            if (--_answers == 0 && _state == ServerState.Draining)
            {
                _idle.TrySetResult();
            }
        }
    }

    /// <summary>Refuses new requests from now on; the task ends with the last running answer.</summary>
    internal Task DrainAsync()
    {
        lock (_lock)
        {
            _state = ServerState.Draining;
            if (_answers == 0)
            {
                _idle.TrySetResult();
            }
        }
        return _idle.Task;
    }
}
