namespace Patchbay.Server.Access;

/// <summary>Whom an endpoint serves. There is no default: every line of the table of endpoints says it.</summary>
internal enum EndpointAccess
{
    /// <summary>Everybody: says nothing about the model, its adapters or its users.</summary>
    Open,

    /// <summary>Keys that may ask the model.</summary>
    Inference,

    /// <summary>Keys that may look.</summary>
    Viewer,

    /// <summary>Every key: what each of them needs to know of the server.</summary>
    AnyKey,

    /// <summary>Keys that may change things.</summary>
    Admin,
}
