using System.CommandLine;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Commands;

/// <summary><c>patchbay adapter</c>: looks at adapters without serving them, and changes those of a running server.</summary>
internal static class AdapterCommand
{
    private static readonly Option<string?> Model = new("--model", "-m")
    {
        Description = "The model it is checked against: its layers and shapes. Without it, the demo's.",
        HelpName = "path",
    };

    public static Command Create()
    {
        var folder = new Argument<string?>("directory")
        {
            Description = "Directory with one adapter in each folder. Without it, the demo's.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var list = new Command("list", "List the adapters of a directory, or of a running server (--url).") { folder, Model };
        var remote = RemoteArguments.AddTo(list);
        list.SetAction((parsed, cancellation) => remote.IsGiven(parsed)
            ? remote.RunAsync(parsed, async server => Show(await server.GetAsync("/admin/adapters", cancellation)))
            : Task.FromResult(List(parsed.GetValue(folder), parsed.GetValue(Model))));

        var one = new Argument<string>("directory") { Description = "A PEFT adapter: adapter_config.json beside adapter_model.safetensors." };
        var inspect = new Command("inspect", "Say what an adapter holds, or why it is refused (exit code 3).") { one, Model };
        inspect.SetAction(parsed => Inspect(parsed.GetValue(one)!, parsed.GetValue(Model)));

        return new Command("adapter", "Look at adapters, and send them to a running server.")
        {
            list,
            inspect,
            AdapterProbeCommand.Create(),
            AdapterBindCommand.Create(),
            AdapterVersionCommands.CreatePush(),
            AdapterVersionCommands.CreateRelease(),
            AdapterVersionCommands.CreateRollback(),
        };
    }

    private static void Show(JsonElement list)
    {
        var adapters = list.GetProperty("data").EnumerateArray().ToArray();
        var width = adapters.Append(default).Max(adapter => adapter.ValueKind == JsonValueKind.Undefined ? 4 : Text(adapter, "name").Length);
        Console.WriteLine($"{"NAME".PadRight(width)}  TIER     GEN   PRIORITY  PIN  LEASES  VERSIONS  SIZE        DIGEST");
        foreach (var adapter in adapters)
        {
            var digest = Text(adapter, "digest") is { Length: > 19 } known ? known[7..19] : "-";
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{Text(adapter, "name").PadRight(width)}  {Text(adapter, "tier"),-7}  {adapter.GetProperty("generation").GetInt64(),-4}  {Text(adapter, "priority"),-8}  {(adapter.GetProperty("pinned").GetBoolean() ? "yes" : "no"),-3}  {adapter.GetProperty("leases").GetInt32(),-6}  {adapter.GetProperty("versions").GetArrayLength(),-8}  {ByteSize.Show(adapter.GetProperty("bytes").GetInt64()),-10}  {digest}"));
        }
    }

    private static string Text(JsonElement element, string field) => element.GetProperty(field).GetString() ?? "";

    private static int List(string? directory, string? model)
    {
        directory ??= ModelLocation.Find(null, null)?.Adapters;
        if (directory is null || !Directory.Exists(directory))
        {
            Console.Error.WriteLine(directory is null ? "Name a directory of adapters." : $"No directory is at {directory}.");
            return ExitCode.Usage;
        }
        var found = new AdapterDirectory(directory, allowOutside: true).Scan();
        if (found.Count == 0)
        {
            Console.Error.WriteLine($"No folder of {directory} holds an adapter_config.json.");
            return ExitCode.Done;
        }
        var width = Math.Max(4, found.Max(adapter => adapter.Name.Length));
        Console.WriteLine($"{"NAME".PadRight(width)}  KIND     RANK  ALPHA  DTYPE  SIZE        DIGEST");
        var code = ExitCode.Done;
        foreach (var (name, path) in found)
        {
            if (TryInspect(path, model, out var adapter, out var problem))
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name.PadRight(width)}  {adapter.Kind,-7}  {adapter.Rank,-4}  {adapter.Alpha,-5}  {adapter.StoredAs,-5}  {ByteSize.Show(adapter.FileBytes),-10}  {adapter.Digest}"));
                continue;
            }
            Console.Error.WriteLine($"{name}: {problem}");
            code = ExitCode.Refused;
        }
        return code;
    }

    private static int Inspect(string directory, string? model)
    {
        if (!TryInspect(directory, model, out var adapter, out var problem))
        {
            Console.Error.WriteLine(problem);
            return ExitCode.Refused;
        }
        Console.WriteLine($"kind     {adapter.Kind}");
        Console.WriteLine($"rank     {adapter.Rank}");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"alpha    {adapter.Alpha}"));
        Console.WriteLine($"targets  {string.Join(", ", adapter.TargetModules)} ({adapter.ModuleCount} modules)");
        Console.WriteLine($"dtype    {adapter.StoredAs}");
        Console.WriteLine($"size     {ByteSize.Show(adapter.FileBytes)}");
        Console.WriteLine($"base     {adapter.BaseModel ?? "not named"}");
        Console.WriteLine($"digest   {adapter.Digest}");
        return ExitCode.Done;
    }

    private static bool TryInspect(
        string directory, string? model, [NotNullWhen(true)] out AdapterVersion? adapter, out string problem)
    {
        adapter = null;
        problem = "";
        var checkedAgainst = model ?? ModelLocation.Find(null, null)?.Model;
        if (checkedAgainst is null)
        {
            problem = "Name the model that the adapter was trained on with --model.";
            return false;
        }
        try
        {
            adapter = InferenceEngine.InspectAdapter(directory, checkedAgainst);
            return true;
        }
        catch (Exception refusal) when (refusal is AdapterRefusedException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            problem = model is null ? $"{refusal.Message} (Checked against the demo; name another model with --model.)" : refusal.Message;
            return false;
        }
    }
}
