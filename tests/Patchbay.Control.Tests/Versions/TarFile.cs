using System.Formats.Tar;
using System.IO.Compression;
using System.Text;

namespace Patchbay.Control.Tests.VersionFiles;

/// <summary>Writes tar archives for tests.</summary>
internal static class TarFile
{
    public static byte[] Of(params (string Name, string Content)[] files) =>
        Write(writer =>
        {
            foreach (var (name, content) in files)
            {
                Add(writer, name, Encoding.UTF8.GetBytes(content));
            }
        });

    public static byte[] Write(Action<TarWriter> write, TarEntryFormat format = TarEntryFormat.Pax)
    {
        var memory = new MemoryStream();
        using (var writer = new TarWriter(memory, format, leaveOpen: true))
        {
            write(writer);
        }
        return memory.ToArray();
    }

    public static void Add(TarWriter writer, string name, byte[] content) =>
        writer.WriteEntry(new PaxTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });

    public static byte[] Compress(byte[] archive)
    {
        var memory = new MemoryStream();
        using (var packed = new GZipStream(memory, CompressionLevel.Fastest, leaveOpen: true))
        {
            packed.Write(archive);
        }
        return memory.ToArray();
    }
}
