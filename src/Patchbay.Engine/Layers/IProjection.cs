using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Queries (rows, queryHeads·headDim), keys and values (rows, kvHeads·headDim) of a batch, before norms and rotation.</summary>
internal readonly record struct ProjectedHeads(Matrix Queries, Matrix Keys, Matrix Values);

/// <summary>Makes queries, keys and values from the hidden state.</summary>
internal interface IProjection
{
    /// <summary>Columns of the keys, and of the values.</summary>
    int KeySize { get; }

    ProjectedHeads Forward(ForwardBatch batch, Matrix x);
}
