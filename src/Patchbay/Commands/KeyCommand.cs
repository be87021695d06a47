using System.CommandLine;
using Patchbay.Control.Access;

namespace Patchbay.Commands;

/// <summary><c>patchbay key</c>: makes and removes the keys that callers of a server need.</summary>
internal static class KeyCommand
{
    private static readonly Option<string> File = new("--keys")
    {
        Description = "The file that holds the hashes of the keys; made if it does not exist.",
        HelpName = "file",
        Required = true,
    };

    private static readonly Option<string> Name = new("--name")
    {
        Description = "Who holds the key; stands in the audit.",
        HelpName = "name",
        Required = true,
    };

    private static readonly Option<Role> HeldRole = new("--role")
    {
        Description = "inference asks the model, viewer looks, admin may do everything.",
        Required = true,
    };

    private static readonly Option<string?> Tenant = new("--tenant")
    {
        Description = "Whom the holder works for; rules of plans can ask for it.",
        HelpName = "name",
    };

    public static Command Create()
    {
        var create = new Command("create", "Make a key and print it, this once.") { File, Name, HeldRole, Tenant };
        create.SetAction(parsed => Run(() => Add(parsed.GetValue(File)!, parsed.GetValue(Name)!, parsed.GetValue(HeldRole), parsed.GetValue(Tenant))));
        var list = new Command("list", "Show who holds keys.") { File };
        list.SetAction(parsed => Run(() => List(parsed.GetValue(File)!)));
        var remove = new Command("remove", "Take a key away; a server sees it at its next start.") { File, Name };
        remove.SetAction(parsed => Run(() => Remove(parsed.GetValue(File)!, parsed.GetValue(Name)!)));
        return new Command("key", "Make, list and remove the keys of a server.") { create, list, remove };
    }

    private static int Add(string path, string name, Role role, string? tenant)
    {
        if (tenant is not null && AccessKey.FindTenantProblem(tenant) is { } problem)
        {
            Console.Error.WriteLine(problem);
            return ExitCode.Usage;
        }
        var keys = System.IO.File.Exists(path) ? KeyFile.Read(path) : [];
        if (keys.Any(key => key.Name == name))
        {
            Console.Error.WriteLine($"There is a key named '{name}' already; remove it first or choose another name.");
            return ExitCode.Usage;
        }
        var (key, secret) = AccessKey.Create(name, role, tenant);
        KeyFile.Write(path, [.. keys, key]);
        Console.Error.WriteLine("This is the only time that the key is shown; the file holds its hash.");
        Console.WriteLine(secret);
        return ExitCode.Done;
    }

    private static int List(string path)
    {
        foreach (var key in KeyFile.Read(path))
        {
            Console.WriteLine($"{key.Role.ToString().ToLowerInvariant(),-9}  {key.Name}{(key.Tenant is { } tenant ? $"  (tenant {tenant})" : "")}");
        }
        return ExitCode.Done;
    }

    private static int Remove(string path, string name)
    {
        var keys = KeyFile.Read(path);
        if (keys.All(key => key.Name != name))
        {
            Console.Error.WriteLine($"No key is named '{name}'.");
            return ExitCode.Usage;
        }
        KeyFile.Write(path, keys.Where(key => key.Name != name));
        return ExitCode.Done;
    }

    private static int Run(Func<int> work)
    {
        try
        {
            return work();
        }
        catch (Exception problem) when (problem is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(problem.Message);
            return ExitCode.Failed;
        }
    }
}
