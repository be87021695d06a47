using System.Globalization;
using System.Text;

namespace Patchbay.Server.Observability;

/// <summary>Writes metrics in Prometheus' text format 0.0.4: one family after the other, each with its help and type.</summary>
internal sealed class PrometheusText
{
    private readonly StringBuilder _text = new(4096);
    private string _family = "";

    /// <summary>Begins a family; its samples follow.</summary>
    /// <param name="type"><c>counter</c>, <c>gauge</c> or <c>histogram</c>.</param>
    public PrometheusText Family(string name, string type, string help)
    {
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n')
            .Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>A sample of the present family.</summary>
    public PrometheusText Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Write("", value, labels);

    /// <summary>The samples of one histogram of the present family.</summary>
    public PrometheusText Histogram(HistogramSnapshot histogram, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        Span<(string Name, string Value)> all = new (string, string)[labels.Length + 1];
        labels.CopyTo(all);
        long below = 0;
        for (var i = 0; i < histogram.Counts.Length; i++)
        {
            below += histogram.Counts[i];
            all[^1] = ("le", i < histogram.Bounds.Length ? Show(histogram.Bounds[i]) : "+Inf");
            Write("_bucket", below, all);
        }
        Write("_sum", histogram.Sum, labels);
        return Write("_count", below, labels);
    }

    /// <inheritdoc/>
    public override string ToString() => _text.ToString();

    private PrometheusText Write(string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_family).Append(suffix);
        var separator = '{';
        foreach (var (name, label) in labels)
        {
            _text.Append(separator).Append(name).Append("=\"");
            Escape(label);
            _text.Append('"');
            separator = ',';
        }
        if (separator == ',')
        {
            _text.Append('}');
        }
        _text.Append(' ').Append(Show(value)).Append('\n');
        return this;
    }

    private void Escape(string label)
    {
        foreach (var letter in label)
        {
            _ = letter switch
            {
                '\\' => _text.Append("\\\\"),
                '"' => _text.Append("\\\""),
                '\n' => _text.Append("\\n"),
                _ => _text.Append(letter),
            };
        }
    }

    private static string Show(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
