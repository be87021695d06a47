using Patchbay.Engine;
using Patchbay.Server.Adapters;
using Patchbay.Server.Observability;
using Patchbay.Server.Releases;

namespace Patchbay.Server.Hosting;

/// <summary>What exists once the model is open.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Adapters">What requests need of its adapters.</param>
/// <param name="Commands">What operators do to them.</param>
/// <param name="Releases">Plans and releases.</param>
/// <param name="Shadows">Copies of requests for other versions.</param>
/// <param name="Answers">Requests that were answered.</param>
/// <param name="Opened">When it was opened.</param>
internal sealed record OpenedEngine(
    InferenceEngine Engine, AdapterService Adapters, AdapterCommands Commands, ReleaseService Releases, ShadowRunner Shadows, AnswerKeeper Answers,
    DateTimeOffset Opened);
