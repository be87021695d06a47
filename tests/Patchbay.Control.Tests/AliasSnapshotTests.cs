namespace Patchbay.Control.Tests;

public sealed class AliasSnapshotTests
{
    private readonly AliasTable _table = new();

    [Fact]
    public void NewName_Set_StartsAtGenerationOne()
    {
        var change = _table.Set("medical", Versions.Of("a"));

        Assert.Equal(AliasChangeOutcome.Applied, change.Outcome);
        Assert.Null(change.Previous);
        Assert.Equal(new AdapterAlias("medical", Versions.Of("a"), 1), change.Current);
        Assert.Equal(1, _table.Snapshot.Revision);
    }

    [Fact]
    public void OtherDigest_Set_AddsOneToTheGeneration()
    {
        _table.Set("medical", Versions.Of("a"));
        Assert.Equal(2, _table.Set("medical", Versions.Of("b")).Current!.Generation);
        Assert.Equal(AliasChangeOutcome.Unchanged, _table.Set("medical", Versions.Of("b")).Outcome);
        Assert.Equal(2, _table.Snapshot.Revision);
    }

    [Fact]
    public void WrongGeneration_Set_ChangesNothing()
    {
        _table.Set("medical", Versions.Of("a"));
        var before = _table.Snapshot;

        Assert.Equal(AliasChangeOutcome.GenerationMismatch, _table.Set("medical", Versions.Of("b"), expectedGeneration: 7).Outcome);
        Assert.Equal(AliasChangeOutcome.GenerationMismatch, _table.Set("medical", Versions.Of("b"), expectedGeneration: 0).Outcome);
        Assert.Equal(AliasChangeOutcome.GenerationMismatch, _table.Remove("medical", expectedGeneration: 2).Outcome);
        Assert.Same(before, _table.Snapshot);
        Assert.Equal(AliasChangeOutcome.Applied, _table.Set("medical", Versions.Of("b"), expectedGeneration: 1).Outcome);
    }

    [Fact]
    public void RemovedName_SetAgain_NeverRepeatsAGeneration()
    {
        _table.Set("medical", Versions.Of("a"));
        _table.Set("medical", Versions.Of("b"));
        Assert.Equal(AliasChangeOutcome.Applied, _table.Remove("medical").Outcome);
        Assert.Equal(3, _table.Set("medical", Versions.Of("a")).Current!.Generation);
        Assert.Equal(AliasChangeOutcome.NoSuchAlias, _table.Remove("nobody").Outcome);
    }

    [Fact]
    public void TargetOfTheDefault_SetToOtherDigest_MovesTheDefaultToo()
    {
        _table.Set("medical", Versions.Of("a"));
        var chosen = _table.SetDefault("medical");
        Assert.Equal(2, chosen.Current.Generation);

        _table.Set("medical", Versions.Of("b"));

        Assert.Equal(3, _table.Snapshot.Default.Generation);
        Assert.Equal(Versions.Of("b"), _table.Snapshot.Default.Target!.Digest);
    }

    [Fact]
    public void TargetOfTheDefault_Remove_IsRefused()
    {
        _table.Set("medical", Versions.Of("a"));
        _table.SetDefault("medical");
        Assert.Equal(AliasChangeOutcome.AnswersDefault, _table.Remove("medical").Outcome);
        _table.SetDefault(null);
        Assert.Equal(AliasChangeOutcome.Applied, _table.Remove("medical").Outcome);
    }

    [Fact]
    public void UnknownNameOrWrongGeneration_SetDefault_ChangesNothing()
    {
        Assert.Equal(AliasChangeOutcome.NoSuchAlias, _table.SetDefault("nobody").Outcome);
        Assert.Equal(AliasChangeOutcome.GenerationMismatch, _table.SetDefault(null, expectedGeneration: 2).Outcome);
        Assert.Equal(AliasChangeOutcome.Unchanged, _table.SetDefault(null, expectedGeneration: 1).Outcome);
        Assert.Equal(0, _table.Snapshot.Revision);
    }

    [Fact]
    public void OldSnapshot_AfterChanges_StaysAsItWas()
    {
        _table.Set("medical", Versions.Of("a"));
        var old = _table.Snapshot;
        _table.Set("medical", Versions.Of("b"));
        _table.Set("finance", Versions.Of("c"));

        Assert.True(old.TryGet("medical", out var alias));
        Assert.Equal(Versions.Of("a"), alias.Digest);
        Assert.False(old.TryGet("finance", out _));
    }
}
