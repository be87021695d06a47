using System.Security.Cryptography;
using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Http;

namespace Patchbay.Server.Tests.Adapters;

public sealed class BaseCheckTests : IDisposable
{
    private const string Commit = "0123456789abcdef0123456789abcdef01234567";
    private static readonly string s_digest = $"sha256:{new string('a', 64)}";
    private readonly string _folder = Directory.CreateTempSubdirectory("patchbay-base-").FullName;
    private int _digests;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(null, true)]
    [InlineData("main", true)]
    [InlineData("v1.0", true)]
    [InlineData(Commit, true)]
    [InlineData("0123456", true)]
    [InlineData("0123456789ABCDEF", true)]
    [InlineData("1123456789abcdef0123456789abcdef01234567", false)]
    [InlineData("fedcba9", false)]
    public async Task Revision_IsComparedWhereBothAreCommits(string? stated, bool isAccepted)
    {
        foreach (var inFile in new[] { false, true })
        {
            new BaseFile(null, inFile ? stated : null).Write(_folder);
            var (_, problems) = await CompareAsync(inFile ? null : stated);
            Assert.Equal(isAccepted ? [] : new[] { inFile ? "base.json" : "revision" }, problems.Select(problem => problem.Field));
            Assert.All(problems, problem => Assert.Contains("--allow-base-mismatch", problem.Message, StringComparison.Ordinal));
        }
        Assert.Equal(0, _digests);
    }

    [Fact]
    public async Task Digest_OtherThanTheServed_IsRefusedUnlessTheOperatorAllowsIt()
    {
        new BaseFile($"sha256:{new string('b', 64)}").Write(_folder);
        var (_, problems) = await CompareAsync();
        var problem = Assert.Single(problems);
        Assert.Equal("base.json", problem.Field);
        Assert.Contains(s_digest, problem.Message, StringComparison.Ordinal);

        var (warnings, none) = await CompareAsync("fedcba9", allowsMismatch: true);
        Assert.Empty(none);
        Assert.Equal(2, warnings.Count);
        Assert.Contains(warnings, warning => warning.Contains(s_digest, StringComparison.Ordinal));

        new BaseFile(s_digest).Write(_folder);
        Assert.Empty((await CompareAsync()).Problems);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"digest\":\"sha256:12\"}")]
    [InlineData("{\"digest\":7}")]
    [InlineData("{\"sha\":\"x\"}")]
    [InlineData("{\"digest\":null,\"digest\":null}")]
    public async Task BrokenFile_IsRefusedEvenWhereMismatchIsAllowed(string json)
    {
        File.WriteAllText(Path.Combine(_folder, "base.json"), json);
        Assert.StartsWith("base.json: ", Assert.Single((await CompareAsync(allowsMismatch: true)).Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BaseDigest_CoversConfigurationAndWeightsInTheOrderOfNames()
    {
        File.WriteAllText(Path.Combine(_folder, "model-2.safetensors"), "two");
        File.WriteAllText(Path.Combine(_folder, "model-1.safetensors"), "one");
        File.WriteAllText(Path.Combine(_folder, "config.json"), "{}");
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), "anything");
        var expected = SHA256.HashData([.. SHA256.HashData("{}"u8), .. SHA256.HashData("one"u8), .. SHA256.HashData("two"u8)]);
        Assert.Equal($"sha256:{Convert.ToHexStringLower(expected)}", await BaseDigest.ComputeAsync(_folder, default));

        var file = Path.Combine(_folder, "model.gguf");
        File.WriteAllText(file, "one");
        Assert.Equal($"sha256:{Convert.ToHexStringLower(SHA256.HashData(SHA256.HashData("one"u8)))}", await BaseDigest.ComputeAsync(file, default));
        await Assert.ThrowsAsync<InvalidDataException>(() => BaseDigest.ComputeAsync(Path.Combine(_folder, "nothing"), default));
    }

    [Theory]
    [InlineData($"/cache/hub/models--a--b/snapshots/{Commit}", Commit)]
    [InlineData($"/cache/hub/models--a--b/snapshots/{Commit}/", Commit)]
    [InlineData($"/cache/hub/models--a--b/snapshots/{Commit}/model-q8.gguf", Commit)]
    [InlineData("/models/snapshots/main", null)]
    [InlineData("/models/Qwen3-0.6B", null)]
    public void PathOfTheCache_FindRevision_IsItsCommit(string path, string? expected) => Assert.Equal(expected, ServedBase.FindRevision(path));

    private async Task<(List<string> Warnings, List<FieldError> Problems)> CompareAsync(string? revision = null, bool allowsMismatch = false)
    {
        var served = new ServedBase(["base"], Commit, () =>
        {
            _digests++;
            return Task.FromResult(s_digest);
        });
        var version = new AdapterVersion(default, "LoRA", 8, 16, ["q_proj"], 1, "F32", 10, 20, null) { BaseRevision = revision };
        var (warnings, problems) = (new List<string>(), new List<FieldError>());
        await new BaseCheck(served, allowsMismatch).CompareAsync(version, _folder, warnings, problems, default);
        return (warnings, problems);
    }
}
