using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Wscodec;

/// <summary>A reader of a stream, with what it has reported.</summary>
internal abstract class Reader
{
    internal readonly List<string> Reported = new List<string>();

    internal abstract void Feed(byte[] data);

    internal abstract void Finish();
}

/// <summary>A decoder. Each of its frames is a line.</summary>
internal sealed class Decoded : Reader
{
    private readonly FrameDecoder decoder;
    private readonly List<Frame> frames = new List<Frame>();
    private readonly List<byte> payload = new List<byte>();
    private Frame first;

    internal Decoded(JsonElement vector)
    {
        var options = Values.Object(vector, "options");
        decoder = new FrameDecoder(Values.RoleOf(vector), Values.OptionsOf(options),
            Values.Number(options, "max_payload", 0));
    }

    internal override void Feed(byte[] data)
    {
        for (var rest = data.AsMemory(); !rest.IsEmpty;)
        {
            rest = rest.Slice(decoder.Feed(rest, frames));
            frames.ForEach(Take);
        }
    }

    private void Take(Frame part)
    {
        if ((part.Flags & FrameFlags.Begin) != 0)
        {
            first = part;
            payload.Clear();
            Reported.Add(null);
        }
        Expect.Same((long)payload.Count, part.Position, "position");
        payload.AddRange(part.Payload.ToArray());
        bool whole = (part.Flags & FrameFlags.End) != 0;
        Reported[Reported.Count - 1] = Line(first.Opcode,
            first.Flags & ~(FrameFlags.Begin | FrameFlags.End | FrameFlags.Masked),
            first.MaskingKey,
            first.Opcode == Opcode.Continuation ? first.MessageOpcode : 0,
            payload.ToArray(), whole ? null : first.PayloadLength.ToString());
    }

    internal static string Line(Opcode opcode, FrameFlags flags, byte[] key, Opcode message,
        byte[] payload, string length)
    {
        return string.Join(" ", opcode, flags, key == null ? "-" : Values.Hex(key), message,
            Values.Hex(payload), length);
    }

    internal override void Finish()
    {
        decoder.Finish();
    }
}

/// <summary>A connection. Each of its events is a line; chunks of a message are joined.</summary>
internal sealed class Received : Reader
{
    internal readonly OutputBuffer Output = new OutputBuffer();
    private readonly Connection connection;
    private readonly List<Event> events = new List<Event>();
    private readonly List<byte> payload = new List<byte>();
    private int message;

    internal Received(JsonElement vector)
    {
        connection = new Connection(Values.RoleOf(vector),
            vector.TryGetProperty("parameters", out var parameters)
                ? Values.DeflateOf(parameters) : null);
        foreach (var option in Values.Members(Values.Object(vector, "options")))
            connection.Set((Option)Enum.Parse(typeof(Option), Values.Pascal(option.Name)),
                option.Value.GetInt64());
    }

    internal override void Feed(byte[] data)
    {
        try
        {
            for (var rest = data.AsMemory(); !rest.IsEmpty;)
            {
                rest = rest.Slice(connection.Receive(rest, events));
                events.ForEach(Take);
                connection.Flush(Output);
            }
        }
        finally
        {
            connection.Flush(Output);
        }
    }

    private void Take(Event each)
    {
        var reserved = (FrameFlags)each.Flags
            & (FrameFlags.Rsv1 | FrameFlags.Rsv2 | FrameFlags.Rsv3);
        if (!each.IsData)
        {
            Reported.Add(Line(each.Opcode, reserved, each.CloseCode, each.Data.ToArray(), true));
            return;
        }
        if ((each.Flags & EventFlags.First) != 0)
        {
            message = Reported.Count;
            payload.Clear();
            Reported.Add(null);
        }
        payload.AddRange(each.Data.ToArray());
        Reported[message] = Line(each.Opcode, reserved, 0, payload.ToArray(), each.IsLast);
    }

    internal static string Line(
        Opcode opcode, FrameFlags reserved, int closeCode, byte[] payload, bool last)
    {
        return string.Join(" ", opcode, reserved, closeCode, Values.Hex(payload), last);
    }

    internal override void Finish()
    {
        connection.Finish();
    }
}

/// <summary>The vectors of streams of frames, and of compressed messages.</summary>
internal static class Streams
{
    private static void Read<R>(JsonElement vector, byte[] input, Func<R> make, Action<R> judge)
        where R : Reader
    {
        foreach (var ends in Values.Cuts(input.Length))
        {
            var reader = make();
            Expect.Outcome(vector, () =>
            {
                int start = 0;
                foreach (int end in ends)
                {
                    reader.Feed(input.AsSpan(start, end - start).ToArray());
                    start = end;
                }
            });
            judge(reader);
            Expect.Error(Values.Text(vector, "error") ?? Values.Text(vector, "end"), reader.Finish);
        }
        if (vector.TryGetProperty("error_at", out var at))
        {
            var reader = make();
            reader.Feed(input.AsSpan(0, at.GetInt32()).ToArray());
            Expect.Outcome(vector, () => reader.Feed(input.AsSpan(at.GetInt32(), 1).ToArray()));
        }
    }

