/// Tests the usage; then runs the vectors of a folder, and counts those that pass.
///
///     tests FOLDER
module main;

import std.file : dirEntries, readText, SpanMode;
import std.json;
import std.path : baseName;
import std.stdio;
import compression, handshakes, pieces, streams, usage, values;

int main(string[] arguments)
{
    testUsage();
    auto tests = ["accept_keys": &acceptKeys, "close_payloads": &closePayloads, "utf8": &utf8,
        "frames": &frames, "frame_headers": &frameHeaders, "requests": &requests,
        "responses": &responses, "policies": &policies, "deflate_accept": &deflateAccept,
        "deflate_offer": &deflateOffer, "deflate_confirm": &deflateConfirm,
        "deflate_messages": &deflateMessages, "decoder_streams": &decoderStreams,
        "connection_streams": &connectionStreams];
    auto passed = 0, failed = 0;
    foreach (path; dirEntries(arguments[1], "*.json", SpanMode.shallow))
    {
        auto kind = path.baseName(".json");
        if (kind == "schema")
            continue;
        auto file = parseJSON(readText(path));
        foreach (vector; file["vectors"].array)
        {
            try
            {
                tests[kind](vector, file.member("parts"));
                passed++;
            }
            catch (Exception error)
            {
                failed++;
                stderr.writefln("%s: %s: %s", kind, vector["name"].str, error.msg);
            }
        }
    }
    if (failed > 0)
        stderr.writeln(failed, " vectors failed");
    else
        writefln("d: %s vectors passed", passed);
    return failed > 0 ? 1 : 0;
}
