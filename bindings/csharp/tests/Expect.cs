using System;
using System.Collections;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using Wscodec;

/// <summary>A requirement that was not met.</summary>
internal sealed class Failure : Exception
{
    internal Failure(string message) : base(message)
    {
    }
}

/// <summary>What a test requires.</summary>
internal static class Expect
{
    internal static void Same(object expected, object got, object where)
    {
        string wanted = Shown(expected), found = Shown(got);
        if (wanted != found)
            throw new Failure(where + ": expected " + wanted + ", got " + found);
    }

    private static string Shown(object value)
    {
        if (value is byte[] bytes)
            return Values.Hex(bytes);
        if (value is string text)
            return '"' + text + '"';
        if (value is IEnumerable many)
            return "[" + string.Join("; ", many.Cast<object>().Select(Shown)) + "]";
        return value?.ToString() ?? "null";
    }

    internal static void That(bool condition, object where)
    {
        Same(true, condition, where);
    }

    /// <summary>Calls, and requires the error that the vector names, if it does.</summary>
    internal static void Outcome(JsonElement vector, Action call)
    {
        Same(Values.Text(vector, "error"), Error(call), "error");
    }

    internal static void Error(string name, Action call)
    {
        Same(name, Error(call), "error");
    }

    /// <summary>The name in wscodec.h of what a call throws; null if it throws nothing.</summary>
    private static string Error(Action call)
    {
        try
        {
            call();
            return null;
        }
        catch (ProtocolException e)
        {
            return NameOf(e.Error);
        }
        catch (ArgumentException)
        {
            return "WS_ERR_INVALID_ARGUMENT";
        }
    }

    internal static string NameOf(ErrorCode error)
    {
        return error == ErrorCode.None ? null : "WS_ERR_" + Snake(error.ToString());
    }

    /// <summary>MaxMessage as MAX_MESSAGE.</summary>
    internal static string Snake(string name)
    {
        return Regex.Replace(name, "(?<!^)([A-Z])", "_$1").ToUpperInvariant();
    }

    internal static E Thrown<E>(Action call) where E : Exception
    {
        try
        {
            call();
        }
        catch (E e)
        {
            return e;
        }
        throw new Failure("not thrown: " + typeof(E));
    }
}