    internal static void DecoderStreams(Values values, JsonElement vector)
    {
        var expected = vector.GetProperty("frames").EnumerateArray().Select(frame => Decoded.Line(
            (Opcode)frame.GetProperty("opcode").GetInt32(), Values.FlagsOf(frame),
            Values.KeyOf(frame), (Opcode)Values.Number(frame, "message_opcode", 0),
            values.Bytes(frame, "payload"), Values.Text(frame, "payload_length"))).ToArray();
        Read(vector, values.Bytes(vector, "input"), () => new Decoded(vector),
            decoded => Expect.Same(expected, decoded.Reported, "frames"));
    }

    internal static void ConnectionStreams(Values values, JsonElement vector)
    {
        var expected = vector.GetProperty("events").EnumerateArray().Select(each => Received.Line(
            (Opcode)each.GetProperty("opcode").GetInt32(), Values.ReservedBits(each),
            Values.Number(each, "close_code", 0), values.Bytes(each, "payload"),
            !each.TryGetProperty("last", out _))).ToArray();
        var sent = vector.GetProperty("output").EnumerateArray().Select(frame =>
            (Opcode)frame.GetProperty("opcode").GetInt32() + " "
            + Values.Hex(values.Bytes(frame, "payload"))).ToArray();
        var peer = Values.RoleOf(vector) == Role.Server ? Role.Client : Role.Server;
        Read(vector, values.Bytes(vector, "input"), () => new Received(vector), received =>
        {
            Expect.Same(expected, received.Reported, "events");
            Expect.Same(sent, Frames(received.Output.Written.ToArray(), peer), "output");
        });
    }

    /// <summary>Whole frames, unmasked.</summary>
    private static List<string> Frames(byte[] wire, Role reader)
    {
        var list = new List<string>();
        for (var rest = wire.AsMemory(); !rest.IsEmpty;)
        {
            rest = rest.Slice(Frame.Decode(rest, reader, FrameOptions.None, out var frame));
            Expect.That((frame.Flags & FrameFlags.Fin) != 0, "fin");
            list.Add(frame.Opcode + " " + Values.Hex(frame.Payload.Span));
        }
        return list;
    }

    internal static void DeflateMessages(Values values, JsonElement vector)
    {
        foreach (int step in new[] { 1, 2, int.MaxValue })
        {
            foreach (int stream in new[] { 0, 1 })
            {
                var role = Values.RoleOf(vector);
                using (var connection = new Connection(
                    role, Values.DeflateOf(Values.Object(vector, "parameters"))))
                {
                    connection.Set(Option.Stream, stream);
                    foreach (var message in vector.GetProperty("messages").EnumerateArray())
                        Check(values, message, connection, role, step);
                }
            }
        }
    }

    private static void Check(
        Values values, JsonElement message, Connection connection, Role role, int step)
    {
        var wire = Compressed(values, message.GetProperty("payloads"), role);
        var events = new List<Event>();
        var found = new List<byte>();
        Expect.Outcome(message, () =>
        {
            for (int start = 0, end; start < wire.Length; start = end)
            {
                end = step < wire.Length - start ? start + step : wire.Length;
                for (var rest = wire.AsMemory(start, end - start); !rest.IsEmpty;)
                {
                    rest = rest.Slice(connection.Receive(rest, events));
                    events.ForEach(each => found.AddRange(each.Data.ToArray()));
                }
            }
            Expect.Same(values.Bytes(message, "message"), found.ToArray(), "message");
        });
    }

    /// <summary>The frames of a binary message, as the other side sends them.</summary>
    private static byte[] Compressed(Values values, JsonElement payloads, Role reader)
    {
        var key = reader == Role.Server ? new byte[] { 1, 2, 3, 4 } : null;
        var output = new OutputBuffer();
        int count = payloads.GetArrayLength();
        for (int i = 0; i < count; i++)
        {
            var fin = i == count - 1 ? FrameFlags.Fin : 0;
            Frame.Encode(i == 0 ? Opcode.Binary : Opcode.Continuation,
                i == 0 ? fin | FrameFlags.Rsv1 : fin, key, values.Bytes(payloads[i]), output);
        }
        return output.Written.ToArray();
    }
}
