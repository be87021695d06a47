using Patchbay.Engine.Kernels.Packed;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>
/// Products y = x·Wᵀ of linear layers that read the same input, with what adapters and biases make of them. They are gathered first;
/// packed ones then share the quantised input and a dispatch, which is most of what small matrices cost a decode step. Of a long
/// prompt each task changes the tile that it has computed at once: a pass of its own over all outputs, which no cache
/// holds, costs several times what its arithmetic does. Used again and again; keeps its memory.
/// </summary>
internal sealed class LinearProducts
{
    // Below this many rows for each range of them the outputs stay in a cache, and a dispatch over wide runs of B reads it faster than
    // tasks of the products do.
    private const int ChangedAtOnce = 16;

    private readonly List<Product> _products = [];

    /// <summary>What is done to the outputs.</summary>
    public OutputChanges Changes { get; } = new();

    /// <summary>Asks for y = x·Wᵀ. Outputs that the changes begin from now on, up to the next call, are of this product.</summary>
    /// <param name="weight">W, (outputs, inputs).</param>
    /// <param name="x">(rows, inputs).</param>
    /// <param name="y">(rows, outputs).</param>
    public void Add(WeightMatrix weight, Matrix x, Matrix y) => _products.Add(new Product(weight, x, y, Changes.Count));

    /// <summary>Computes everything gathered, changes of the outputs too, and forgets it.</summary>
    public void Run(WorkerPool pool)
    {
        var first = 0;
        if (_products.Count > 0 && _products[0].Weight.Packed is not null && _products[0].X.Rows < ChangedAtOnce)
        {
            // No task of a product waits for the shrinks.
            first = RunTogether(pool, first, Changes.TakeShrinks());
        }
        else
        {
            Changes.RunShrinks(pool);
        }

        while (first < _products.Count)
        {
            first = _products[first].Weight.Packed is null ? RunOne(pool, first) : RunTogether(pool, first, default);
        }

        _products.Clear();
        Changes.RunOutputs(pool);
    }

    /// <summary>Forgets what was gathered, because the pass that gathered it has failed.</summary>
    public void Clear()
    {
        _products.Clear();
        Changes.Clear();
    }

    private int RunOne(WorkerPool pool, int index)
    {
        var product = _products[index];
        MatMul.Run(pool, product.Weight, product.X, product.Y, ChangesOf(index));
        return index + 1;
    }

    private int RunTogether(WorkerPool pool, int first, OutputChanges.ShrinkTasks beside)
    {
        var together = default(PackedProducts);
        var x = _products[first].X;
        var encoding = _products[first].Weight.Packed!.Encoding;
        var next = first;
        for (; next < _products.Count && next - first < PackedProducts.Most; next++)
        {
            var product = _products[next];
            if (product.Weight.Packed is not { } packed || packed.Encoding != encoding || !IsSame(product.X, x))
            {
                break;
            }

            MatMul.CheckShapes(product.Weight, product.X, product.Y);
            together[next - first] = new PackedProduct(packed, product.Y, ChangesOf(next));
        }

        PackedMatMul.Run(pool, PackedPaths.For(pool.Path), together, next - first, x, beside);
        return next;
    }

    private TileChanges ChangesOf(int index)
    {
        var product = _products[index];
        var end = index + 1 < _products.Count ? _products[index + 1].FirstOutput : Changes.Count;
        return product.X.Rows >= ChangedAtOnce * (end - product.FirstOutput) ? Changes.Take(product.FirstOutput, end) : default;
    }

    private static unsafe bool IsSame(Matrix one, Matrix other) => one.Data == other.Data && one.Rows == other.Rows && one.Columns == other.Columns;

    private readonly record struct Product(WeightMatrix Weight, Matrix X, Matrix Y, int FirstOutput);
}
