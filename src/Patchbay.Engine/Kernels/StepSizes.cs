using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Kernels;

/// <summary>Δ = clamp(ln(1 + e^(x + bias)), least, most), in place: the step sizes of state-space models.</summary>
/// <param name="x">(rows, channels or heads).</param>
/// <param name="bias">One value per column, or null.</param>
internal readonly unsafe struct StepSizes(Matrix x, float* bias, float least, float most) : IRowKernel
{
    private readonly Matrix _x = x;
    private readonly float* _bias = bias;

    public void Apply<TSimd, TVector>(int row)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged
    {
        var x = _x.Row(row);
        for (var i = 0; i < _x.Columns; i++)
        {
            x[i] = Math.Clamp(Softplus(_bias is null ? x[i] : x[i] + _bias[i]), least, most);
        }
    }

    /// <summary>ln(1 + e^x).</summary>
    public static float Softplus(float x)
    {
        // Past 20, e^-x is nothing beside x; below -15, 1 + e^x would round its second term away.
        if (x > 20)
        {
            return x;
        }

        var e = Math.Exp(x);
        return (float)(x < -15 ? e - (e * e / 2) : Math.Log(1 + e));
    }
}
