using System.Text;
using Patchbay.Control.Access;

namespace Patchbay.Control.Tests.Access;

public sealed class KeyFileTests
{
    [Fact]
    public void WrittenKeys_Read_OpenTheSameDoors()
    {
        var path = Path.Combine(Path.GetTempPath(), Guid.NewGuid().ToString("N"));
        try
        {
            var (key, secret) = AccessKey.Create("alice", Role.Viewer, "acme");
            KeyFile.Write(path, [key, AccessKey.Create("bob", Role.Admin).Key]);

            Assert.DoesNotContain(secret, File.ReadAllText(path), StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows())
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            }
            var keys = new KeyRing(KeyFile.Read(path));
            var found = keys.Find(secret);
            Assert.Equal(("alice", Role.Viewer, "acme"), (found?.Name, found?.Role, found?.Tenant));
            Assert.Equal(("acme", null, null), (keys.TenantOf("alice"), keys.TenantOf("bob"), keys.TenantOf("nobody")));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [InlineData("{", "JSON array")]
    [InlineData("""[{"name":"","role":"admin","sha256":"00"}]""", "'name'")]
    [InlineData("""[{"name":"a","role":"root","sha256":"00"}]""", "'role'")]
    [InlineData("""[{"name":"a","role":"2","sha256":"00"}]""", "'role'")]
    [InlineData("""[{"name":"a","role":"admin","sha256":"00"}]""", "'sha256'")]
    [InlineData("""[{"name":"a","role":"admin","sha256":"zz"}]""", "'sha256'")]
    [InlineData("""[{"name":"a","role":"admin","sha256":"0000000000000000000000000000000000000000000000000000000000000000","tenant":" "}]""", "'tenant'")]
    public void ABadFile_Parse_NamesTheField(string json, string field) =>
        Assert.Contains(field, Assert.Throws<InvalidDataException>(() => KeyFile.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);

    [Fact]
    public void TwoKeysOfOneName_Parse_AreRefused()
    {
        var hash = new string('0', 64);
        var json = $$"""[{"name":"a","role":"admin","sha256":"{{hash}}"},{"name":"a","role":"viewer","sha256":"{{hash}}"}]""";
        Assert.Contains("differ", Assert.Throws<InvalidDataException>(() => KeyFile.Parse(Encoding.UTF8.GetBytes(json))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NoFile_Read_SaysSoWithoutThePath()
    {
        var problem = Assert.Throws<InvalidDataException>(() => KeyFile.Read(Path.Combine(Path.GetTempPath(), "no-such-keys")));
        Assert.DoesNotContain("no-such-keys", problem.Message, StringComparison.Ordinal);
    }
}
