using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Models;

/// <summary>
/// Packed weights on disk. The name is a fingerprint of what they were made from: names, sizes and times of change of the
/// checkpoint's files, and of every weight its place in the model, type, shape and sixteen samples of its bytes. The whole content
/// is not read, which would take as long as packing; whoever changes weights and keeps all that gets the old ones.
/// <code>
/// header  magic, length of the header, length of the file, count; per weight encoding, rows, columns, offset (−1: not packed),
///         checksum; SHA-256
/// body    panels, each weight on a cache line
/// </code>
/// Written to a temporary file, flushed to disk, then renamed. A file whose header, length or checksums are not what they must be
/// is packed anew. The checksums find damage, not intent: whoever can write the file can write them too.
/// </summary>
internal sealed unsafe class PackedFile
{
    // Increment when the layout of panels or the choice of codes changes.
    private const long Magic = 0x0003_4b43_4150_4250;
    private const int FixedBytes = 32;
    private const int EntryBytes = 32;
    private const int DigestBytes = 32;
    private const int MaxFiles = 8;
    private const int ChunkBytes = 16 << 20;
    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromDays(1);

    private readonly string _path;

    private PackedFile(string path)
    {
        _path = path;
    }

    /// <summary>The file of these weights, whether it exists or not.</summary>
    public static PackedFile For(string directory, string modelPath, IReadOnlyList<PackingTask> tasks) =>
        new(Path.Combine(directory, Convert.ToHexStringLower(Fingerprint(modelPath, tasks).AsSpan(0, 16)) + ".packed"));

    /// <summary>Gives the weights their packed form from the file; null if there is none, or it is damaged.</summary>
    public IDisposable? TryMap(IReadOnlyList<PackingTask> tasks)
    {
        MappedFile? file = null;
        try
        {
            if (!File.Exists(_path))
            {
                return null;
            }

            file = MappedFile.Open(_path);
            var offsets = Offsets(tasks, task => IsPacked(file, tasks, task), out var length);
            if (file.Length != length || !HasHeader(file, tasks, offsets, length) || !IsIntact(file, tasks, offsets))
            {
                file.Dispose();
                return null;
            }

            // The least recently used files are removed first.
            File.SetLastWriteTimeUtc(_path, TimeProvider.System.GetUtcNow().UtcDateTime);
            Bind(file, tasks);
            return file;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            return null;
        }
    }

    /// <summary>Writes the packed weights; where that fails, the next start packs again.</summary>
    public void TryWrite(IReadOnlyList<PackingTask> tasks, CancellationToken cancellation)
    {
        var temporary = $"{_path}.{Environment.ProcessId}.tmp";
        try
        {
            CreateDirectory(Path.GetDirectoryName(_path)!);
            using (var stream = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1))
            {
                var offsets = Offsets(tasks, task => tasks[task].Weight.Packed is not null, out var length);
                stream.Write(Header(tasks, offsets, length, task => BodyChecksum.Of(tasks[task].Weight.Packed!.Data, tasks[task].ByteLength)));
                for (var i = 0; i < tasks.Count; i++)
                {
                    if (tasks[i].Weight.Packed is { } packed)
                    {
                        stream.Position = offsets[i];
                        Write(stream, packed, cancellation);
                    }
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, _path, overwrite: true);
            RemoveOldest(Path.GetDirectoryName(_path)!);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            Remove(temporary);
        }
    }

    private static void Write(FileStream stream, PackedMatrix packed, CancellationToken cancellation)
    {
        for (var done = 0L; done < packed.ByteLength; done += ChunkBytes)
        {
            cancellation.ThrowIfCancellationRequested();
            stream.Write(new ReadOnlySpan<byte>(packed.Data + done, (int)Math.Min(ChunkBytes, packed.ByteLength - done)));
        }
    }

    private static void Bind(MappedFile file, IReadOnlyList<PackingTask> tasks)
    {
        for (var i = 0; i < tasks.Count; i++)
        {
            var (weight, offset) = (tasks[i].Weight, StoredOffset(file, i));
            if (offset >= 0)
            {
                weight.Packed = new PackedMatrix(tasks[i].Encoding, weight.Rows, weight.Columns, file.Data + offset);
            }
        }
    }

    // Which weights were packed is the one thing that a header says beyond what is known.
    private static bool IsPacked(MappedFile file, IReadOnlyList<PackingTask> tasks, int task) =>
        file.Length >= FixedBytes + ((long)EntryBytes * tasks.Count) + DigestBytes && StoredOffset(file, task) >= 0;

    private static long StoredOffset(MappedFile file, int task) => *(long*)(file.Data + FixedBytes + ((long)task * EntryBytes) + 16);

