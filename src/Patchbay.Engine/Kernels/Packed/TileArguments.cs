using System.Runtime.InteropServices;

namespace Patchbay.Engine.Kernels.Packed;

/// <summary>What a kernel gets: one panel of weights, a few rows of activations. Emitted code reads it at these offsets.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileArguments
{
    /// <summary>Codes of the panel.</summary>
    public byte* Codes;

    /// <summary>Scales of the panel.</summary>
    public byte* Scales;

    /// <summary>Activations as (groups, rows, inputs of a group).</summary>
    public sbyte* Activations;

    /// <summary>Their scales (groups, rows).</summary>
    public float* ActivationScales;

    /// <summary>
    /// (groups, rows): −zero point·Σ of the activations of a group as an integer, or scale·Σ of them as float32 where the
    /// encoding has a minimum.
    /// </summary>
    public void* Offsets;

    /// <summary>Where the sixteen results of the first row go.</summary>
    public float* Output;

    /// <summary>Bytes from the results of one row to those of the next.</summary>
    public nint OutputStride;

    /// <summary>Groups of inputs.</summary>
    public nint Groups;

    /// <summary>Rows of activations.</summary>
    public nint Rows;
}
