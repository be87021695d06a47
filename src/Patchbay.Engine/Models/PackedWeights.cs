using Patchbay.Engine.Adapters;
using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Packed;

namespace Patchbay.Engine.Models;

/// <summary>A weight that is to be packed.</summary>
/// <param name="Path">Its module.</param>
/// <param name="Weight">As it is stored.</param>
/// <param name="Encoding">How it is packed.</param>
internal sealed record PackingTask(string Path, WeightMatrix Weight, PackedEncoding Encoding)
{
    /// <summary>Bytes that the packed weight takes.</summary>
    public long ByteLength => PackedMatrix.ByteLengthOf(Encoding, Weight.Rows, Weight.Columns);
}

/// <summary>
/// The packed weights of one model: mapped from a file that an earlier start left, or packed now and written to such a file beside
/// the running engine. What was stored stays mapped; pages of it that nobody reads cost no memory.
/// </summary>
internal sealed class PackedWeights : IDisposable
{
    private readonly List<IDisposable> _owned = [];
    private readonly CancellationTokenSource _closing = new();
    private Task _writing = Task.CompletedTask;

    private PackedWeights()
    {
    }

    /// <summary>Whether they came from a file.</summary>
    public bool IsMapped { get; private set; }

    /// <summary>Packs the modules of a model.</summary>
    /// <param name="modules">Its modules; their weights know their packed form afterwards.</param>
    /// <param name="packing">Which and how.</param>
    /// <param name="modelPath">Directory or file that the weights come from.</param>
    public static PackedWeights Load(ModuleTable modules, WeightPacking packing, string modelPath)
    {
        var packed = new PackedWeights();
        try
        {
            packed.Fill(Plan(modules, packing), packing, modelPath);
            return packed;
        }
        catch
        {
            packed.Dispose();
            throw;
        }
    }

    /// <summary>Returns when the file is written, or could not be.</summary>
    public Task WhenWritten() => _writing;

    public void Dispose()
    {
        _closing.Cancel();
        _writing.Wait();
        _owned.ForEach(item => item.Dispose());
        _closing.Dispose();
    }

    // Modules that are tied share one weight.
    private static List<PackingTask> Plan(ModuleTable modules, WeightPacking packing)
    {
        var tasks = new List<PackingTask>();
        var known = new HashSet<WeightMatrix>();
        foreach (var module in modules.Modules)
        {
            if (packing.EncodingOf(module) is { } encoding && known.Add(module.Weight))
            {
                tasks.Add(new PackingTask(module.Path, module.Weight, encoding));
            }
        }

        return tasks;
    }

    private void Fill(List<PackingTask> tasks, WeightPacking packing, string modelPath)
    {
        var isCached = packing.CacheDirectory is not null && tasks.Sum(task => task.ByteLength) >= packing.SmallestCached;
        var file = isCached ? PackedFile.For(packing.CacheDirectory!, modelPath, tasks) : null;
        if (file?.TryMap(tasks) is { } mapped)
        {
            _owned.Add(mapped);
            IsMapped = true;
            return;
        }

        foreach (var task in tasks)
        {
            if (WeightPacker.Pack(task.Weight, task.Encoding) is { } matrix)
            {
                _owned.Add(matrix);
                task.Weight.Packed = matrix;
            }
        }

        if (file is not null)
        {
            _writing = Task.Run(() => file.TryWrite(tasks, _closing.Token));
        }
    }
}
