namespace Patchbay.Server.Observability;

/// <summary>Wants to know of every request that has ended. Called on the request's own path: must neither wait nor throw.</summary>
internal interface IAnswerSink
{
    void Record(AnswerRecord record);
}
