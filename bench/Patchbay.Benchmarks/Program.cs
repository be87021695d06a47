using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Patchbay.Benchmarks;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (args is ["tokenizers", var node, var packages, var texts])
{
    return TokenizerComparison.Run(node, packages, texts);
}

if (args is ["kernels", .. var rest])
{
    // In this process: the kernels choose their instructions and write their code once for a process anyway.
    var config = DefaultConfig.Instance
        .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance))
        .WithArtifactsPath(Path.Combine("artifacts", "benchmarks"));
    BenchmarkSwitcher.FromAssembly(typeof(MatMulBenchmark).Assembly).Run(rest.Length == 0 ? ["--filter", "*"] : rest, config);
    return 0;
}

if (args is ["packed"])
{
    return PackedComparison.Run();
}

Console.Error.WriteLine("""
    dotnet run -c Release --project bench/Patchbay.Benchmarks -- kernels [BenchmarkDotNet's options, for example --filter *MatMul*]

    dotnet run -c Release --project bench/Patchbay.Benchmarks -- packed

    dotnet run -c Release --project bench/Patchbay.Benchmarks -- tokenizers NODE_MODULES PACKAGES TEXTS
      NODE_MODULES  folder with npm's 'tokenizers' 0.23.2
      PACKAGES      folder whose subfolders hold models/tokenizer.json, for example artifacts/npm/node_modules/@lenml
      TEXTS         folder with English XML documentation, for example packs/Microsoft.NETCore.App.Ref/*/ref/net10.0 of the SDK
    """);
return 2;
