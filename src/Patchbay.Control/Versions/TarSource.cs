using System.Formats.Tar;
using System.IO.Compression;

namespace Patchbay.Control.Versions;

/// <summary>Copies the regular files of a tar archive, compressed with gzip or not, and refuses every other kind of entry.</summary>
internal static class TarSource
{
    // What may be unpacked before its ratio to the archive counts: small files of zeros are no attack.
    private const long FreeBytes = 16 << 20;

    /// <exception cref="VersionRefusedException">The archive is damaged, or holds what no adapter has.</exception>
    public static async Task CopyAsync(Stream archive, VersionStaging staging, CancellationToken cancellation)
    {
        try
        {
            var head = new byte[2];
            var count = await archive.ReadAtLeastAsync(head, 2, throwOnEndOfStream: false, cancellation);
            var packed = new CountedStream(new PrefixedStream(head.AsMemory(0, count), archive));
            if (count == 2 && head is [0x1f, 0x8b])
            {
                await using var unpacked = new GZipStream(packed, CompressionMode.Decompress);
                await CopyEntriesAsync(new CountedStream(unpacked), packed, staging, cancellation);
            }
            else
            {
                await CopyEntriesAsync(packed, packed, staging, cancellation);
            }
        }
        catch (Exception exception) when (exception is InvalidDataException or FormatException or EndOfStreamException or IOException or ArgumentException)
        {
            throw new VersionRefusedException(VersionRefusal.Archive, "The archive is damaged or cut off; expected tar, compressed with gzip or not.", exception);
        }
    }

    private static async Task CopyEntriesAsync(CountedStream unpacked, CountedStream packed, VersionStaging staging, CancellationToken cancellation)
    {
        await using var reader = new TarReader(unpacked, leaveOpen: true);
        while (await reader.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    var content = new BoundedStream(entry.DataStream ?? Stream.Null, () => CheckExpansion(unpacked, packed, staging.Limits));
                    await staging.AddAsync(name, content, cancellation);
                    break;
                case TarEntryType.Directory:
                    staging.CheckFolder(name.TrimEnd('/'));
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                default:
                    throw new VersionRefusedException(
                        VersionRefusal.Kind, $"{VersionFileName.Show(name)} is a {entry.EntryType}; expected regular files only.");
            }
            CheckExpansion(unpacked, packed, staging.Limits);
        }
        if (!unpacked.EndsInZeros)
        {
            throw new InvalidDataException("No end of archive.");
        }
    }

    private static void CheckExpansion(CountedStream unpacked, CountedStream packed, StoreLimits limits)
    {
        if (unpacked.Count > FreeBytes + packed.Count * limits.MaxExpansion)
        {
            throw new VersionRefusedException(VersionRefusal.TooLarge, $"The archive unpacks to more than {limits.MaxExpansion} times its size.");
        }
    }
}
