using Patchbay.Engine.Text.Tokenization.PreTokenizers;
using Patchbay.Engine.Text.Tokenization.Scanners;

namespace Patchbay.Engine.Text.Tokenization.Files;

/// <summary>
/// What tokenizer.ggml.pre stands for (llama.cpp, llama-vocab.cpp): patterns applied one after the other, and two
/// habits.
/// </summary>
/// <param name="IgnoresMerges">A piece that is a token as it stands becomes that token.</param>
/// <param name="AddsStart">The start token is added unless the file says otherwise.</param>
internal sealed record GgufPreTokenizer(PieceScanner[] Scanners, bool IgnoresMerges = false, bool AddsStart = false)
{
    /// <exception cref="InvalidDataException">The name is not known, so that its pattern is not either.</exception>
    public static GgufPreTokenizer Find(string name) => name switch
    {
        "gpt-2" or "gpt2" or "phi-2" or "jina-es" or "jina-de" or "mpt" or "olmo" or "jais" or "trillion" or "roberta-bpe" or "exaone4" =>
            new([Gpt2Scanner.Instance]),
        "smollm" or "starcoder" or "refact" or "command-r" or "codeshell" or "minerva-7b" or "exaone" =>
            new([RunScanner.Numbers(1), Gpt2Scanner.Instance]),
        "llama3" or "llama-v3" or "llama-bpe" or "falcon3" or "falcon-h1" or "pixtral" or "midm-2.0" or "lfm2" =>
            new([new Cl100kScanner(mostDigits: 3)], IgnoresMerges: true, AddsStart: true),
        "dbrx" or "smaug-bpe" or "chatglm-bpe" or "glm4" => new([new Cl100kScanner(mostDigits: 3)]),
        "qwen2" or "deepseek-r1-qwen" or "stablelm2" or "hunyuan" or "megrez" => new([new Cl100kScanner(mostDigits: 1)]),
        "qwen35" => new([new Cl100kScanner(mostDigits: 1, marksAreLetters: true)]),
        "tekken" => new([new O200kScanner(mostDigits: 1, hasContractions: false)], IgnoresMerges: true, AddsStart: true),
        "gpt-4o" or "llama4" => new([new O200kScanner(mostDigits: 3, hasContractions: true)]),
        "deepseek-v3" => new([RunScanner.Numbers(3), KnownPatterns.Find(DeepSeekScanner.EastAsian)!, DeepSeekScanner.Instance]),
        _ => throw new InvalidDataException($"GGUF key 'tokenizer.ggml.pre': expected a known pre-tokenizer, found '{name}'."),
    };

    public PieceStage Build(PieceStage last)
    {
        foreach (var scanner in Scanners.Reverse())
        {
            last = new ScanStage(scanner, last);
        }

        return last;
    }
}
