namespace Patchbay.Control.Journal;

/// <summary>One document of the journal: JSON text under a kind and a key.</summary>
public sealed record Document(string Kind, string Key, string Json);

/// <summary>A document as it will be after a commit; null takes it away.</summary>
public sealed record DocumentChange(string Kind, string Key, string? Json);
