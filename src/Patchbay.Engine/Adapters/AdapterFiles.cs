using System.Security.Cryptography;
using Patchbay.Engine.Checkpoints.Pickle;
using Patchbay.Engine.Checkpoints.Safetensors;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// The files of an adapter directory, read once: what is parsed is what was hashed, whatever happens to the directory
/// meanwhile. Symbolic links are refused, so nothing outside the directory is read.
/// </summary>
internal sealed unsafe class AdapterFiles : IDisposable
{
    public const string ConfigFile = "adapter_config.json";
    public const string WeightsFile = "adapter_model.safetensors";
    public const string PickleFile = "adapter_model.bin";
    private const int MaxFiles = 256;
    private const long MaxBytes = 8L << 30;
    private const long MaxConfigBytes = 4 << 20;

    // Never part of a model in the OpenSSF Model Signing specification, or its signature.
    private static readonly string[] Excluded = [".git", ".gitignore", ".gitattributes", ".github", "model.sig"];

    private readonly List<NativeBuffer> _kept = [];

    private AdapterFiles(AdapterDigest digest, byte[] config, NativeBuffer weights, string weightsName, long totalBytes)
    {
        WeightsName = weightsName;
        Digest = digest;
        Config = config;
        Weights = weights;
        TotalBytes = totalBytes;
    }

    public AdapterDigest Digest { get; }

    /// <summary>Content of adapter_config.json.</summary>
    public byte[] Config { get; }

    /// <summary>Content of the file of weights.</summary>
    public NativeBuffer Weights { get; }

    /// <summary>adapter_model.safetensors, or adapter_model.bin where there is no other.</summary>
    public string WeightsName { get; }

    /// <summary>Whether llama.cpp's converter made it.</summary>
    public bool IsGguf => WeightsName.EndsWith(".gguf", StringComparison.Ordinal);

    /// <summary>Bytes of all files.</summary>
    public long TotalBytes { get; }

    /// <param name="open">How a file is opened: one seam, so that tests can let each read fail.</param>
    /// <exception cref="AdapterRefusedException">A file is missing, too large, a link, or cannot be read.</exception>
    public static AdapterFiles Read(string directory, Func<FileInfo, Stream> open, CancellationToken cancellation)
    {
        byte[]? config = null;
        NativeBuffer? weights = null;
        var weightsName = WeightsFile;
        try
        {
            var hashes = new List<(string, byte[])>();
            var total = 0L;
            var gguf = FindGguf(directory);
            foreach (var (name, file) in Enumerate(directory, gguf is not null))
            {
                cancellation.ThrowIfCancellationRequested();
                total += file.Length;
                if (hashes.Count == MaxFiles || total > MaxBytes)
                {
                    throw new AdapterRefusedException($"The adapter has more than {MaxFiles} files or {MaxBytes} bytes.");
                }

                if (name == ConfigFile)
                {
                    config = file.Length == 0 ? []
                        : file.Length <= MaxConfigBytes ? ReadWhole(file, open)
                        : throw new AdapterRefusedException($"{ConfigFile}: expected at most {MaxConfigBytes} bytes, found {file.Length}.");
                    hashes.Add((name, SHA256.HashData(config)));
                }
                else if (name == gguf || name == WeightsFile || (name == PickleFile && !File.Exists(Path.Combine(directory, WeightsFile))))
                {
                    weights?.Dispose();
                    (weights, var hash) = ReadHashed(file, open, cancellation);
                    weightsName = name;
                    hashes.Add((name, hash));
                }
                else
                {
                    hashes.Add((name, Hash(file, open)));
                }
            }

            if (weights is null)
            {
                throw new AdapterRefusedException($"{WeightsFile} is missing.");
            }

            return new AdapterFiles(AdapterDigest.OfFiles(hashes), config ?? [], weights, weightsName, total);
        }
        catch (Exception exception)
        {
            weights?.Dispose();
            throw exception is IOException or UnauthorizedAccessException
                ? new AdapterRefusedException("A file of the adapter cannot be read.", exception)
                : exception;
        }
    }

