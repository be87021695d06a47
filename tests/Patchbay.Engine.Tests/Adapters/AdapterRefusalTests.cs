using System.Text.Json;
using Patchbay.Engine.Tensors;

namespace Patchbay.Engine.Tests.Adapters;

/// <summary>Adapters that must be refused: with the words that help, before anything is kept, and without running anything.</summary>
public sealed class AdapterRefusalTests
{
    public static TheoryData<string> Cases =>
        [.. Directory.GetDirectories(Path.Combine(Fixtures.Own, "refuse")).Select(folder => Path.GetFileName(folder)).Where(name => !name.StartsWith("good", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void BrokenAdapter_IsRefusedByName(string name)
    {
        var folder = Path.Combine(Fixtures.Own, "refuse", name);
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        var adapter = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder).Where(file => Path.GetFileName(file) != "expected.json"))
            {
                File.Copy(file, Path.Combine(adapter.FullName, Path.GetFileName(file)));
            }

            var model = Path.Combine(Fixtures.Own, json.RootElement.GetProperty("base").GetString()!);
            using var loaded = Engine.Models.LoadedModel.Open(model);
            var before = NativeBuffer.LiveBytes;
            var refusal = Assert.Throws<AdapterRefusedException>(() => Engine.Adapters.LoraAdapterReader.Read(adapter.FullName, loaded.Model.Modules));
            foreach (var word in json.RootElement.GetProperty("reason_contains").EnumerateArray())
            {
                Assert.Contains(word.GetString()!, refusal.Message, StringComparison.OrdinalIgnoreCase);
            }

            Assert.DoesNotContain(adapter.FullName, refusal.Message, StringComparison.Ordinal);
            Assert.EndsWith(".", refusal.Message, StringComparison.Ordinal);
            Assert.False(File.Exists(Path.Combine(Environment.CurrentDirectory, "UNPICKLED")));
        }
        finally
        {
            adapter.Delete(recursive: true);
        }
    }

    [Theory]
    [InlineData("good", "llama")]
    [InlineData("good_biased_base", "qwen2")]
    public void AdapterThatTheyWereMadeFrom_Loads(string name, string model)
    {
        var folder = Path.Combine(Fixtures.Own, "refuse", name);
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        Assert.Equal($"families/{model}", json.RootElement.GetProperty("base").GetString());
        var version = InferenceEngine.InspectAdapter(folder, Path.Combine(Fixtures.Own, "families", model));
        Assert.Equal(2, version.Rank);
    }

    [Fact]
    public void SymbolicLink_IsRefused()
    {
        var adapter = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            var good = Path.Combine(Fixtures.Own, "refuse", "good");
            File.Copy(Path.Combine(good, "adapter_config.json"), Path.Combine(adapter.FullName, "adapter_config.json"));
            File.CreateSymbolicLink(Path.Combine(adapter.FullName, "adapter_model.safetensors"), Path.Combine(good, "adapter_model.safetensors"));
            var refusal = Assert.Throws<AdapterRefusedException>(() =>
                InferenceEngine.InspectAdapter(adapter.FullName, Path.Combine(Fixtures.Own, "families", "llama")));
            Assert.Contains("symbolic link", refusal.Message, StringComparison.Ordinal);
        }
        finally
        {
            adapter.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task PipeInTheDirectory_IsNotWaitedFor()
    {
        var adapter = Directory.CreateTempSubdirectory("patchbay-test-");
        try
        {
            var good = Path.Combine(Fixtures.Own, "refuse", "good");
            File.Copy(Path.Combine(good, "adapter_config.json"), Path.Combine(adapter.FullName, "adapter_config.json"));
            using var mkfifo = System.Diagnostics.Process.Start("mkfifo", Path.Combine(adapter.FullName, "adapter_model.safetensors"));
            await mkfifo.WaitForExitAsync();
            var reading = Task.Run(() => InferenceEngine.InspectAdapter(adapter.FullName, Path.Combine(Fixtures.Own, "families", "llama")));
            Assert.Same(reading, await Task.WhenAny(reading, Task.Delay(TimeSpan.FromSeconds(20))));
            await Assert.ThrowsAsync<AdapterRefusedException>(() => reading);
        }
        finally
        {
            adapter.Delete(recursive: true);
        }
    }
}
