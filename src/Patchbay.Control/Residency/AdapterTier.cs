namespace Patchbay.Control.Residency;

/// <summary>How far a version is from answering.</summary>
public enum AdapterTier
{
    /// <summary>Its files are not on this machine.</summary>
    Remote,

    /// <summary>Its files are in the store.</summary>
    Disk,

    /// <summary>It waits for room, or is read and packed.</summary>
    Loading,

    /// <summary>It can be leased at once.</summary>
    Ready,

    /// <summary>Its last load failed; the next use after a pause tries again.</summary>
    Failed,
}
