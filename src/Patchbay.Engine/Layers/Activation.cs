using Patchbay.Engine.Kernels;
using Patchbay.Engine.Kernels.Activations;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Layers;

/// <summary>The non-linear function of a feed-forward network, on all rows of a batch.</summary>
internal abstract class Activation : IGatedActivation
{
    public static Activation Silu { get; } = Of(new Silu());

    private static readonly Dictionary<string, Activation> s_named = new()
    {
        ["silu"] = Silu,
        ["swish"] = Silu,
        ["gelu"] = Of(new Gelu()),
        ["gelu_fast"] = Of(new GeluTanh()),
        ["gelu_new"] = Of(new GeluTanh()),
        ["gelu_pytorch_tanh"] = Of(new GeluTanh()),
        ["relu"] = Of(new Relu()),
        ["relu2"] = Of(new SquaredRelu()),
    };

    /// <summary>The names that transformers gives to functions without parameters.</summary>
    public static IEnumerable<string> Names => s_named.Keys;

    /// <summary>The function of that name, or null.</summary>
    public static Activation? Find(string name) => s_named.GetValueOrDefault(name);

    public static Activation Of<TActivation>(TActivation function)
        where TActivation : struct, IActivation => new Function<TActivation>(function);

    /// <summary>x = f(x).</summary>
    public abstract void Apply(ForwardBatch batch, Matrix x);

    /// <summary>gate = f(gate)·up.</summary>
    public abstract void ApplyGated(ForwardBatch batch, Matrix gate, Matrix up);

    private sealed class Function<TActivation>(TActivation function) : Activation
        where TActivation : struct, IActivation
    {
        public override void Apply(ForwardBatch batch, Matrix x) =>
            batch.Pool.RunRows(new Activate<TActivation>(function, x), x.Rows, x.Columns);

        public override void ApplyGated(ForwardBatch batch, Matrix gate, Matrix up) =>
            batch.Pool.RunRows(new ActivateGated<TActivation>(function, gate, up), gate.Rows, gate.Columns);
    }
}
