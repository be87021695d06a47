using Patchbay.Control.Journal;

namespace Patchbay.Control.Tests.Journal;

public sealed class MemoryJournalTests : JournalContract
{
    private protected override Task<IJournal> OpenAsync() => Task.FromResult<IJournal>(new MemoryJournal());
}
