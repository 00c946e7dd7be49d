using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Wscodec;

/// <summary>The vectors of single things: keys, close payloads, UTF-8, one frame.</summary>
internal static class Pieces
{
    internal static void AcceptKeys(Values values, JsonElement vector)
    {
        Expect.Outcome(vector, () => Expect.Same(values.Head(vector, "accept"),
            RequestHead.AcceptKey(values.Head(vector, "key")), "accept"));
    }

    internal static void ClosePayloads(Values values, JsonElement vector)
    {
        if (vector.TryGetProperty("payload", out var payload))
        {
            Expect.Outcome(vector, () =>
            {
                var close = ClosePayload.Parse(values.Bytes(payload));
                Expect.Same(vector.GetProperty("code").GetInt32(), close.Code, "code");
                Expect.Same(values.Bytes(vector, "reason"),
                    Encoding.UTF8.GetBytes(close.Reason), "reason");
            });
        }
        if (vector.TryGetProperty("code", out var code))
        {
            var reason = values.Bytes(vector, "reason");
            Expect.Outcome(vector, () =>
            {
                var built = ClosePayload.Build(code.GetInt32(), reason);
                Expect.Same(values.Bytes(vector, "payload"), built, "payload");
            });
        }
    }

    internal static void Utf8(Values values, JsonElement vector)
    {
        var text = values.Bytes(vector, "text");
        bool complete = !Values.Flag(vector, "incomplete") && Values.Text(vector, "error") == null;
        foreach (var ends in Values.Cuts(text.Length))
        {
            var validator = new Utf8Validator();
            Expect.Outcome(vector, () => PushAll(validator, text, ends));
            Expect.Same(complete, validator.IsComplete, "complete");
        }
        int at = Values.Number(vector, "error_at", text.Length);
        for (int end = 0; end <= text.Length; end++)
            Expect.Error(end <= at ? null : Values.Text(vector, "error"),
                () => PushAll(new Utf8Validator(), text, new[] { end }));
    }

    private static void PushAll(Utf8Validator validator, byte[] text, int[] ends)
    {
        int start = 0;
        foreach (int end in ends)
        {
            validator.Push(text.AsSpan(start, end - start));
            start = end;
        }
    }

    internal static void Frames(Values values, JsonElement vector)
    {
        var wire = values.Bytes(vector, "wire");
        var role = Values.RoleOf(vector);
        var options = Values.OptionsOf(Values.Object(vector, "options"));
        int at = Values.Number(vector, "error_at", wire.Length - 1);
        foreach (int end in Values.Ends(wire.Length, at))
        {
            var input = wire.AsSpan(0, end).ToArray();
            Frame frame = null;
            int length = 0;
            if (end <= at)
            {
                Expect.Error(null, () => length = Frame.Decode(input, role, options, out frame));
                Expect.Same(0, length, "length");
                continue;
            }
            Expect.Outcome(vector, () =>
            {
                length = Frame.Decode(input, role, options, out frame);
                Expect.Same(wire.Length, length, "length");
                Same(values, vector.GetProperty("frame"), frame);
            });
        }
        if (vector.TryGetProperty("frame", out var expected))
        {
            var output = new OutputBuffer();
            Frame.Encode((Opcode)expected.GetProperty("opcode").GetInt32(),
                Values.FlagsOf(expected), Values.KeyOf(expected),
                values.Bytes(expected, "payload"), output);
            Expect.Same(wire, output.Written.ToArray(), "encoded");
        }
    }

    private static void Same(Values values, JsonElement expected, Frame frame)
    {
        Expect.Same((Opcode)expected.GetProperty("opcode").GetInt32(), frame.Opcode, "opcode");
        var masked = Values.KeyOf(expected) == null ? 0 : FrameFlags.Masked;
        Expect.Same(Values.FlagsOf(expected) | masked | FrameFlags.Begin | FrameFlags.End,
            frame.Flags, "flags");
        Expect.Same(Values.KeyOf(expected), frame.MaskingKey, "masking key");
        Expect.Same(values.Bytes(expected, "payload"), frame.Payload.ToArray(), "payload");
    }

    internal static void FrameHeaders(Values values, JsonElement vector)
    {
        var header = values.Bytes(vector, "header");
        long length = long.Parse(Values.Text(vector, "payload_length"));
        var opcode = (Opcode)vector.GetProperty("opcode").GetInt32();
        Expect.Same(header, Frame.Header(
            opcode, Values.FlagsOf(vector), Values.KeyOf(vector), length), "header");
        if (opcode == Opcode.Continuation)
            return; // a decoder wants a message before it
        // A decoder reports the header with the first byte of the payload.
        var input = header.Concat(new byte[length > 0 ? 1 : 0]).ToArray();
        var frames = new List<Frame>();
        Expect.Same(input.Length,
            new FrameDecoder(Values.RoleOf(vector)).Feed(input, frames), "consumed");
        Expect.Same(length, frames[0].PayloadLength, "payload length");
        Expect.Same(header.Length, frames[0].HeaderLength, "header length");
        Expect.Same(Values.Flag(vector, "fin"), (frames[0].Flags & FrameFlags.Fin) != 0, "fin");
    }
}
