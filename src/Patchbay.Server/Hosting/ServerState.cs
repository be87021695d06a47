namespace Patchbay.Server.Hosting;

/// <summary>Where a server is between start and stop.</summary>
internal enum ServerState
{
    /// <summary>The engine reads the model and its adapters.</summary>
    Opening,

    /// <summary>Requests are answered.</summary>
    Ready,

    /// <summary>Running answers end; new requests are refused.</summary>
    Draining,

    /// <summary>The engine could not be opened.</summary>
    Failed,
}
