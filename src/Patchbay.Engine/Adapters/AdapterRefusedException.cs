namespace Patchbay.Engine;

/// <summary>
/// An adapter that is not served, because something in it is broken, does not fit the base model, or is not applied exactly.
/// The message names the field or tensor, what was expected and what was found, for the person who trained it; never a path.
/// </summary>
public sealed class AdapterRefusedException : Exception
{
    /// <param name="message">A sentence for the person who trained the adapter.</param>
    public AdapterRefusedException(string message)
        : base(message)
    {
    }

    /// <param name="message">A sentence for the person who trained the adapter.</param>
    /// <param name="innerException">What led to it.</param>
    public AdapterRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
