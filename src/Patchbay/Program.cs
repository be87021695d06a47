using System.CommandLine;
using Patchbay.Commands;

_ = ServeCommand.Started;
var root = new RootCommand("One base model, many LoRA adapters, switched while it runs.")
{
    ServeCommand.Create(),
    ChatCommand.Create(),
    AdapterCommand.Create(),
    KeyCommand.Create(),
    LogitsCommand.Create(),
};
// Signals are left to the commands: a server that is told to stop first lets its answers end.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
