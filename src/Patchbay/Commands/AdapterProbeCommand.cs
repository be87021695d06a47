using System.CommandLine;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Engine.Text;
using Patchbay.Server.Probes;

namespace Patchbay.Commands;

/// <summary><c>patchbay adapter probe</c>: records what an adapter answers into its probes.json, or checks that it still does.</summary>
internal static class AdapterProbeCommand
{
    private const int RecordedTokens = 16;
    private const int RecordedLogits = 5;

    private static readonly string[] s_prompts = ["What can you do for me?", "Explain it in one sentence.", "Give me three examples."];

    public static Command Create()
    {
        var folder = new Argument<string>("directory") { Description = "The adapter." };
        var model = new Option<string>("--model", "-m") { Description = "The base that it was trained on.", HelpName = "path", Required = true };
        var record = new Option<bool>("--record") { Description = "Write probes.json instead of checking it." };
        var prompts = new Option<string[]>("--prompt") { Description = "What to ask when recording; may be given several times.", HelpName = "text" };
        var command = new Command("probe", "Check an adapter's recorded answers, or record them (exit code 3 where one differs).") { folder, model, record, prompts };
        command.SetAction((parsed, cancellation) => RunAsync(
            parsed.GetValue(folder)!, parsed.GetValue(model)!, parsed.GetValue(record), parsed.GetValue(prompts) ?? [], cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string directory, string model, bool record, string[] prompts, CancellationToken cancellation)
    {
        try
        {
            await using var engine = await InferenceEngine.OpenAsync(new EngineOptions { ModelPath = model }, cancellation);
            var version = await engine.LoadAdapterAsync(directory, cancellation);
            return record
                ? await RecordAsync(engine, version, directory, prompts.Length > 0 ? prompts : s_prompts, cancellation)
                : await CheckAsync(engine, version, directory, cancellation);
        }
        catch (Exception refusal) when (refusal is AdapterRefusedException or InvalidDataException or RequestRefusedException or IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(refusal.Message);
            return ExitCode.Refused;
        }
    }

    private static async Task<int> RecordAsync(InferenceEngine engine, AdapterVersion version, string directory, string[] prompts, CancellationToken cancellation)
    {
        var probes = new List<Probe>();
        foreach (var prompt in prompts)
        {
            probes.Add(await ProbeRunner.RecordAsync(engine, Lease(engine, version), Tokens(engine, prompt), prompt, (RecordedTokens, RecordedLogits), cancellation));
        }
        new ProbeFile(probes).Write(directory);
        Console.WriteLine($"{ProbeFile.Name}: {probes.Count} probes of {RecordedTokens} tokens. The adapter is another version now: its digest covers this file too.");
        return ExitCode.Done;
    }

    private static async Task<int> CheckAsync(InferenceEngine engine, AdapterVersion version, string directory, CancellationToken cancellation)
    {
        if (ProbeFile.Read(directory) is not { } file)
        {
            await Console.Error.WriteLineAsync($"The adapter has no {ProbeFile.Name}; record one with --record.");
            return ExitCode.Usage;
        }
        if (await ProbeRunner.FindDifferenceAsync(engine, () => Lease(engine, version), file, cancellation) is { } difference)
        {
            await Console.Error.WriteLineAsync(difference);
            return ExitCode.Refused;
        }
        Console.WriteLine($"{file.Probes.Count} probes passed.");
        return ExitCode.Done;
    }

    // As a user's message where the model has a chat template, else as plain text.
    private static int[] Tokens(InferenceEngine engine, string prompt)
    {
        var tokenizer = engine.Tokenizer ?? throw new InvalidDataException("The model has no tokenizer, so prompts cannot be recorded from text.");
        if (engine.ChatTemplate is not { } template)
        {
            return tokenizer.Encode(prompt, addSpecialTokens: true);
        }
        using var messages = JsonDocument.Parse($"[{{\"role\":\"user\",\"content\":\"{JsonEncodedText.Encode(prompt)}\"}}]");
        return tokenizer.Encode(template.Render(new ChatTemplateInput { Messages = messages.RootElement, Now = TimeProvider.System.GetLocalNow() }), addSpecialTokens: false);
    }

    private static AdapterLease Lease(InferenceEngine engine, AdapterVersion version) => engine.TryAcquireAdapter(version.Digest, out var lease)
        ? lease
        : throw new InvalidOperationException("The adapter was loaded and is gone.");
}
