namespace Patchbay.Control;

/// <summary>What an adapter is worth to the business: memory is taken from the lowest class first.</summary>
public enum AdapterPriority
{
    /// <summary>Goes first.</summary>
    Low,

    /// <summary>What nobody decided otherwise.</summary>
    Normal,

    /// <summary>Goes after everything normal.</summary>
    High,

    /// <summary>Goes last.</summary>
    Critical,
}
