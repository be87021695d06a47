using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Queries (rows, queryHeads·headDim), keys and values (rows, kvHeads·headDim) of a batch, before norms and rotation.</summary>
/// <param name="Queries">Queries.</param>
/// <param name="Keys">Keys.</param>
/// <param name="Values">Values.</param>
/// <param name="OutputGates">What attention's result is gated with, as wide as the queries; default where there is no such gate.</param>
internal readonly record struct ProjectedHeads(Matrix Queries, Matrix Keys, Matrix Values, Matrix OutputGates = default);

/// <summary>Makes queries, keys and values from the hidden state.</summary>
internal interface IProjection
{
    /// <summary>Columns of the keys, and of the values.</summary>
    int KeySize { get; }

    ProjectedHeads Forward(ForwardBatch batch, Matrix x);
}
