using Microsoft.Extensions.Logging;
using Patchbay.Control;
using Patchbay.Control.Journal;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Takes over what other servers on the same journal change: names, versions, pins, priorities, plans and releases. While the
/// journal is away, the last good state serves on.
/// </summary>
internal sealed partial class JournalFollower(AdapterService adapters, AdapterCommands commands, TimeProvider time, ILogger<JournalFollower> logger)
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private ControlSnapshot _settled = adapters.State;
    private bool _isAway;

    /// <summary>Looks once a second until it is told to stop.</summary>
    public async Task FollowAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(LookInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stopping))
            {
                await LookAsync(stopping);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The server ends.
        }
    }

    /// <summary>Looks once.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        try
        {
            await adapters.Plane.RefreshAsync(cancellation);
            if (_isAway)
            {
                _isAway = false;
                Log.IsBack(logger);
            }
        }
        catch (JournalException failure)
        {
            if (!_isAway)
            {
                _isAway = true;
                Log.IsAway(logger, failure.Message);
            }
        }
        // A command of this server that lost a race has taken the others' changes over, too.
        if (adapters.State is var state && state != _settled)
        {
            Settle(_settled, state);
            _settled = state;
        }
    }

    private void Settle(ControlSnapshot before, ControlSnapshot after)
    {
        var kept = Digests(after);
        foreach (var digest in kept.Where(digest => adapters.Residency.Find(digest) is null))
        {
            adapters.Restore(digest);
        }
        commands.Forget(Digests(before).Except(kept));
        commands.Rank(kept);
        foreach (var alias in after.Aliases.Aliases)
        {
            var isChanged = !before.Aliases.TryGet(alias.Name, out var previous) || previous.Digest != alias.Digest;
            if (isChanged && !adapters.Plane.Store.Contains(alias.Digest))
            {
                Log.IsRemote(logger, alias.Name, alias.Digest.Abbreviation);
            }
        }
    }

    private static HashSet<VersionDigest> Digests(ControlSnapshot state) =>
        [.. state.Adapters.Values.SelectMany(adapter => adapter.Versions).Select(version => version.Digest)];

    private static partial class Log
    {
        [LoggerMessage(1, LogLevel.Warning, "The journal cannot be read, so that changes of other servers are not seen: {Problem}")]
        public static partial void IsAway(ILogger logger, string problem);

        [LoggerMessage(2, LogLevel.Information, "The journal can be read again.")]
        public static partial void IsBack(ILogger logger);

        [LoggerMessage(3, LogLevel.Warning, "Adapter {Name} answers with version {Digest}, whose files are not on this machine: push it to this server, too.")]
        public static partial void IsRemote(ILogger logger, string name, string digest);
    }
}
