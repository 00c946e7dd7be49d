/// What the vectors do not show: ownership, order, wrong arguments.
module usage;

import std.exception : assertThrown;
import std.file : readText;
import std.algorithm.mutation : move;
import std.array : replicate, split;
import std.conv : to;
import std.json;
import std.typecons : nullable;
import std.utf : UTFException;
import values, wscodec;

private ubyte[] wireOf(string[] texts...)
{
    auto client = Connection(Role.client);
    foreach (text; texts)
        client.send(text);
    return client.drain();
}

private Event[] received(ref Connection connection, ubyte[] wire)
{
    Event[] events;
    connection.receive(wire, (event) { events ~= event; });
    return events;
}

private size_t resident()
{
    return readText("/proc/self/statm").split[1].to!size_t * 4096;
}

private void textAndBinaryDataAreToldApart()
{
    auto client = Connection(Role.client), server = Connection(Role.server);
    client.send("ü");
    client.send(cast(ubyte[]) [255]);
    auto events = server.received(client.drain());
    same(events[0].opcode, Opcode.text);
    same(events[0].text, "ü");
    same(events[1].opcode, Opcode.binary);
    same(events[1].data, cast(ubyte[]) [255]);
}

private void textThatIsNotUtf8IsRefused()
{
    auto client = Connection(Role.client);
    assertThrown!UTFException(client.send("\xff"));
    same(client.drain().length, 0);
}

private void outputIsInTheOrderOfTheWire()
{
    auto client = Connection(Role.client), server = Connection(Role.server);
    client.send("hi");
    client.send(Opcode.ping, "p");
    server.receive(client.drain(), (event) @trusted {
        if (event.opcode == Opcode.text)
            server.send("yo");
    });
    same(server.drain(), cast(ubyte[]) "\x81\x02yo\x8A\x01p");
}

private void anErrorComesAfterTheEventsBeforeIt()
{
    auto server = Connection(Role.server);
    auto wire = wireOf("good") ~ encodeFrame(Opcode.text, "not masked");
    auto count = 0;
    fails("WS_ERR_MASK", { server.receive(wire, (event) { count++; }); });
    same(count, 1);
    same(server.drain(), cast(ubyte[]) "\x88\x02\x03\xEA");
    same(server.state, State.failed);
}

private void anExceptionOfAHandlerPassesAndTheOutputIsThere()
{
    auto client = Connection(Role.client), server = Connection(Role.server);
    client.send(Opcode.ping, "p");
    assertThrown(server.receive(client.drain(), (event) { throw new Exception("mine"); }));
    same(server.drain(), cast(ubyte[]) "\x8A\x01p");
    same(server.received(wireOf("next"))[0].text, "next");
}

private void aHandlerMayLetAnotherConnectionReceiveButNotItsOwn()
{
    auto server = Connection(Role.server), other = Connection(Role.server);
    string seen;
    server.receive(wireOf("a", "b"), (event) @trusted {
        seen ~= event.text ~ other.received(wireOf("inner"))[0].text;
        assertThrown(server.received(wireOf("own")));
    });
    same(seen, "ainnerbinner");
}

private void aHandlerMayDestroyOrMoveItsConnection()
{
    string seen;
    auto server = Connection(Role.server);
    server.receive(wireOf("a", "b"), (event) @trusted {
        destroy(server);
        seen ~= event.text;
    });
    same(server.exists, false);
    auto source = Connection(Role.server);
    Connection target;
    source.receive(wireOf("c", "d"), (event) @trusted {
        if (source.exists)
            target = move(source);
        seen ~= event.text;
    });
    same(target.received(wireOf("e"))[0].text, "e");
    same(seen, "abcd");
}

private void whatMayNotBeSentIsNotInTheOutput()
{
    auto server = Connection(Role.server);
    fails("WS_ERR_INVALID_ARGUMENT", { server.send(Opcode.ping, "x".replicate(126)); });
    server.close(3000, "bye");
    fails("WS_ERR_INVALID_STATE", { server.send("late"); });
    same(server.drain(), cast(ubyte[]) "\x88\x05\x0B\xB8bye");
}

private void aConnectionIsFreedAtTheEndOfItsScope()
{
    Options options = {maxMessage: 0};
    MaskKey key = [1, 2, 3, 4];
    auto wire = encodeFrame(Opcode.binary, new ubyte[2 ^^ 20], Bits.none, nullable(key));
    auto before = resident();
    foreach (i; 0 .. 400)
    {
        auto connection = Connection(Role.server, options);
        connection.receive(wire, (event) {});
    }
    same(resident() - before < 100 * 2 ^^ 20, true, "freed"); // 400 MiB were held
}

private void optionsThatExcludeEachOtherAreRefused()
{
    Options options = {allowRsv: Bits.rsv1};
    options.deflate = DeflateParameters();
    fails("WS_ERR_INVALID_STATE", { auto connection = Connection(Role.server, options); });
}

private void aConnectionThatWasMovedAwayRefusesEverything()
{
    Connection connection;
    fails("WS_ERR_INVALID_ARGUMENT", { connection.send("a"); });
    fails("WS_ERR_INVALID_STATE", { connection.received(wireOf("a")); });
    same(connection.hasEnded, true);
}

private void aConnectionCannotBeCopied()
{
    auto connection = Connection(Role.server);
    static assert(!__traits(compiles, { auto copy = connection; }));
}

private void aClientAndAServerAgree()
{
    Options options;
    options.deflate = DeflateParameters();
    auto policy = Policy(["chat"], null, [Header("X-A", "b")], false, options);
    auto opening = Opening("localhost", "/", "", ["other", "chat"], null, options);
    auto accepted = policy.accept(opening.request ~ "rest");
    auto confirmed = opening.confirm(accepted.reply);
    same(accepted.headLength, opening.request.length);
    same(accepted.connection.protocol, "chat");
    same(confirmed.connection.protocol, "chat");
    same(accepted.connection.deflate.isNull || confirmed.connection.deflate.isNull, false);
}

private void aRefusedClientGetsTheResponse()
{
    Policy policy = {protocols: ["chat"], needProtocol: true};
    auto opening = Opening("localhost");
    auto accepted = policy.accept(opening.request);
    same(cast(HandshakeException) accepted.error !is null, true);
    try
        opening.confirm(accepted.reply);
    catch (StatusException error)
        return same(error.response.status, 400);
    throw new Exception("it was accepted");
}

private void headersWithLineBreaksAreRefused()
{
    auto headers = [Header("a", "b\r\nc: d")];
    assertThrown(Policy(null, null, headers).accept(""));
    assertThrown(Opening("localhost", "/", "", null, headers));
}

void testUsage()
{
    textAndBinaryDataAreToldApart();
    textThatIsNotUtf8IsRefused();
    outputIsInTheOrderOfTheWire();
    anErrorComesAfterTheEventsBeforeIt();
    anExceptionOfAHandlerPassesAndTheOutputIsThere();
    aHandlerMayLetAnotherConnectionReceiveButNotItsOwn();
    aHandlerMayDestroyOrMoveItsConnection();
    whatMayNotBeSentIsNotInTheOutput();
    aConnectionIsFreedAtTheEndOfItsScope();
    optionsThatExcludeEachOtherAreRefused();
    aConnectionThatWasMovedAwayRefusesEverything();
    aConnectionCannotBeCopied();
    aClientAndAServerAgree();
    aRefusedClientGetsTheResponse();
    headersWithLineBreaksAreRefused();
}
