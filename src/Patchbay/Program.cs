using System.CommandLine;
using Patchbay.Commands;

var root = new RootCommand("One base model, many LoRA adapters, switched while it runs.")
{
    ServeCommand.Create(),
    ChatCommand.Create(),
    AdapterCommand.Create(),
    LogitsCommand.Create(),
};
return await root.Parse(args).InvokeAsync();
