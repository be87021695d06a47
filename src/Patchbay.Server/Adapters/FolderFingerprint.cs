using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Patchbay.Server.Adapters;

/// <summary>
/// Names, sizes and times of a folder's files: cheap to compare again and again, and different while somebody writes. Says only
/// when to look, never what something is.
/// </summary>
internal static class FolderFingerprint
{
    private const int MostFiles = 4096;

    /// <summary>Of a folder as it is now; null while it cannot be listed.</summary>
    public static string? Of(string folder)
    {
        try
        {
            var text = new StringBuilder();
            var files = new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Take(MostFiles)
                .OrderBy(file => file.FullName, StringComparer.Ordinal);
            foreach (var file in files)
            {
                text.Append(CultureInfo.InvariantCulture, $"{Path.GetRelativePath(folder, file.FullName)}\0{file.Length}\0{file.LastWriteTimeUtc.Ticks}\n");
            }
            return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
