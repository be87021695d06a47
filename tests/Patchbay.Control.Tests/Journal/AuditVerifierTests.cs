using System.Diagnostics;
using System.Text;
using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests.Journal;

public sealed class AuditVerifierTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Entry_Line_IsTheCanonicalForm()
    {
        var record = new AuditRecord(new DateTimeOffset(2026, 11, 24, 17, 0, 0, TimeSpan.FromHours(2)), "alice", "adapter.release", "medical")
        {
            Reason = "a\"\\\n\u0001é😀",
            Details = """{"z":1e2,"a":{"y":[],"x":{}}}""",
        };
        var entry = AuditEntry.Append(record, 1, AuditEntry.NoPrevious);
        Assert.Equal(
            "{\"action\":\"adapter.release\",\"actor\":\"alice\",\"details\":{\"a\":{\"x\":{},\"y\":[]},\"z\":100},\"from\":null,"
            + $"\"hash\":\"{entry.Hash}\",\"prev\":\"{AuditEntry.NoPrevious}\",\"reason\":\"a\\\"\\\\\\n\\u0001é😀\",\"request_id\":null,\"seq\":1,"
            + "\"target\":\"medical\",\"time\":\"2026-11-24T15:00:00.000Z\",\"to\":null}",
            entry.Line);
        // Made once with sha256sum over the line without its hash.
        Assert.Equal(Hash(entry.Line.Replace($"\"hash\":\"{entry.Hash}\",", "", StringComparison.Ordinal)), entry.Hash);
        var read = AuditEntry.Parse(entry.Line);
        Assert.Equal(record with { Time = record.Time.ToUniversalTime(), Details = read.Record.Details }, read.Record);
    }

    // The table of RFC 8785, appendix B.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555557, "333333333.33333343")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void Number_Write_IsEcmaScripts(ulong bits, string text) =>
        Assert.Equal(text, CanonicalJson.OfNumber(BitConverter.UInt64BitsToDouble(bits)));

    [Fact]
    public async Task TenThousandMutations_Verify_FindsEach()
    {
        var path = await WriteAsync(40);
        var good = await File.ReadAllBytesAsync(path);
        Assert.True(AuditFile.Verify(path, null).IsValid);
        var anchor = AuditAnchor.Read(AuditFile.AnchorPath(path));
        var random = new Random(7);
        var kinds = new int[8];
        for (var round = 0; round < 10_000; round++)
        {
            var bad = Mutate(good, random, out var kind);
            if (bad.AsSpan().SequenceEqual(good))
            {
                continue;
            }
            kinds[kind]++;
            Assert.False(AuditFile.Verify(new MemoryStream(bad), anchor, null).IsValid, $"Mutation {kind} of round {round} was not found.");
        }
        Assert.All(kinds, count => Assert.True(count > 1000));
    }

    [Fact]
    public async Task CutAtALine_VerifyWithHeadAlone_FindsIt()
    {
        var path = await WriteAsync(5);
        File.Delete(AuditFile.AnchorPath(path));
        var head = AuditFile.Verify(path, null).Head;
        Assert.True(AuditFile.Verify(path, head).IsValid);
        var lines = await File.ReadAllLinesAsync(path);
        await File.WriteAllTextAsync(path, string.Concat(lines[..4].Select(line => line + "\n")));
        Assert.True(AuditFile.Verify(path, null).IsValid); // nothing in the file tells
        Assert.Equal("The last entry has another hash than expected.", AuditFile.Verify(path, head).Problem);
    }

    [Fact]
    public async Task WrittenAnew_Verify_IsFoundByTheAnchor()
    {
        var path = await WriteAsync(5);
        var anchor = AuditAnchor.Read(AuditFile.AnchorPath(path))!;
        await WriteAsync(9, "mallory");
        anchor.Write(AuditFile.AnchorPath(path));
        var found = AuditFile.Verify(path, null);
        Assert.Equal(("The entry has another hash than the anchor: the chain was written anew.", 5L), (found.Problem, found.AtSequence));
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("5 abc\n")]
    [InlineData("-5 0000000000000000000000000000000000000000000000000000000000000000\n")]
    [InlineData("5 000000000000000000000000000000000000000000000000000000000000000G\n")]
    public async Task DamagedAnchor_Verify_SaysSo(string text)
    {
        var path = await WriteAsync(5);
        await File.WriteAllTextAsync(AuditFile.AnchorPath(path), text);
        Assert.Contains("anchor is damaged", AuditFile.Verify(path, null).Problem!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("nonsense")]
    [InlineData("{\"hash\":\"\",\"seq\":1}")]
    [InlineData("{\"prev\":\"\",\"seq\":99999999999999999999999,\"hash\":\"x\"}")]
    [InlineData("{\"hash\":\"0000000000000000000000000000000000000000000000000000000000000000\"}")]
    public void AnyText_Accept_IsRefusedWithoutAnException(string line)
    {
        var verifier = new AuditVerifier();
        Assert.False(verifier.Accept(line));
        Assert.Equal(1, verifier.Complete().AtSequence);
        Assert.Throws<InvalidDataException>(() => AuditEntry.Parse(line));
    }

    [Fact]
    public async Task MillionEntries_Verify_TakesSeconds()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("PATCHBAY_NIGHTLY") == "1", "A million entries are for the nightly run.");
        var path = await WriteAsync(1_000_000);
        var clock = Stopwatch.StartNew();
        var found = AuditFile.Verify(path, null);
        TestContext.Current.SendDiagnosticMessage($"1,000,000 entries verified in {clock.Elapsed.TotalSeconds:F2} s.");
        Assert.Equal(1_000_000, found.Entries);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), $"{clock.Elapsed}");
    }

    private static byte[] Mutate(byte[] good, Random random, out int kind)
    {
        kind = random.Next(8);
        var lines = Encoding.UTF8.GetString(good).Split('\n')[..^1].ToList();
        var line = random.Next(lines.Count);
        switch (kind)
        {
            case 0:
                var flipped = (byte[])good.Clone();
                flipped[random.Next(good.Length)] ^= (byte)(1 << random.Next(8));
                return flipped;
            case 1:
                return good[..random.Next(good.Length)];
            case 2:
                lines.RemoveAt(line);
                break;
            case 3:
                var other = random.Next(lines.Count);
                (lines[line], lines[other]) = (lines[other], lines[line]);
                break;
            case 4:
                lines.Insert(random.Next(lines.Count), lines[line]);
                break;
            case 5:
                lines.RemoveRange(line, lines.Count - line);
                break;
            case 6:
                var at = random.Next(good.Length);
                return [.. good[..at], (byte)random.Next(256), .. good[at..]];
            default:
                // Somebody who knows the format computes the hash of a changed entry anew, but not those behind it.
                var entry = AuditEntry.Parse(lines[line]);
                lines[line] = AuditEntry.Append(entry.Record with { Actor = "mallory" }, entry.Sequence, entry.Previous).Line;
                break;
        }
        return Encoding.UTF8.GetBytes(string.Concat(lines.Select(text => text + "\n")));
    }

    private async Task<string> WriteAsync(int count, string actor = "alice")
    {
        var path = _folder["audit.jsonl"];
        await AuditFile.ExportAsync(Lines(count, actor), path, default);
        return path;
    }

    private static async IAsyncEnumerable<string> Lines(int count, string actor)
    {
        await Task.CompletedTask;
        var previous = AuditEntry.NoPrevious;
        for (var i = 1; i <= count; i++)
        {
            var record = new AuditRecord(DateTimeOffset.UnixEpoch.AddSeconds(i), actor, "adapter.release", $"adapter-{i % 7}")
            {
                To = Versions.Of($"{i % 100}"),
                Reason = "Freitag é \ufffd",
                Details = """{"generation":12}""",
            };
            var entry = AuditEntry.Append(record, i, previous);
            previous = entry.Hash;
            yield return entry.Line;
        }
    }

    private static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
