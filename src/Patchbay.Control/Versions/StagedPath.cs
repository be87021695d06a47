namespace Patchbay.Control.Versions;

/// <summary>Where a copy is: its directory in the staging area, and the directory in or below it that holds the files.</summary>
internal sealed record StagedPath(string Directory, string Content);