    /// <summary>The tensors of the file of weights; they point into <see cref="Weights"/>.</summary>
    /// <exception cref="AdapterRefusedException">The file breaks a rule of its format.</exception>
    public IReadOnlyDictionary<string, TensorView> ReadTensors()
    {
        try
        {
            return WeightsName == PickleFile
                ? TorchArchive.Parse(Weights.Data, Weights.Length, PickleFile)
                : SafetensorsFile.Parse(Weights.Data, Weights.Length, WeightsFile, owner: null).Tensors;
        }
        catch (InvalidDataException exception)
        {
            throw new AdapterRefusedException(exception.Message, exception);
        }
    }

    /// <summary>Memory that is needed as long as the files are.</summary>
    public NativeBuffer Keep(NativeBuffer buffer)
    {
        _kept.Add(buffer);
        return buffer;
    }

    public void Dispose()
    {
        Weights.Dispose();
        _kept.ForEach(buffer => buffer.Dispose());
    }

    /// <summary>The one GGUF file of a directory without adapter_config.json.</summary>
    private static string? FindGguf(string directory) =>
        Directory.Exists(directory) && !File.Exists(Path.Combine(directory, ConfigFile)) && Directory.GetFiles(directory, "*.gguf") is [var file]
            ? Path.GetFileName(file)
            : null;

    private static IEnumerable<(string Name, FileInfo File)> Enumerate(string directory, bool isGguf)
    {
        if (!Directory.Exists(directory))
        {
            throw new AdapterRefusedException($"The adapter directory does not exist; expected one with {ConfigFile} and {WeightsFile}.");
        }

        if (!isGguf && !File.Exists(Path.Combine(directory, ConfigFile)))
        {
            // Said before anything is read: whoever names the wrong directory should not wait for it to be hashed.
            throw new AdapterRefusedException($"{ConfigFile} is missing.");
        }

        var pending = new Stack<string>([directory]);
        while (pending.TryPop(out var current))
        {
            foreach (var entry in new DirectoryInfo(current).EnumerateFileSystemInfos())
            {
                var name = Path.GetRelativePath(directory, entry.FullName).Replace('\\', '/');
                if (Excluded.Contains(name))
                {
                    continue;
                }

                if (entry.LinkTarget is not null)
                {
                    throw new AdapterRefusedException($"{name} is a symbolic link; expected regular files only.");
                }

                if (entry is FileInfo file)
                {
                    yield return (name, file);
                }
                else
                {
                    pending.Push(entry.FullName);
                }
            }
        }
    }

    private static byte[] ReadWhole(FileInfo file, Func<FileInfo, Stream> open)
    {
        using var stream = open(file);
        var content = new byte[file.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static byte[] Hash(FileInfo file, Func<FileInfo, Stream> open)
    {
        // Pipes, sockets and devices have no length either: opening one could wait for ever.
        if (file.Length == 0)
        {
            return SHA256.HashData([]);
        }

        using var stream = open(file);
        return SHA256.HashData(stream);
    }

    private static (NativeBuffer Buffer, byte[] Sha256) ReadHashed(FileInfo file, Func<FileInfo, Stream> open, CancellationToken cancellation)
    {
        if (file.Length == 0)
        {
            return (new NativeBuffer(0), SHA256.HashData([]));
        }

        using var stream = open(file);
        var buffer = NativeBuffer.ToFill(stream.Length);
        try
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            for (var offset = 0L; offset < buffer.Length;)
            {
                cancellation.ThrowIfCancellationRequested();
                var chunk = new Span<byte>(buffer.Data + offset, (int)Math.Min(1 << 20, buffer.Length - offset));
                stream.ReadExactly(chunk);
                hash.AppendData(chunk);
                offset += chunk.Length;
            }

            return (buffer, hash.GetHashAndReset());
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
