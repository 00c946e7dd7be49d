// The ranges of wscodec.hpp: neither input, output nor an error is lost, however a loop is
// left and however the input is cut; and it reports what the C functions report.
#include "wscodec.hpp"

#include "check.hpp"

#include <iterator>
#include <string>
#include <utility>
#include <vector>
#if defined(__cpp_lib_ranges)
#include <ranges>
static_assert(std::ranges::input_range<ws::events>);
static_assert(std::ranges::input_range<ws::frames>);
static_assert(std::ranges::input_range<ws::fields>);
#endif

namespace {

// The output and the error are arguments: without them nothing compiles.
template <class... Arguments>
using read_of = decltype(std::declval<ws::connection &>().read(std::declval<Arguments>()...));
template <class, class... Arguments> struct can_read : std::false_type {};
template <class... Arguments>
struct can_read<std::void_t<read_of<Arguments...>>, Arguments...> : std::true_type {};
static_assert(can_read<void, std::string &, std::string &, std::error_code &>::value);
static_assert(!can_read<void, std::string &, std::string &>::value);
static_assert(!can_read<void, std::string &>::value);
static_assert(!can_read<void, std::string &, std::string &, std::error_code>::value);
static_assert(!can_read<void, const std::string &, std::string &, std::error_code &>::value);

static_assert(!std::is_copy_constructible_v<ws::events>);
static_assert(!std::is_copy_constructible_v<ws::connection>);
static_assert(std::is_nothrow_move_constructible_v<ws::events>);
static_assert(std::is_nothrow_move_constructible_v<ws::connection>);
static_assert(std::is_nothrow_move_assignable_v<ws::connection>);
static_assert(std::is_nothrow_move_constructible_v<ws::pmd>);
static_assert(std::is_nothrow_destructible_v<ws::events>);
static_assert(sizeof(ws::connection) == sizeof(void *) && sizeof(ws::decoder) == 64);

constexpr ws::mask_key key = {{1, 2, 3, 4}};

std::string frame(ws::opcode code, ws::bytes payload,
                  ws::frame_flags flags = ws::frame_flags::fin) {
    std::string out;
    CHECK(!ws::frame_encode(code, payload, out, key, flags));
    return out;
}

// The events, the output and the error of a stream.
struct record {
    std::string events, out;
    ws::errc error = {};
    ws::state state = {};
    bool operator==(const record &other) const {
        return events == other.events && out == other.out && error == other.error &&
               state == other.state;
    }
};

void note(record &to, const ws::event &e) {
    to.events += std::to_string(static_cast<int>(e.opcode())) + ":" + std::string(e.text()) +
                 (e.is_close() ? std::to_string(static_cast<int>(e.close_code())) : "") + ";";
}

// Echoes with the range, reading `step` bytes at a time.
record with_range(const std::string &wire, std::size_t step) {
    record seen;
    ws::connection conn(ws::side::server);
    for (std::size_t at = 0; at < wire.size(); at += step) {
        std::string piece = wire.substr(at, step);
        std::error_code error;
        for (const ws::event &e : conn.read(piece, seen.out, error)) {
            note(seen, e);
            if (e.is_message())
                CHECK(!conn.send(e.opcode(), e.data(), seen.out));
        }
        if (error && error.category() == ws::category())
            seen.error = static_cast<ws::errc>(error.value());
    }
    seen.state = conn.state();
    return seen;
}

// The same with the functions of C, one event per call.
record with_c(const std::string &wire, std::size_t step) {
    record seen;
    ws_conn *conn = ws_conn_new(WS_SERVER, nullptr);
    const auto append = [&](ws_result n, const char *from) {
        seen.out.append(from, n > 0 ? static_cast<std::size_t>(n) : 0);
    };
    std::vector<char> out(200000);
    for (std::size_t at = 0; at < wire.size(); at += step) {
        std::string piece = wire.substr(at, step);
        std::size_t done = 0, used = 0;
        ws_event raw;
        ws_result n = 0;
        while (n >= 0 && done < piece.size()) {
            n = ws_conn_recv(conn, &piece[done], piece.size() - done, &raw, 1, &used);
            if (n > 0) {
                const ws::event e(raw, ws_event_data(conn, piece.data() + done, &raw));
                note(seen, e);
                if (e.is_message())
                    append(ws_conn_send(conn, raw.opcode, 0, e.data().data(),
                                        e.data().size(), out.data(), out.size()),
                           out.data());
            }
            append(ws_conn_output(conn, out.data(), out.size()), out.data());
            done += used;
        }
        if (n < 0)
            seen.error = static_cast<ws::errc>(n);
    }
    seen.state = static_cast<ws::state>(ws_conn_state(conn));
    ws_conn_free(conn);
    return seen;
}

const std::string hello = frame(ws::opcode::text, "Hello");
const std::string ping = frame(ws::opcode::ping, "p");
const std::string bye = frame(ws::opcode::close, "\x03\xe9" "bye");
const std::string bad = "\x83\x80";

void test_as_in_c() {
    std::string many;
    for (int i = 0; i < 100; i++)
        many += frame(ws::opcode::binary, std::to_string(i)) + (i % 7 == 0 ? ping : "");
    const std::string split = frame(ws::opcode::text, "Hel", ws::frame_flags::none) + ping +
                              frame(ws::opcode::continuation, "lo");
    const std::string wires[] = {
        hello, hello + bye + hello, many + split + many + bye, split + hello + bad + hello,
        frame(ws::opcode::text, "\xff") + hello, bad, hello + ping + ping + bad,
    };
    for (const std::string &wire : wires)
        for (std::size_t step = 1; step <= wire.size(); step += 1 + step / 8)
            CHECK(with_range(wire, step) == with_c(wire, step));
    const record seen = with_range(hello + ping + bad + hello, 1000);
    CHECK(seen.events == "1:Hello;9:p;");
    CHECK(seen.out == "\x81\x05Hello\x8a\x01p\x88\x02\x03\xea");
    CHECK(seen.error == ws::errc::opcode && seen.state == ws::state::failed);
}

void test_break() {
    // A close, or an error, that was in the same read as the message at which we left.
    for (const std::string &end : {bye, bad}) {
        ws::connection conn(ws::side::server);
        std::string in = hello + ping + hello + end, out;
        std::error_code error;
        for (const ws::event &e : conn.read(in, out, error))
            if (e.is_text())
                break;
        CHECK(out == std::string("\x8a\x01p\x88\x02\x03") + (end == bye ? "\xe9" : "\xea"));
        CHECK(conn.ended());
        CHECK(end == bye ? !error : error == ws::errc::opcode);
    }
    // Also if the range was never looped over, and in the middle of many batches.
    std::string many;
    for (int i = 0; i < 1000; i++)
        many += hello;
    for (int events : {0, 1, 15, 16, 17, 999, 1000}) {
        ws::connection conn(ws::side::server);
        std::string in = many + bye, out;
        std::error_code error;
        {
            ws::events reading = conn.read(in, out, error);
            auto at = events > 0 ? reading.begin() : ws::events::iterator();
            for (int i = 1; i < events; i++)
                ++at;
        }
        CHECK(out == "\x88\x02\x03\xe9" && conn.state() == ws::state::closed);
    }
    // Inside a message: the next read continues it.
    ws::connection conn(ws::side::server);
    std::string in = hello + hello + frame(ws::opcode::text, "Hel", ws::frame_flags::none);
    std::string rest = frame(ws::opcode::continuation, "lo"), out, got;
    std::error_code error;
    for (const ws::event &e : conn.read(in, out, error)) {
        CHECK(e.text() == "Hello");
        break;
    }
    for (const ws::event &e : conn.read(rest, out, error))
        got += e.text();
    CHECK(got == "Hello" && !error && out.empty());
}

void test_return() {
    ws::connection conn(ws::side::server);
    std::string in = hello + ping + bye, out;
    std::error_code error;
    const auto first = [&] {
        for (const ws::event &e : conn.read(in, out, error))
            return std::string(e.text());
        return std::string();
    };
    CHECK(first() == "Hello");
    CHECK(out == "\x8a\x01p\x88\x02\x03\xe9");
}

void test_exception() {
#if defined(__cpp_exceptions)
    ws::connection conn(ws::side::server);
    std::string in = hello + ping + bad, out;
    std::error_code error;
    bool caught = false;
    try {
        for (const ws::event &e : conn.read(in, out, error))
            throw std::string(e.text());
    } catch (const std::string &text) {
        caught = text == "Hello";
    }
    CHECK(caught && error == ws::errc::opcode);
    CHECK(out == "\x8a\x01p\x88\x02\x03\xea");
#endif
}

void test_continue_later() {
    ws::connection conn(ws::side::server);
    std::string in, out, got;
    for (int i = 0; i < 50; i++)
        in += frame(ws::opcode::text, std::to_string(i));
    in += bye;
    std::error_code error;
    ws::events first = conn.read(in, out, error);
    for (const ws::event &e : first) {
        got += e.text();
        if (e.text() == "20")
            break;
    }
    ws::events moved(std::move(first));
    CHECK(first.begin() == first.end()); // empty: moved from
    int count = 21;
    for (const ws::event &e : moved)
        if (e.is_text())
            CHECK(e.text() == std::to_string(count++));
    CHECK_EQ(count, 50);
    CHECK(moved.begin() == moved.end());
    CHECK(out == "\x88\x02\x03\xe9" && !error);
}

void test_no_room() {
    ws::connection conn(ws::side::server);
    std::string in = ping + hello + bye;
    char memory[5];
    ws::fixed_output out{ws::buffer(memory)};
    out.resize(4); // room for 1 byte
    std::error_code error;
    std::string seen;
    {
        ws::events reading = conn.read(in, out, error);
        for (const ws::event &e : reading)
            seen += std::to_string(static_cast<int>(e.opcode()));
        // The ping was reported; its pong has no room, so nothing after it was read.
        CHECK(seen == "9" && error == ws::errc::buffer_too_small && conn.has_output());
        out.clear();
        for (const ws::event &e : reading) {
            seen += std::to_string(static_cast<int>(e.opcode()));
            if (e.is_text()) {
                CHECK_MEM(memory, "\x8a\x01p", 3);
                CHECK(!error);
            }
        }
        CHECK(seen == "918" && error == ws::errc::buffer_too_small);
        CHECK(conn.state() == ws::state::closing);
    }
    out.clear();
    CHECK(!conn.output(out) && !conn.has_output());
    CHECK_MEM(memory, "\x88\x02\x03\xe9", 4);
    CHECK(conn.state() == ws::state::closed);
}

// The error of the connection outweighs that of the output.
void test_no_room_and_an_error() {
    ws::connection conn(ws::side::server);
    std::string in = ping + hello + bad;
    char memory[1];
    ws::fixed_output out{ws::buffer(memory)};
    std::error_code error;
    for (const ws::event &e : conn.read(in, out, error))
        CHECK(e.opcode() == ws::opcode::ping);
    CHECK(error == ws::errc::opcode && conn.state() == ws::state::failed);
    std::string later;
    CHECK(!conn.output(later) && later == "\x8a\x01p\x88\x02\x03\xea");
}

// An exception of the container of the output does not leave the library.
struct failing_output {
    std::string bytes;
    char *data() {
        return &bytes[0];
    }
    std::size_t size() const {
        return bytes.size();
    }
    void resize(std::size_t size) {
#if defined(__cpp_exceptions)
        if (size > 20)
            throw std::bad_alloc();
#else
        if (size > 20)
            return;
#endif
        bytes.resize(size);
    }
};

void test_failing_output() {
    ws::connection conn(ws::side::server);
    failing_output out;
    CHECK(conn.send(ws::opcode::text, "a text of 25 bytes, or so", out) ==
          ws::errc::buffer_too_small);
    CHECK(!conn.send(ws::opcode::text, "Hello", out));
    CHECK_U64(out.size(), 7);
}

void test_sticky_error() {
    ws::connection conn(ws::side::server);
    std::string in = bad, out;
    std::error_code error;
    for (const ws::event &e : conn.read(in, out, error))
        CHECK(e.is_close() && false);
    CHECK(error == ws::errc::opcode && out == "\x88\x02\x03\xea");
    in = hello;
    for (const ws::event &e : conn.read(in, out, error))
        CHECK(e.is_close() && false);
    CHECK(error == ws::errc::opcode && out.size() == 4);
    CHECK(conn.send(ws::opcode::text, "late", out) == ws::errc::invalid_state);
    CHECK(conn.finish() == ws::errc::opcode);

    ws::connection none;
    for (const ws::event &e : none.read(in, out, error))
        CHECK(e.is_close() && false);
    CHECK(!none && error == ws::errc::invalid_argument && none.ended());
}

void test_stream_and_options() {
    ws::connection conn(ws::side::server);
    CHECK(!conn.set(ws::option::stream, 1) && !conn.set(ws::option::max_message, 9));
    CHECK(*conn.get(ws::option::max_message) == 9);
    CHECK(conn.set(ws::option::stream, 2) == ws::errc::invalid_argument);
    std::string in = frame(ws::opcode::text, "Hello"), out, got;
    std::error_code error;
    bool first = false, last = false;
    for (std::size_t i = 0; i < in.size(); i++)
        for (const ws::event &e : conn.read(ws::buffer(&in[i], 1), out, error)) {
            got += e.text();
            first |= e.first();
            last |= e.last();
        }
    CHECK(got == "Hello" && first && last && !error);
    CHECK(*conn.get(ws::info::buffered) == 0);
    CHECK(!conn.close(ws::close_code{4000}, "enough", out));
    CHECK(out == "\x88\x08\x0f\xa0" "enough" && conn.state() == ws::state::closing);
    CHECK(*conn.get(ws::info::close_sent) == 4000);
    CHECK(conn.send(ws::opcode::text, "late", out) == ws::errc::invalid_state);
    CHECK(conn.finish() == ws::errc::eof && conn.state() == ws::state::failed);
}

void test_receive() {
    ws::connection conn(ws::side::server);
    std::string in = hello + hello, out;
    ws_event entries[4];
    const auto got = conn.receive(in, entries);
    CHECK(got && got->count == 2 && got->consumed == in.size());
    CHECK(conn.event_of(entries[1], in).text() == "Hello");
    CHECK(!conn.output(out) && out.empty());
}

// A connection that is moved from, or that another replaces, keeps nothing.
void test_moves() {
    ws::connection first(ws::side::server), second(ws::side::client);
    const ws_conn *const handle = second.handle();
    first = std::move(second);
    CHECK(first.handle() == handle && !second);
    ws::connection &same = first;
    first = std::move(same);
    CHECK(first.handle() == handle);
    CHECK(second.finish() == ws::errc::invalid_argument);

    // While a range reads from it.
    std::string in, out;
    for (int i = 0; i < 40; i++)
        in += hello + ping;
    ws::connection conn(ws::side::server), other;
    std::error_code error;
    int count = 0;
    for (const ws::event &e : conn.read(in, out, error)) {
        std::swap(conn, other);
        count += e.is_text();
    }
    CHECK_EQ(count, 40);
    CHECK_U64(out.size(), 40 * 3);
    CHECK(!error && conn && !other);

    if (!ws::has_deflate())
        return;
    ws::pmd one(ws::side::server, ws::pmd_params()), two(ws::side::client, ws::pmd_params());
    one = std::move(two);
    CHECK(one && !two);
    ws::pmd &itself = one;
    one = std::move(itself);
    CHECK(one);
}

void test_decoder() {
    std::string wire;
    for (int i = 0; i < 40; i++)
        wire += frame(ws::opcode::binary, std::to_string(i));
    for (std::size_t step = 1; step <= wire.size(); step++) {
        ws::decoder decoder;
        std::string in = wire, got;
        std::error_code error;
        for (std::size_t at = 0; at < in.size(); at += step) {
            const std::size_t n = std::min(step, in.size() - at);
            for (const ws::frame &f : decoder.read(ws::buffer(&in[at], n), error))
                got += std::string(f.data().text()) + (f.end() ? ";" : "");
        }
        CHECK(!error && !decoder.finish());
        CHECK(got.substr(0, 8) == "0;1;2;3;" && got.substr(got.size() - 3) == "39;");
        CHECK_U64(got.size(), 10 * 2 + 30 * 3);
    }
    // Left early, the rest is consumed: the next read begins at a frame.
    ws::decoder decoder(ws::side::server, ws::decode_flags::none, 5);
    std::string in = wire, next = hello + bad;
    std::error_code error;
    for (const ws::frame &f : decoder.read(in, error)) {
        CHECK(f.data().text() == "0");
        break;
    }
    CHECK(!error && !decoder.finish());
    int count = 0;
    for (const ws::frame &f : decoder.read(next, error))
        count += f.data().text() == "Hello";
    CHECK(count == 1 && error == ws::errc::opcode && decoder.finish() == ws::errc::opcode);
    ws_frame entries[1];
    CHECK(decoder.feed(next, entries).error() == ws::errc::opcode);
}

} // namespace

int main(int, char **argv) {
    test_as_in_c();
    test_break();
    test_return();
    test_exception();
    test_continue_later();
    test_no_room();
    test_no_room_and_an_error();
    test_failing_output();
    test_sticky_error();
    test_stream_and_options();
    test_receive();
    test_moves();
    test_decoder();
    return check_done(argv[0]);
}
