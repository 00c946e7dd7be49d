using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Wscodec;

/// <summary>
/// Compares the functions, structs and constants of this assembly with wscodec.json.
/// </summary>
internal static class Declarations
{
    private const BindingFlags Members = BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.Public | BindingFlags.NonPublic;

    private static Dictionary<string, JsonElement> functions;
    private static Dictionary<string, JsonElement> structs;
    private static Dictionary<string, JsonElement> constants;
    private static int compared;

    private static readonly Dictionary<string, Type> Types = new Dictionary<string, Type>
    {
        ["int"] = typeof(int),
        ["uint8_t"] = typeof(byte),
        ["uint16_t"] = typeof(ushort),
        ["uint32_t"] = typeof(uint),
        ["uint64_t"] = typeof(ulong),
        ["size_t"] = typeof(long),
        ["ws_result"] = typeof(long),
        ["void"] = typeof(void),
        ["ws_span"] = typeof(NativeSpan),
        ["ws_bytes"] = typeof(Bytes),
        ["ws_handshake"] = typeof(NativeHandshake),
        ["ws_response"] = typeof(NativeResponse),
        ["ws_request_spec"] = typeof(RequestSpec),
        ["ws_accept_spec"] = typeof(AcceptSpec),
        ["ws_accepted"] = typeof(NativeAccepted),
        ["ws_frame"] = typeof(NativeFrame),
        ["ws_decoder"] = typeof(NativeDecoder),
        ["ws_pmd_params"] = typeof(PmdParams),
        ["ws_event"] = typeof(NativeEvent),
    };

    private static bool Matches(string c, Type type)
    {
        c = c.Replace("const ", "");
        switch (c)
        {
            case "void *":
            case "char *":
                return type == typeof(byte*);
            case "ws_conn *":
                return type == typeof(IntPtr) || type == typeof(ConnectionHandle);
            case "ws_conn **":
                return type == typeof(IntPtr*);
            case "ws_allocator *":
                return type == typeof(void*);
        }
        return c.EndsWith(" *", StringComparison.Ordinal)
            ? Types[c.Substring(0, c.Length - 2)].MakePointerType() == type
            : Types[c] == type;
    }

    private static void Function(MethodInfo method)
    {
        Expect.That(functions.TryGetValue(method.Name, out var function), method.Name);
        Expect.That(Matches(Values.Text(function, "result"), method.ReturnType), method);
        var expected = function.GetProperty("parameters").EnumerateArray()
            .Select(each => Values.Text(each, "type")).ToArray();
        var got = method.GetParameters();
        Expect.Same(expected.Length, got.Length, method);
        for (int i = 0; i < got.Length; i++)
            Expect.That(Matches(expected[i], got[i].ParameterType), method + ": " + expected[i]);
        compared++;
    }

    /// <summary>Each field of the struct in C has one here, at its offset.</summary>
    private static void Struct(string name, Type type)
    {
        var description = structs[name];
        Expect.Same(On64(description, "size"), Marshal.SizeOf(type), name);
        foreach (var field in description.GetProperty("fields").EnumerateArray())
        {
            var where = name + "." + Values.Text(field, "name");
            var offset = Marshal.OffsetOf(type, Values.Pascal(Values.Text(field, "name")));
            Expect.Same(On64(field, "offset"), (int)offset, where);
            compared++;
        }
    }

    private static int On64(JsonElement value, string member)
    {
        return value.GetProperty(member).GetProperty("64").GetInt32();
    }

    private static void Constant(string name, long value)
    {
        Expect.That(constants.TryGetValue(name, out var constant), name);
        Expect.Same(constant.GetProperty("value").GetInt64(), value, name);
        compared++;
    }

    /// <summary>The values of an enum; those of the reserved bits have no prefix.</summary>
    private static void Names<E>(string prefix)
    {
        foreach (E value in Enum.GetValues(typeof(E)))
        {
            var name = Expect.Snake(value.ToString());
            if (name != "NONE")
                Constant((name.StartsWith("RSV", StringComparison.Ordinal) ? "WS_" : prefix) + name,
                    Convert.ToInt64(value));
        }
    }

    /// <summary>The constants of a class that have the name of one in C.</summary>
    private static void Constants(Type type)
    {
        foreach (var field in type.GetFields(Members).Where(each => each.IsLiteral))
        {
            var name = "WS_" + Expect.Snake(field.Name);
            if (constants.ContainsKey(name))
                Constant(name, Convert.ToInt64(field.GetRawConstantValue()));
        }
    }

    private static Dictionary<string, JsonElement> ByName(JsonElement list)
    {
        return list.EnumerateArray().ToDictionary(each => Values.Text(each, "name"));
    }

    internal static void Check(string path)
    {
        var json = JsonDocument.Parse(File.ReadAllText(path)).RootElement;
        functions = ByName(json.GetProperty("functions"));
        structs = ByName(json.GetProperty("structs"));
        constants = ByName(json.GetProperty("constants"));
        foreach (var method in typeof(NativeMethods).GetMethods(Members))
            if (method.IsDefined(typeof(DllImportAttribute), false))
                Function(method);
        foreach (var pair in Types.Where(pair => structs.ContainsKey(pair.Key)))
            Struct(pair.Key, pair.Value);
        Names<ErrorCode>("WS_ERR_");
        Names<Opcode>("WS_OPCODE_");
        Names<Role>("WS_");
        Names<State>("WS_STATE_");
        Names<Option>("WS_OPT_");
        Names<Fact>("WS_INFO_");
        Names<FrameOptions>("WS_");
        Names<FrameFlags>("WS_");
        Names<EventFlags>("WS_EVENT_");
        Names<SendFlags>("WS_SEND_");
        foreach (var type in new[]
        {
            typeof(Frame), typeof(Connection), typeof(Acceptor), typeof(Request),
        })
            Constants(type);
        Console.WriteLine("csharp: " + compared + " declarations agree with wscodec.json");
    }
}
