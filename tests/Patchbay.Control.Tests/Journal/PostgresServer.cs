using System.Diagnostics;
using Npgsql;

namespace Patchbay.Control.Tests.Journal;

/// <summary>A PostgreSQL server of this test run, reached through a socket in its own directory.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    private readonly string _root = Directory.CreateTempSubdirectory("patchbay-pg-").FullName;
    private Process? _server;
    private int _databases;

    /// <summary>Why there is no server; null where there is one.</summary>
    public string? Problem { get; private set; }

    public async ValueTask InitializeAsync()
    {
        var programs = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        var folder = programs.Select(path => Path.Combine(path, "bin")).Where(path => File.Exists(Path.Combine(path, "initdb"))).Order(StringComparer.Ordinal).LastOrDefault();
        if (folder is null)
        {
            Problem = "PostgreSQL is not installed (Debian package postgresql): its journal was NOT tested.";
            return;
        }
        if (Environment.IsPrivilegedProcess)
        {
            await RunAsync("chown", "postgres", _root); // the server refuses to run as root
        }
        await RunAsync(Path.Combine(folder, "initdb"), "-D", $"{_root}/data", "-U", "patchbay", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
        _server = Start(Path.Combine(folder, "postgres"), "-D", $"{_root}/data", "-k", _root, "-c", "listen_addresses=", "-c", "fsync=off");
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await ExecuteAsync("SELECT 1");
                return;
            }
            catch (NpgsqlException) when (attempt < 300 && !_server.HasExited)
            {
                await Task.Delay(100);
            }
        }
    }

    /// <summary>The connection string of a new, empty database; the test is skipped where there is no server.</summary>
    public async Task<string> CreateDatabaseAsync()
    {
        Assert.SkipWhen(Problem is not null, Problem ?? "");
        var name = $"test{Interlocked.Increment(ref _databases)}";
        await ExecuteAsync($"CREATE DATABASE {name}");
        return Text(name);
    }

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        if (_server is { HasExited: false })
        {
            // SIGQUIT: at once; its files are thrown away.
            using var kill = Process.Start("kill", $"-QUIT {_server.Id}");
            await kill.WaitForExitAsync();
            await _server.WaitForExitAsync();
        }
        _server?.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    private string Text(string database) => $"Host={_root};Username=patchbay;Database={database};Pooling=true;Maximum Pool Size=16";

    private async Task ExecuteAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(Text("postgres") + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Start(program, arguments);
        var output = await process.StandardOutput.ReadToEndAsync();
        var problem = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {output}{problem}");
    }

    private static Process Start(string program, params string[] arguments)
    {
        var asRoot = Environment.IsPrivilegedProcess && program != "chown";
        var start = new ProcessStartInfo(asRoot ? "setpriv" : program) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" };
        if (asRoot)
        {
            foreach (var argument in new[] { "--reuid=postgres", "--regid=postgres", "--clear-groups", program })
            {
                start.ArgumentList.Add(argument);
            }
        }
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        return Process.Start(start)!;
    }
}
