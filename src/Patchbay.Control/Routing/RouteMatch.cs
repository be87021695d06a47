using System.Text.Json.Serialization;

namespace Patchbay.Control.Routing;

/// <summary>A header and the exact value it must have.</summary>
public sealed record HeaderMatch(string? Name, string? Value);

/// <summary>Which requests a rule is for. Whatever is given must hold, exactly and case-sensitively; at least one thing is given.</summary>
/// <param name="Header">A header with this value.</param>
/// <param name="User">The <c>user</c> of the request.</param>
/// <param name="Key">The name of its API key.</param>
/// <param name="Tenant">Whom the key belongs to.</param>
public sealed record RouteMatch(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] HeaderMatch? Header = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? User = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Key = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Tenant = null)
{
    internal void Validate(PlanValidation validation, string path)
    {
        if (Header is null && User is null && Key is null && Tenant is null)
        {
            validation.Add(path, "must have at least one of 'header', 'user', 'key', 'tenant'; what holds for all others is 'otherwise'");
        }
        if (Header is not null)
        {
            validation.CheckText(Header.Name, path + ".header.name");
            validation.CheckText(Header.Value, path + ".header.value");
        }
        CheckGiven(validation, User, path + ".user");
        CheckGiven(validation, Key, path + ".key");
        CheckGiven(validation, Tenant, path + ".tenant");
    }

    private static void CheckGiven(PlanValidation validation, string? text, string path)
    {
        if (text is not null)
        {
            validation.CheckText(text, path);
        }
    }

    internal bool Holds(in RouteKey key) => FindMismatch(key) is null;

    /// <summary>The first thing that does not hold, as a field's name; null where all hold.</summary>
    internal string? FindMismatch(in RouteKey key) => this switch
    {
        { Header: { } header } when key.Header(header.Name!) != header.Value => "header " + header.Name,
        { User: { } user } when key.User != user => "user",
        { Key: { } name } when key.Key != name => "key",
        { Tenant: { } tenant } when key.Tenant != tenant => "tenant",
        _ => null,
    };

    /// <summary>The conditions as pairs that can be compared with those of other rules.</summary>
    internal IEnumerable<(string Field, string Value)> Conditions()
    {
        if (Header is { Name: not null, Value: not null })
        {
            yield return ("header " + Header.Name.ToUpperInvariant(), Header.Value);
        }
        if (User is not null)
        {
            yield return ("user", User);
        }
        if (Key is not null)
        {
            yield return ("key", Key);
        }
        if (Tenant is not null)
        {
            yield return ("tenant", Tenant);
        }
    }
}
