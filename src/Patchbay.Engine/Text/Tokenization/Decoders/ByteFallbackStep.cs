using System.Globalization;
using System.Text;

namespace Patchbay.Engine.Text.Tokenization.Decoders;

/// <summary>
/// Reads runs of byte tokens (&lt;0x0A&gt;) as UTF-8; a run that is not valid becomes one U+FFFD for each byte.
/// </summary>
/// <param name="isEager">Bytes are released as soon as the run so far is valid.</param>
internal sealed class ByteFallbackStep(bool isEager, DecodeStep next) : DecodeStep
{
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly List<byte> _run = [];

    public static bool TryParse(ReadOnlySpan<byte> token, out byte value)
    {
        value = 0;
        return token.Length == 6 && token.StartsWith("<0x"u8) && token[5] == '>'
            && byte.TryParse(token[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    public override void Push(string token)
    {
        if (token.Length == 6 && TryParse(Encoding.UTF8.GetBytes(token), out var value))
        {
            _run.Add(value);
            if (isEager && TryDecode() is { } text)
            {
                _run.Clear();
                next.Push(text);
            }

            return;
        }

        EndRun();
        next.Push(token);
    }

    public override void Flush()
    {
        EndRun();
        next.Flush();
    }

    private void EndRun()
    {
        if (_run.Count == 0)
        {
            return;
        }

        if (TryDecode() is { } text)
        {
            next.Push(text);
        }
        else
        {
            for (var i = 0; i < _run.Count; i++)
            {
                next.Push("\uFFFD");
            }
        }

        _run.Clear();
    }

    private string? TryDecode()
    {
        try
        {
            return Strict.GetString([.. _run]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
