using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Patchbay.Bench;

/// <summary>
/// A tokenizer.json for models without a language: each byte of a text is a token, and every other id of the vocabulary has a
/// spelling, so that whatever a random model answers is text.
/// </summary>
internal static class ByteTokenizerFile
{
    public static void Write(string path, int vocabulary)
    {
        using var file = File.Create(path);
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        json.WriteStartObject();
        json.WriteString("version"u8, "1.0"u8);
        json.WriteStartArray("added_tokens"u8);
        json.WriteEndArray();
        WriteByteLevel(json, "pre_tokenizer");
        WriteByteLevel(json, "decoder");
        json.WriteStartObject("model"u8);
        json.WriteString("type"u8, "BPE"u8);
        json.WriteStartObject("vocab"u8);
        for (var id = 0; id < vocabulary; id++)
        {
            json.WriteNumber(Spelling(id), id);
        }
        json.WriteEndObject();
        json.WriteStartArray("merges"u8);
        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteByteLevel(Utf8JsonWriter json, string part)
    {
        json.WriteStartObject(part);
        json.WriteString("type"u8, "ByteLevel"u8);
        json.WriteBoolean("add_prefix_space"u8, false);
        json.WriteBoolean("trim_offsets"u8, true);
        json.WriteBoolean("use_regex"u8, false);
        json.WriteEndObject();
    }

    // GPT-2's byte alphabet: printable Latin-1 stands for itself, the other bytes for the characters from U+0100 on.
    private static string Spelling(int id)
    {
        if (id > byte.MaxValue)
        {
            return string.Create(CultureInfo.InvariantCulture, $"w{id}");
        }
        var shifted = Enumerable.Range(0, id).Count(value => !IsPrintable(value));
        return ((char)(IsPrintable(id) ? id : 256 + shifted)).ToString();
    }

    private static bool IsPrintable(int value) => value is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
}
