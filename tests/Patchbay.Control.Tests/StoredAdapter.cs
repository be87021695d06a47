using Patchbay.Control.Versions;

namespace Patchbay.Control.Tests;

/// <summary>Small versions for tests that need files in a store.</summary>
internal static class StoredAdapter
{
    public static async Task<VersionDigest> StageAsync(VersionStore store, TemporaryFolder folder, string content)
    {
        var path = folder.Adapter($"source-{content}", ("adapter_config.json", "{}"), ("adapter_model.safetensors", content));
        using var staged = await store.StageDirectoryAsync(path, default);
        staged.Publish();
        return staged.Digest;
    }
}
