using System.Formats.Tar;
using System.IO.Compression;
using System.Net.Http.Headers;

namespace Patchbay.FunctionalTests;

/// <summary>Demo adapters in the forms in which they are uploaded.</summary>
internal static class AdapterFiles
{
    public static string Folder(string name) => Path.Combine(Repository.Demo, "adapters", name);

    /// <summary>One part for each file.</summary>
    public static MultipartFormDataContent Multipart(string folder)
    {
        var content = new MultipartFormDataContent();
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            content.Add(new ByteArrayContent(File.ReadAllBytes(file)), "file", Path.GetFileName(file));
        }
        return content;
    }

    /// <summary>A tar archive, compressed with gzip.</summary>
    public static ByteArrayContent Tar(string folder)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            TarFile.CreateFromDirectory(folder, gzip, includeBaseDirectory: false);
        }
        var content = new ByteArrayContent(bytes.ToArray());
        content.Headers.ContentType = new MediaTypeHeaderValue("application/x-tar");
        return content;
    }

    /// <summary>Copies an adapter and lets a caller change the copy.</summary>
    public static string Copy(string name, string target, Action<string>? change = null)
    {
        Directory.CreateDirectory(target);
        foreach (var file in Directory.EnumerateFiles(Folder(name)))
        {
            File.Copy(file, Path.Combine(target, Path.GetFileName(file)), overwrite: true);
        }
        change?.Invoke(target);
        return target;
    }
}
