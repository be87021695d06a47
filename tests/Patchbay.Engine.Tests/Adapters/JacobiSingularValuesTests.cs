using Patchbay.Engine.Adapters;

namespace Patchbay.Engine.Tests.Adapters;

public sealed class JacobiSingularValuesTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(9, 4)]
    [InlineData(33, 33)]
    public void Parts_AddUpToTheMatrix_AndAreOrthogonal(int rows, int columns)
    {
        var random = new Random(rows + columns);
        double[][] matrix = [.. Enumerable.Range(0, columns).Select(_ => Enumerable.Range(0, rows).Select(_ => random.NextDouble() - 0.5).ToArray())];
        var values = new JacobiSingularValues([.. matrix.Select(column => column.ToArray())]);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var sum = Enumerable.Range(0, columns).Sum(place => values.ScaledLeft(place)[row] * values.Right(place)[column]);
                Assert.Equal(matrix[column][row], sum, 1e-13);
            }
        }

        var sizes = values.Ascending.Select(place => Dot(values, place, place)).ToList();
        Assert.Equal(sizes.Order(), sizes);
        for (var i = 1; i < columns; i++)
        {
            Assert.Equal(0, Dot(values, 0, i), 1e-13);
        }
    }

    [Fact]
    public void MatrixOfRankOne_HasOneSingularValue()
    {
        var values = new JacobiSingularValues([[1, 2, 3], [2, 4, 6], [3, 6, 9]]);
        Assert.Equal(14, Math.Sqrt(Dot(values, values.Ascending[2], values.Ascending[2])), 1e-12);
        Assert.Equal(0, Dot(values, values.Ascending[1], values.Ascending[1]), 1e-24);
    }

    private static double Dot(JacobiSingularValues values, int one, int other)
    {
        var sum = 0.0;
        for (var i = 0; i < values.ScaledLeft(one).Length; i++)
        {
            sum += values.ScaledLeft(one)[i] * values.ScaledLeft(other)[i];
        }

        return sum;
    }
}
