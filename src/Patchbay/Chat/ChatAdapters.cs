using Patchbay.Engine;
using Patchbay.Server.Adapters;

namespace Patchbay.Chat;

/// <summary>The adapters of one chat by name.</summary>
internal sealed class ChatAdapters
{
    private readonly SortedDictionary<string, AdapterVersion> _versions = new(StringComparer.Ordinal);

    public IReadOnlyCollection<string> Names => _versions.Keys;

    /// <summary>Loads every adapter of a directory; a broken one is mentioned and left out.</summary>
    public static async Task<ChatAdapters> LoadAsync(InferenceEngine engine, string? directory, ChatTerminal terminal, CancellationToken cancellation)
    {
        var adapters = new ChatAdapters();
        foreach (var (name, path) in new AdapterDirectory(directory, allowOutside: true).Scan())
        {
            try
            {
                adapters._versions[name] = await SlowStep.WatchAsync(
                    engine.LoadAdapterAsync(path, cancellation), $"Loading {name}", TimeProvider.System);
            }
            catch (AdapterRefusedException refusal)
            {
                terminal.Warn($"{name} is left out: {refusal.Message}");
            }
        }
        return adapters;
    }

    public AdapterVersion? Find(string name) => _versions.GetValueOrDefault(name);
}
