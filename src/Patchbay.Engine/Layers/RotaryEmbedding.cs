using Patchbay.Engine.Kernels;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>Cosines and sines of the rows of a batch, each of shape (rows, rotaryDim / 2).</summary>
internal readonly record struct RotaryAngles(Matrix Cosines, Matrix Sines);

/// <summary>Rotary position embedding: turns queries and keys by angles position · frequency.</summary>
/// <param name="frequencies">How the angles grow with the position.</param>
/// <param name="turnsNeighbours">Whether a pair is (2i, 2i + 1) instead of (i, i + rotaryDim/2).</param>
internal sealed unsafe class RotaryEmbedding(RotaryFrequencies frequencies, bool turnsNeighbours = false)
{
    /// <summary>Turns all heads of (rows, heads·headDim) in place.</summary>
    public void Forward(ForwardBatch batch, Matrix heads, int headDim)
    {
        var angles = batch.Angles(this);
        if (turnsNeighbours)
        {
            batch.Pool.RunRows(new RotateNeighbours(heads, angles.Cosines, angles.Sines, headDim), heads.Rows, heads.Columns);
        }
        else
        {
            batch.Pool.RunRows(new Rotate(heads, angles.Cosines, angles.Sines, headDim), heads.Rows, heads.Columns);
        }
    }

    /// <summary>Called by <see cref="ForwardBatch.Angles"/> once a step.</summary>
    public RotaryAngles Compute(ForwardBatch batch, ReadOnlySpan<int> rotaryLengths)
    {
        var half = frequencies.Inverse(0).Length;
        var cosines = batch.PassArena.Rent(batch.RowCount, half);
        var sines = batch.PassArena.Rent(batch.RowCount, half);
        for (var i = 0; i < batch.SequenceCount; i++)
        {
            var rows = batch.Sequences[i];
            var inverse = frequencies.Inverse(rotaryLengths[i]);
            for (var row = rows.FirstRow; row < rows.FirstRow + rows.RowCount; row++)
            {
                for (var j = 0; j < half; j++)
                {
                    // The product is rounded to float32 before the sine is taken, as in transformers.
                    var (sine, cosine) = Math.SinCos(batch.Positions[row] * inverse[j]);
                    cosines.Row(row)[j] = (float)cosine * frequencies.AttentionFactor;
                    sines.Row(row)[j] = (float)sine * frequencies.AttentionFactor;
                }
            }
        }

        return new RotaryAngles(cosines, sines);
    }
}
