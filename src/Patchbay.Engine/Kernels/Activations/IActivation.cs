namespace Patchbay.Engine.Kernels.Activations;

/// <summary>The non-linear function of a feed-forward network. A struct whose fields are its parameters.</summary>
internal interface IActivation
{
    TVector Apply<TSimd, TVector>(TVector x)
        where TSimd : struct, ISimd<TVector>
        where TVector : unmanaged;

    /// <summary>The definition, in double precision: the test of <see cref="Apply"/>.</summary>
    double ApplyReference(double x);
}
