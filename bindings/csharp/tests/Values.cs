using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using Wscodec;

/// <summary>A file of vectors, and the values in it (tests/vectors/README.md).</summary>
internal sealed class Values
{
    private static readonly Encoding Latin = Encoding.GetEncoding("iso-8859-1");
    private readonly JsonElement file;

    internal Values(string folder, string kind)
    {
        var text = File.ReadAllText(Path.Combine(folder, kind + ".json"));
        file = JsonDocument.Parse(text).RootElement;
    }

    internal IEnumerable<JsonElement> Vectors => file.GetProperty("vectors").EnumerateArray();

    internal byte[] Bytes(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                return Encoding.UTF8.GetBytes(value.GetString());
            case JsonValueKind.Array:
                return value.EnumerateArray().SelectMany(Bytes).ToArray();
        }
        if (value.TryGetProperty("hex", out var hex))
            return Hex(hex.GetString());
        if (value.TryGetProperty("part", out var part))
            return Bytes(file.GetProperty("parts").GetProperty(part.GetString()));
        var repeated = Bytes(value.GetProperty("repeat"));
        return Enumerable.Repeat(repeated, value.GetProperty("times").GetInt32())
            .SelectMany(each => each).ToArray();
    }

    internal byte[] Bytes(JsonElement vector, string name)
    {
        return Bytes(vector.GetProperty(name));
    }

    /// <summary>Bytes as the text that a head has in .NET; null for null or absent.</summary>
    internal string Head(JsonElement vector, string name)
    {
        return vector.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? Latin.GetString(Bytes(value)) : null;
    }

    /// <summary>All values of a field, joined with commas (RFC 9110, 5.3).</summary>
    internal string Joined(JsonElement values)
    {
        return string.Join(", ", values.EnumerateArray().Select(v => Latin.GetString(Bytes(v))));
    }

    internal static byte[] Hex(string digits)
    {
        digits = digits.Replace(" ", "");
        return Enumerable.Range(0, digits.Length / 2)
            .Select(i => Convert.ToByte(digits.Substring(2 * i, 2), 16)).ToArray();
    }

    internal static string Hex(ReadOnlySpan<byte> bytes)
    {
        return BitConverter.ToString(bytes.ToArray()).Replace("-", "").ToLowerInvariant();
    }

    // Plain members

    internal static string Text(JsonElement vector, string name)
    {
        return vector.TryGetProperty(name, out var value) ? value.GetString() : null;
    }

    internal static bool Flag(JsonElement value, string name)
    {
        return value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty(name, out var flag) && flag.GetBoolean();
    }

    internal static int Number(JsonElement value, string name, int otherwise)
    {
        return value.ValueKind == JsonValueKind.Object
            && value.TryGetProperty(name, out var number) ? number.GetInt32() : otherwise;
    }

    /// <summary>A member that is an object; one without members if it is absent.</summary>
    internal static JsonElement Object(JsonElement vector, string name)
    {
        return vector.TryGetProperty(name, out var value) ? value : default(JsonElement);
    }

    internal static IEnumerable<JsonProperty> Members(JsonElement value)
    {
        return value.ValueKind == JsonValueKind.Object
            ? value.EnumerateObject().ToArray() : new JsonProperty[0];
    }

    internal static Role RoleOf(JsonElement vector)
    {
        return Text(vector, "role") == "server" ? Role.Server : Role.Client;
    }

    internal static Deflate DeflateOf(JsonElement parameters)
    {
        return new Deflate(
            Flag(parameters, "server_no_context_takeover"),
            Flag(parameters, "client_no_context_takeover"),
            Number(parameters, "server_max_window_bits", 15),
            Number(parameters, "client_max_window_bits", 15));
    }

    internal static FrameFlags FlagsOf(JsonElement frame)
    {
        return (Flag(frame, "fin") ? FrameFlags.Fin : 0) | ReservedBits(frame);
    }

    internal static FrameFlags ReservedBits(JsonElement frame)
    {
        return (Flag(frame, "rsv1") ? FrameFlags.Rsv1 : 0)
            | (Flag(frame, "rsv2") ? FrameFlags.Rsv2 : 0)
            | (Flag(frame, "rsv3") ? FrameFlags.Rsv3 : 0);
    }

    internal static byte[] KeyOf(JsonElement frame)
    {
        return frame.TryGetProperty("mask_key", out var key) ? Hex(key.GetString()) : null;
    }

    /// <summary>"max_message" as MaxMessage.</summary>
    internal static string Pascal(string name)
    {
        return string.Concat(name.Split('_').Select(
            part => part.Substring(0, 1).ToUpperInvariant() + part.Substring(1)));
    }

    internal static FrameOptions OptionsOf(JsonElement options)
    {
        return Members(options).Where(each => each.Name != "max_payload")
            .Select(each => (FrameOptions)Enum.Parse(typeof(FrameOptions), Pascal(each.Name)))
            .Aggregate(FrameOptions.None, (a, b) => a | b);
    }

    /// <summary>
    /// The ends of pieces: whole, in two at each place, byte by byte; of long inputs some.
    /// </summary>
    internal static IEnumerable<int[]> Cuts(int size)
    {
        int all = Math.Min(size, 500);
        yield return new[] { size };
        for (int cut = 1; cut < all; cut++)
            yield return new[] { cut, size };
        yield return Enumerable.Range(1, all).Select(end => end < all ? end : size).ToArray();
    }

    /// <summary>
    /// Lengths of prefixes: all; of long inputs those at the start, at `at` and at the end.
    /// </summary>
    internal static IEnumerable<int> Ends(int size, int at)
    {
        return Enumerable.Range(0, size + 1)
            .Where(end => end < 400 || Math.Abs(end - at) < 4 || end == size);
    }
}
