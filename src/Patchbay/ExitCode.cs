namespace Patchbay;

/// <summary>How the program ends; scripts depend on these numbers.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Something failed: the model could not be opened, the port is taken.</summary>
    public const int Failed = 1;

    /// <summary>The command line asks for what is not allowed.</summary>
    public const int Usage = 2;

    /// <summary>An adapter was refused.</summary>
    public const int Refused = 3;
}
