using System.ClientModel;
using OpenAI;
using OpenAI.Chat;

namespace Patchbay.FunctionalTests;

/// <summary>The official .NET client, as an application uses it.</summary>
public sealed class OpenAIClientTests(DemoServer server) : IClassFixture<DemoServer>
{
    private OpenAIClient Client() =>
        new(new ApiKeyCredential("none"), new OpenAIClientOptions { Endpoint = new Uri(server.Process.Address, "v1") });

    [Fact]
    public async Task CompleteChat_AnswersAsRecorded()
    {
        var (question, answer) = Golden.Of("medical")[0];
        var completion = (await Client().GetChatClient("medical").CompleteChatAsync([new UserChatMessage(question)], new ChatCompletionOptions { Temperature = 0 })).Value;
        Assert.Equal(answer, completion.Content[0].Text);
        Assert.Equal((ChatFinishReason.Stop, "medical"), (completion.FinishReason, completion.Model));
        Assert.Equal(completion.Usage.InputTokenCount + completion.Usage.OutputTokenCount, completion.Usage.TotalTokenCount);
        Assert.StartsWith("sha256:", completion.SystemFingerprint);
    }

    [Fact]
    public async Task CompleteChatStreaming_AnswersAsRecorded()
    {
        var (question, answer) = Golden.Of("pirate")[0];
        var text = new System.Text.StringBuilder();
        ChatTokenUsage? usage = null;
        ChatFinishReason? finish = null;
        await foreach (var update in Client().GetChatClient("pirate").CompleteChatStreamingAsync(
            [new UserChatMessage(question)], new ChatCompletionOptions { Temperature = 0, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 }))
        {
            foreach (var part in update.ContentUpdate)
            {
                text.Append(part.Text);
            }
            usage = update.Usage ?? usage;
            finish = update.FinishReason ?? finish;
        }
        Assert.Equal(answer, text.ToString());
        Assert.Equal(ChatFinishReason.Stop, finish);
        Assert.NotNull(usage);
    }

    [Fact]
    public async Task UnknownModel_IsTheClientsOwn404()
    {
        var problem = await Assert.ThrowsAsync<ClientResultException>(
            () => Client().GetChatClient("nope").CompleteChatAsync([new UserChatMessage("Hi")]));
        Assert.Equal(404, problem.Status);
        Assert.Contains("medical", problem.Message);
    }

    [Fact]
    public async Task Models_AreListed()
    {
        var models = (await Client().GetOpenAIModelClient().GetModelsAsync()).Value;
        Assert.Equal(Golden.Adapters.Prepend("base"), models.Select(model => model.Id));
        Assert.Equal("patchbay", (await Client().GetOpenAIModelClient().GetModelAsync("medical")).Value.OwnedBy);
    }
}