    private static ulong StoredChecksum(MappedFile file, int task) => *(ulong*)(file.Data + FixedBytes + ((long)task * EntryBytes) + 24);

    private static bool HasHeader(MappedFile file, IReadOnlyList<PackingTask> tasks, long[] offsets, long length)
    {
        var header = Header(tasks, offsets, length, task => StoredChecksum(file, task));
        return new ReadOnlySpan<byte>(file.Data, header.Length).SequenceEqual(header);
    }

    // Reads the whole body. The first step would do that too, so what it costs is little more than the arithmetic. Large ones first.
    private static bool IsIntact(MappedFile file, IReadOnlyList<PackingTask> tasks, long[] offsets)
    {
        int[] packed = [.. Enumerable.Range(0, tasks.Count).Where(task => offsets[task] >= 0).OrderByDescending(task => tasks[task].ByteLength)];
        var isIntact = true;
        Parallel.For(0, packed.Length, (place, loop) =>
        {
            var task = packed[place];
            if (BodyChecksum.Of(file.Data + offsets[task], tasks[task].ByteLength) != StoredChecksum(file, task))
            {
                Volatile.Write(ref isIntact, false);
                loop.Stop();
            }
        });
        return isIntact;
    }

    private static long[] Offsets(IReadOnlyList<PackingTask> tasks, Func<int, bool> isPacked, out long length)
    {
        length = Aligned(FixedBytes + ((long)EntryBytes * tasks.Count) + DigestBytes);
        var offsets = new long[tasks.Count];
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = isPacked(i) ? length : -1;
            length += offsets[i] < 0 ? 0 : Aligned(tasks[i].ByteLength);
        }

        return offsets;
    }

    private static long Aligned(long length) => (length + 63) & ~63L;

    private static byte[] Header(IReadOnlyList<PackingTask> tasks, long[] offsets, long length, Func<int, ulong> checksumOf)
    {
        var header = new byte[Aligned(FixedBytes + ((long)EntryBytes * tasks.Count) + DigestBytes)];
        BinaryPrimitives.WriteInt64LittleEndian(header, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(8), header.Length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(16), length);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(24), tasks.Count);
        for (var i = 0; i < tasks.Count; i++)
        {
            var entry = header.AsSpan(FixedBytes + (i * EntryBytes));
            BinaryPrimitives.WriteInt64LittleEndian(entry, (long)tasks[i].Encoding);
            BinaryPrimitives.WriteInt32LittleEndian(entry[8..], tasks[i].Weight.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(entry[12..], tasks[i].Weight.Columns);
            BinaryPrimitives.WriteInt64LittleEndian(entry[16..], offsets[i]);
            BinaryPrimitives.WriteUInt64LittleEndian(entry[24..], offsets[i] < 0 ? 0 : checksumOf(i));
        }

        SHA256.HashData(header.AsSpan(0, header.Length - DigestBytes), header.AsSpan(header.Length - DigestBytes));
        return header;
    }

    private static byte[] Fingerprint(string modelPath, IReadOnlyList<PackingTask> tasks)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var files = File.Exists(modelPath) ? [modelPath] : Directory.GetFiles(modelPath, "*.safetensors").Order(StringComparer.Ordinal).ToArray();
        foreach (var file in files.Select(path => new FileInfo(path)))
        {
            Append(hash, $"{file.Name}\n{file.Length}\n{file.LastWriteTimeUtc.Ticks}\n");
        }

        foreach (var (path, weight, encoding) in tasks)
        {
            Append(hash, $"{path}\n{weight.Type}\n{weight.Rows}\n{weight.Columns}\n{encoding}\n");
            const int Samples = 16;
            for (var i = 0; i < Samples; i++)
            {
                var sample = weight.Data + (weight.ByteLength / Samples * i);
                hash.AppendData(new ReadOnlySpan<byte>(sample, (int)Math.Min(64, weight.ByteLength / Samples)));
            }
        }

        return hash.GetHashAndReset();
    }

    private static void Append(IncrementalHash hash, string text) => hash.AppendData(Encoding.UTF8.GetBytes(text));

    private static void CreateDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    private static void RemoveOldest(string directory)
    {
        var abandoned = TimeProvider.System.GetUtcNow().UtcDateTime - s_abandonedAfter;
        foreach (var file in new DirectoryInfo(directory).GetFiles("*.packed.*.tmp").Where(file => file.LastWriteTimeUtc < abandoned))
        {
            Remove(file.FullName);
        }

        foreach (var file in new DirectoryInfo(directory).GetFiles("*.packed").OrderByDescending(file => file.LastWriteTimeUtc).Skip(MaxFiles))
        {
            Remove(file.FullName);
        }
    }

    private static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A file too many does no harm.
        }
    }
}
