namespace Patchbay.Control.Versions;

/// <summary>What the store does to its disk: one seam, so that tests can let each step fail.</summary>
internal interface IStoreFiles
{
    /// <summary>Makes a directory and those above it.</summary>
    void CreateDirectory(string path);

    /// <summary>Makes a new file.</summary>
    Stream CreateFile(string path);

    /// <summary>Returns when a file's bytes are on the disk, and makes it read-only.</summary>
    void Seal(Stream file, string path);

    /// <summary>Returns when the names in a directory are on the disk.</summary>
    void FlushDirectory(string path);

    /// <summary>Renames a directory in one step; fails where the new name exists.</summary>
    void Rename(string from, string to);

    /// <summary>Takes a file away.</summary>
    /// <returns>The bytes it had.</returns>
    long DeleteFile(string path);

    /// <summary>Takes a directory and everything in it away.</summary>
    void Delete(string path);
}
