using System;
using System.Collections.Generic;
using System.Text.Json;

/// <summary>Runs all vectors, and the tests of what they cannot show.</summary>
internal static class Tests
{
    private delegate void Check(Values values, JsonElement vector);

    private static readonly Dictionary<string, Check> Kinds = new Dictionary<string, Check>
    {
        ["accept_keys"] = Pieces.AcceptKeys,
        ["close_payloads"] = Pieces.ClosePayloads,
        ["utf8"] = Pieces.Utf8,
        ["frames"] = Pieces.Frames,
        ["frame_headers"] = Pieces.FrameHeaders,
        ["requests"] = Heads.Requests,
        ["responses"] = Heads.Responses,
        ["policies"] = Heads.Policies,
        ["deflate_accept"] = Heads.DeflateAccept,
        ["deflate_offer"] = Heads.DeflateOffer,
        ["deflate_confirm"] = Heads.DeflateConfirm,
        ["deflate_messages"] = Streams.DeflateMessages,
        ["decoder_streams"] = Streams.DecoderStreams,
        ["connection_streams"] = Streams.ConnectionStreams,
    };

    private static int failures;

    private static bool Passes(string name, Action test)
    {
        try
        {
            test();
            return true;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine("FAILED " + name + ": "
                + (e is Failure ? e.Message : e.ToString()));
            failures++;
            return false;
        }
    }

    private static void Vectors(string folder)
    {
        foreach (var test in Behaviour.All)
            Passes(test.Method.Name, test);
        int passed = 0;
        foreach (var each in Kinds)
        {
            var values = new Values(folder, each.Key);
            foreach (var vector in values.Vectors)
            {
                var name = each.Key + ": " + Values.Text(vector, "name");
                passed += Passes(name, () => each.Value(values, vector)) ? 1 : 0;
            }
        }
        Console.WriteLine("csharp: " + passed + " vectors passed");
    }

    private static int Main(string[] args)
    {
        if (args[0] == "vectors")
            Vectors(args[1]);
        else
            Passes("declarations", () => Declarations.Check(args[1]));
        return failures == 0 ? 0 : 1;
    }
}
