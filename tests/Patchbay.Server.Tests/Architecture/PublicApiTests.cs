using System.Reflection;
using System.Text;

namespace Patchbay.Server.Tests.Architecture;

/// <summary>
/// The public surface of each library is what its PublicAPI.txt says, so that a change of it is seen. To write the files anew:
/// run this test with PATCHBAY_UPDATE=1.
/// </summary>
public sealed class PublicApiTests
{
    [Theory]
    [InlineData("Patchbay.Engine")]
    [InlineData("Patchbay.Control")]
    [InlineData("Patchbay.Server")]
    public void Surface_IsTheRecordedOne(string name)
    {
        var path = Path.Combine(Repository.Root, "src", name, "PublicAPI.txt");
        var actual = Describe(Assembly.Load(name));
        if (Environment.GetEnvironmentVariable("PATCHBAY_UPDATE") == "1")
        {
            File.WriteAllText(path, actual);
        }

        Assert.True(File.Exists(path), $"{Path.GetFileName(path)} of {name} is missing.");
        Assert.Equal(File.ReadAllText(path), actual);
    }

    private static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (var type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            text.Append(type.FullName).Append('\n');
            var members = type.GetMembers(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly)
                .Where(member => member is not MethodInfo { IsSpecialName: true } && !member.Name.Contains('<', StringComparison.Ordinal)
                    && member.Name is not ("Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "value__"))
                .Select(member => $"  {member.MemberType}: {member}")
                .Order(StringComparer.Ordinal);
            foreach (var member in members)
            {
                text.Append(member).Append('\n');
            }
        }

        return text.ToString();
    }
}
