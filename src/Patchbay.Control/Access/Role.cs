namespace Patchbay.Control.Access;

/// <summary>What the holder of a key may do.</summary>
public enum Role
{
    /// <summary>Ask the model, nothing else.</summary>
    Inference,

    /// <summary>Look at everything and change nothing.</summary>
    Viewer,

    /// <summary>Everything.</summary>
    Admin,
}
