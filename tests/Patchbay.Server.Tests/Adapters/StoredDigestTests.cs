using Patchbay.Control.Versions;
using Patchbay.Engine;
using Patchbay.Server.Tests.Architecture;

namespace Patchbay.Server.Tests.Adapters;

/// <summary>The version store and the engine give the same files the same digest.</summary>
public sealed class StoredDigestTests
{
    [Fact]
    public async Task EveryDemoAdapter_Stage_HasTheEnginesDigest()
    {
        var root = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            var store = VersionStore.Open(root.FullName);
            var adapters = Directory.GetDirectories(Path.Combine(Repository.Root, "demo", "adapters"));
            Assert.True(adapters.Length >= 3);
            foreach (var adapter in adapters)
            {
                // With what the digest leaves out, and what it does not.
                var source = Path.Combine(root.FullName, Path.GetFileName(adapter));
                Directory.CreateDirectory(Path.Combine(source, ".git", "objects"));
                Directory.CreateDirectory(Path.Combine(source, "\uffff"));
                foreach (var file in Directory.GetFiles(adapter))
                {
                    File.Copy(file, Path.Combine(source, Path.GetFileName(file)));
                }
                foreach (var name in new[] { ".git/objects/x", ".gitignore", ".gitattributes", "model.sig", ".hidden", "Z", "a", "\ud83d\ude00", "\uffff/.gitignore", "empty" })
                {
                    await File.WriteAllTextAsync(Path.Combine(source, name), name == "empty" ? "" : name);
                }
                using var staged = await store.StageDirectoryAsync(source, default);
                staged.Publish();
                var fromSource = InferenceEngine.InspectAdapter(source, Path.Combine(Repository.Root, "demo", "base"));
                var fromStore = InferenceEngine.InspectAdapter(staged.DirectoryPath, Path.Combine(Repository.Root, "demo", "base"));
                Assert.Equal(fromSource.Digest.ToString(), staged.Digest.ToString());
                Assert.Equal(fromSource.Digest, fromStore.Digest);
                Assert.Equal(fromStore.FileBytes, staged.Bytes);
            }
        }
        finally
        {
            root.Delete(recursive: true);
        }
    }
}
