using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using Wscodec;

/// <summary>The vectors of the opening handshake, compression included.</summary>
internal static class Heads
{
    private const string Request = "GET /chat HTTP/1.1\r\nHost: server.example.com\r\n"
        + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

    /// <summary>
    /// Parses every prefix of a head: it is incomplete before the byte that completes it or proves
    /// the error, and has one outcome from there on. Returns the last result.
    /// </summary>
    private static T Parsed<T>(JsonElement vector, byte[] head, Func<byte[], T> parse)
        where T : class
    {
        T last = null;
        int at = Values.Number(vector, "error_at", head.Length - 1);
        foreach (int end in Values.Ends(head.Length, at))
        {
            var prefix = head.AsSpan(0, end).ToArray();
            if (end <= at)
                Expect.Error(null, () => Expect.Same(null, parse(prefix), end));
            else
                Expect.Outcome(vector, () => last = parse(prefix));
        }
        return last;
    }

    internal static void Requests(Values values, JsonElement vector)
    {
        var request = values.Bytes(vector, "request");
        var read = Parsed(vector, request, head => RequestHead.Parse(head));
        if (Values.Text(vector, "error") == "WS_ERR_NOT_UPGRADE")
            read = Expect.Thrown<NotUpgradeException>(() => RequestHead.Parse(request)).Request;
        if (Values.Text(vector, "error") == null)
            Expect.Same(request.Length, read.Length, "length");
        SameFields(values, vector, read);
    }

    internal static void Responses(Values values, JsonElement vector)
    {
        var request = values.Bytes(vector, "request");
        var response = values.Bytes(vector, "response");
        var read = Parsed(vector, response, head => ResponseHead.Parse(head, request));
        if (Values.Text(vector, "error") == "WS_ERR_HANDSHAKE_STATUS")
            read = Expect.Thrown<StatusException>(
                () => ResponseHead.Parse(response, request)).Response;
        if (Values.Text(vector, "error") == null)
            Expect.Same(response.Length, read.Length, "length");
        SameFields(values, vector, read);
    }

    private static void SameFields(Values values, JsonElement vector, object read)
    {
        foreach (var field in Values.Members(Values.Object(vector, "fields")))
        {
            var got = read.GetType().GetProperty(Values.Pascal(field.Name)).GetValue(read);
            object expected = field.Value.ValueKind == JsonValueKind.Number
                ? (object)field.Value.GetInt32()
                : values.Head(vector.GetProperty("fields"), field.Name);
            Expect.Same(expected, got, field.Name);
        }
    }

    internal static void Policies(Values values, JsonElement vector)
    {
        var policy = Values.Object(vector, "policy");
        var output = new OutputBuffer();
        var acceptor = new Acceptor(
            policy.ValueKind == JsonValueKind.Object
                ? Values.Text(policy, "protocols")?.Split(new[] { ", ", "," }, 0) : null,
            Values.Flag(policy, "need_protocol"),
            policy.ValueKind == JsonValueKind.Object
                ? Values.Text(policy, "origins")?.Split(' ') : null);
        var accepted = acceptor.Accept(values.Bytes(vector, "request"), output);
        var error = Values.Text(vector, "error");
        Expect.Same(error, Expect.NameOf(accepted.Error), "error");
        Expect.Same(error == null, accepted.Connection != null, "connection");
        Expect.Same(Values.Text(vector, "protocol"), accepted.Protocol, "protocol");
        var reply = Encoding.ASCII.GetString(output.Written.Span);
        var start = "HTTP/1.1 " + Values.Number(vector, "status", 101) + " ";
        Expect.That(reply.StartsWith(start, StringComparison.Ordinal), reply);
    }

    // Compression

    internal static void DeflateAccept(Values values, JsonElement vector)
    {
        var willing = Values.DeflateOf(Values.Object(vector, "willing"));
        var agreed = vector.TryGetProperty("agreed", out var expected)
            ? Values.DeflateOf(expected) : null;
        var offers = vector.GetProperty("offers");
        Expect.Outcome(vector, () =>
        {
            var got = willing.Accept(values.Joined(offers), out string response);
            Expect.Same(agreed, got, "agreed");
            Expect.Same(Values.Text(vector, "response"), response, "response");
        });

        var head = Encoding.ASCII.GetBytes(Request)
            .Concat(offers.EnumerateArray().SelectMany(offer =>
                Encoding.ASCII.GetBytes("Sec-WebSocket-Extensions: ")
                    .Concat(values.Bytes(offer)).Concat(Encoding.ASCII.GetBytes("\r\n"))))
            .Concat(Encoding.ASCII.GetBytes("\r\n")).ToArray();
        var accepted = new Acceptor(deflate: willing).Accept(head, new OutputBuffer());
        Expect.Same(Values.Text(vector, "error"), Expect.NameOf(accepted.Error), "error");
        Expect.Same(agreed, accepted.Connection?.Deflate, "agreed by a connection");
    }

    internal static void DeflateOffer(Values values, JsonElement vector)
    {
        var offered = Values.DeflateOf(vector.GetProperty("offered"));
        Expect.Same(Values.Text(vector, "offer"), offered.Offer(), "offer");
        var request = new Wscodec.Request("example.com", "/", deflate: offered);
        Expect.That(Encoding.ASCII.GetString(request.Head.Span).Contains(
            "Sec-WebSocket-Extensions: " + offered.Offer() + "\r\n"), "request");
    }

    internal static void DeflateConfirm(Values values, JsonElement vector)
    {
        var offered = Values.DeflateOf(Values.Object(vector, "offered"));
        var agreed = vector.TryGetProperty("agreed", out var expected)
            && expected.ValueKind == JsonValueKind.Object ? Values.DeflateOf(expected) : null;
        Expect.Outcome(vector, () => Expect.Same(agreed,
            offered.Confirm(values.Joined(vector.GetProperty("responses"))), "agreed"));
    }
}
