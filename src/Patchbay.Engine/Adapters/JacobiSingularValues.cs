using System.Numerics;

namespace Patchbay.Engine.Adapters;

/// <summary>
/// Singular value decomposition by one-sided Jacobi rotations (Hestenes 1958; Golub and Van Loan, Matrix Computations, §8.6.3) in
/// double precision: pairs of columns of A are rotated until all are orthogonal; then A·V = U·Σ. Small and accurate, also for small
/// singular values, which is what it is for; its time grows with the third power of the size.
/// </summary>
internal sealed class JacobiSingularValues
{
    private const int MaxSweeps = 60;

    // Columns whose cosine is below this count as orthogonal.
    private const double Tolerance = 1e-15;

    private readonly double[][] _columns;
    private readonly double[][] _rotations;

    /// <param name="columns">The columns of A, changed: no more of them than each has values.</param>
    public JacobiSingularValues(double[][] columns)
    {
        _columns = columns;
        _rotations = [.. Enumerable.Range(0, columns.Length).Select(i => Unit(columns.Length, i))];
        for (var sweep = 0; sweep < MaxSweeps && Sweep(); sweep++)
        {
        }
    }

    /// <summary>Places of the singular values, the smallest first.</summary>
    public IReadOnlyList<int> Ascending =>
        [.. Enumerable.Range(0, _columns.Length).OrderBy(i => Dot(_columns[i], _columns[i]))];

    /// <summary>u·σ of a place.</summary>
    public ReadOnlySpan<double> ScaledLeft(int place) => _columns[place];

    /// <summary>v of a place.</summary>
    public ReadOnlySpan<double> Right(int place) => _rotations[place];

    // False when all columns are orthogonal.
    private bool Sweep()
    {
        var rotated = false;
        for (var p = 0; p < _columns.Length - 1; p++)
        {
            for (var q = p + 1; q < _columns.Length; q++)
            {
                rotated |= Rotate(p, q);
            }
        }

        return rotated;
    }

    private bool Rotate(int p, int q)
    {
        var alpha = Dot(_columns[p], _columns[p]);
        var beta = Dot(_columns[q], _columns[q]);
        var gamma = Dot(_columns[p], _columns[q]);
        if (Math.Abs(gamma) <= Tolerance * Math.Sqrt(alpha * beta))
        {
            return false;
        }

        var zeta = (beta - alpha) / (2 * gamma);
        var tangent = (zeta < 0 ? -1 : 1) / (Math.Abs(zeta) + Math.Sqrt(1 + (zeta * zeta)));
        var cosine = 1 / Math.Sqrt(1 + (tangent * tangent));
        Rotate(_columns[p], _columns[q], cosine, cosine * tangent);
        Rotate(_rotations[p], _rotations[q], cosine, cosine * tangent);
        return true;
    }

    private static double Dot(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        var sum = Vector<double>.Zero;
        var i = 0;
        for (; i <= x.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            sum += new Vector<double>(x[i..]) * new Vector<double>(y[i..]);
        }

        var total = Vector.Sum(sum);
        for (; i < x.Length; i++)
        {
            total += x[i] * y[i];
        }

        return total;
    }

    private static void Rotate(double[] p, double[] q, double cosine, double sine)
    {
        for (var i = 0; i < p.Length; i++)
        {
            (p[i], q[i]) = ((cosine * p[i]) - (sine * q[i]), (sine * p[i]) + (cosine * q[i]));
        }
    }

    private static double[] Unit(int length, int place)
    {
        var unit = new double[length];
        unit[place] = 1;
        return unit;
    }
}
