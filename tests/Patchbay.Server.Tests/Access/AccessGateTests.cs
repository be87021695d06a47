using Microsoft.AspNetCore.Http;
using Patchbay.Control.Access;
using Patchbay.Server.Access;

namespace Patchbay.Server.Tests.Access;

public sealed class AccessGateTests
{
    private static readonly (AccessKey Key, string Secret) Admin = AccessKey.Create("alice", Role.Admin);
    private static readonly (AccessKey Key, string Secret) Viewer = AccessKey.Create("vera", Role.Viewer);
    private static readonly (AccessKey Key, string Secret) Inference = AccessKey.Create("app", Role.Inference);
    private static readonly AccessGate Gate = new(new KeyRing([Admin.Key, Viewer.Key, Inference.Key]));
    private static readonly AccessGate Open = new(KeyRing.Empty);

    public static TheoryData<string, string, bool> Doors()
    {
        var data = new TheoryData<string, string, bool>();
        foreach (var (access, opened) in new[]
        {
            (EndpointAccess.Open, new[] { "admin", "viewer", "inference", "none" }),
            (EndpointAccess.AnyKey, ["admin", "viewer", "inference"]),
            (EndpointAccess.Inference, ["admin", "inference"]),
            (EndpointAccess.Viewer, ["admin", "viewer"]),
            (EndpointAccess.Admin, ["admin"]),
        })
        {
            foreach (var holder in new[] { "admin", "viewer", "inference", "none" })
            {
                data.Add(access.ToString(), holder, opened.Contains(holder));
            }
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Doors))]
    public void ACaller_Check_OpensItsRolesDoorsOnly(string access, string holder, bool isLetIn)
    {
        var secret = holder switch { "admin" => Admin.Secret, "viewer" => Viewer.Secret, "inference" => Inference.Secret, _ => null };
        var error = Gate.Check(Request("POST", secret), Enum.Parse<EndpointAccess>(access));
        Assert.Equal(isLetIn, error is null);
        Assert.Equal(isLetIn ? null : holder == "none" ? 401 : 403, error?.Status);
    }

    [Fact]
    public void AWrongKey_Check_IsRefusedWithoutRepeatingIt()
    {
        var error = Gate.Check(Request("GET", "pb-secret-of-somebody"), EndpointAccess.AnyKey);
        Assert.Equal((401, "invalid_api_key"), (error!.Status, error.Code));
        Assert.DoesNotContain("somebody", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AKnownKey_Check_RemembersItsName()
    {
        var context = Request("GET", Viewer.Secret);
        Gate.Check(context, EndpointAccess.Viewer);
        Assert.Equal(new Caller("vera", Role.Viewer), Caller.Of(context));
    }

    [Theory]
    [InlineData("POST", "http://evil.example", false)]
    [InlineData("DELETE", "null", false)]
    [InlineData("PUT", "http://127.0.0.1:8081", false)]
    [InlineData("POST", "http://127.0.0.1:8080", true)]
    [InlineData("POST", "", true)]
    [InlineData("GET", "http://evil.example", true)]
    public void WithoutKeys_Check_RefusesOtherOriginsToChangeAnything(string method, string origin, bool isLetIn)
    {
        var context = Request(method, null);
        context.Request.Headers.Origin = origin;
        Assert.Equal(isLetIn ? null : "cross_origin", Open.Check(context, EndpointAccess.Admin)?.Code);
    }

    /// <summary>Every address has a role, and the open ones are listed here by name.</summary>
    [Fact]
    public void TheTableOfEndpoints_OpensNothingByDefault()
    {
        string[] open = ["/console/{**path}", "/health", "/ready"];
        Assert.Equal(open, PatchbayEndpoints.All.Where(endpoint => endpoint.Access == EndpointAccess.Open).Select(endpoint => endpoint.Path).Order());
        // Verifying the chain reads it and changes nothing.
        Assert.All(
            PatchbayEndpoints.All.Where(endpoint => endpoint.Method != "GET" && endpoint.Path != "/admin/audit/verify"
                && !endpoint.Path.StartsWith("/v1/", StringComparison.Ordinal)),
            endpoint => Assert.Equal(EndpointAccess.Admin, endpoint.Access));
        Assert.All(
            PatchbayEndpoints.All.Where(endpoint => endpoint.Path.Contains("lora_adapter", StringComparison.Ordinal)),
            endpoint => Assert.Equal(EndpointAccess.Admin, endpoint.Access));
    }

    private static DefaultHttpContext Request(string method, string? secret)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = method;
        context.Request.Scheme = "http";
        context.Request.Host = new HostString("127.0.0.1", 8080);
        if (secret is not null)
        {
            context.Request.Headers.Authorization = "Bearer " + secret;
        }
        return context;
    }
}
