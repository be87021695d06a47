using System.CommandLine;
using Patchbay;
using Patchbay.Commands;

_ = ServeCommand.Started;
var root = new RootCommand("One base model, many LoRA adapters, switched while it runs.") { ServeCommand.Create() };
// A server starts without making the commands that it is not.
Func<Command>[] others = args is ["serve", ..] ? [] :
[
    ChatCommand.Create,
    AdapterCommand.Create,
    KeyCommand.Create,
    AuditCommand.Create,
    TopCommand.Create,
    ReplayCommand.Create,
    ReleaseCommand.Create,
    LogitsCommand.Create,
    BenchCommand.Create,
    DoctorCommand.Create,
];
foreach (var create in others)
{
    root.Subcommands.Add(create());
}
var parsed = root.Parse(args);
// Signals are left to the commands: a server that is told to stop first lets its answers end.
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
