// What the comparisons call of uWebSockets: its own templates, instantiated as its server does.

#include "HttpParser.h"
#include "WebSocketData.h"
#include "WebSocketHandshake.h"
#include "WebSocketProtocol.h"

extern "C" {
#include "internal/internal.h"
}

namespace {

struct Span {
    const char *data;
    size_t len;
};

// Where the messages of a call of consume() are noted.
struct Receiver {
    uWS::WebSocketState<true> state;
    Span *spans;
    size_t count;
    bool failed;
};

// As uWS::WebSocketContext treats frames that are whole messages without compression.
struct Impl {
    static bool refusePayloadLength(uint64_t length, uWS::WebSocketState<true> *, void *) {
        return length > (1 << 20);
    }

    static bool setCompressed(uWS::WebSocketState<true> *, void *) { return false; }

    static void forceClose(uWS::WebSocketState<true> *, void *user, std::string_view = {}) {
        static_cast<Receiver *>(user)->failed = true;
    }

    static bool handleFragment(char *data, size_t length, unsigned int remaining, int opcode,
                               bool fin, uWS::WebSocketState<true> *state, void *user) {
        auto *receiver = static_cast<Receiver *>(user);
        if (remaining || !fin) {
            receiver->failed = true;
            return true;
        }
        if (opcode == uWS::TEXT &&
            !uWS::protocol::isValidUtf8(reinterpret_cast<unsigned char *>(data), length)) {
            forceClose(state, user);
            return true;
        }
        receiver->spans[receiver->count++] = {data, length};
        return false;
    }
};

using Protocol = uWS::WebSocketProtocol<true, Impl>;

struct Masking : Protocol {
    using Protocol::unmaskImprecise8;
};

ptrdiff_t consume(Receiver *receiver, char *data, size_t len, Span *spans) {
    receiver->spans = spans;
    receiver->count = 0;
    Protocol::consume(data, static_cast<unsigned int>(len), &receiver->state, receiver);
    return receiver->failed ? -1 : static_cast<ptrdiff_t>(receiver->count);
}

size_t encode(char *out, const char *payload, size_t len, int opcode) {
    return uWS::protocol::formatMessage<true>(out, payload, len, uWS::OpCode(opcode), len, false,
                                              true);
}

// What uWS::HttpResponse writes with an upgrade, but for its Date and its own name.
size_t writeUpgrade(std::string_view key, char *out) {
    char accept[28];
    uWS::WebSocketHandshake::generate(key.data(), accept);
    char *start = out;
    for (std::string_view part : {
             std::string_view("HTTP/1.1 101 Switching Protocols\r\n"),
             std::string_view("Upgrade: websocket\r\nConnection: Upgrade\r\n"),
             std::string_view("Sec-WebSocket-Accept: "),
             std::string_view(accept, sizeof accept),
             std::string_view("\r\n\r\n"),
         }) {
        memcpy(out, part.data(), part.size());
        out += part.size();
    }
    return out - start;
}

} // namespace

extern "C" {

// Needs CONSUME_PRE_PADDING bytes before `data` and CONSUME_POST_PADDING after it. Returns how
// many messages were noted in `spans`, or -1.
ptrdiff_t bench_uws_consume(Receiver *receiver, char *data, size_t len, Span *spans) {
    return consume(receiver, data, len, spans);
}

Receiver *bench_uws_receiver() { return new Receiver(); }

void bench_uws_receiver_free(Receiver *receiver) { delete receiver; }

// Writes up to eight bytes behind the payload.
void bench_uws_mask(char *data, size_t len, const char *key) {
    uint64_t mask;
    memcpy(&mask, key, 4);
    memcpy(reinterpret_cast<char *>(&mask) + 4, key, 4);
    Masking::unmaskImprecise8<0>(data, mask, static_cast<unsigned int>(len));
}

size_t bench_uws_encode(char *out, const char *payload, size_t len, int opcode) {
    return encode(out, payload, len, opcode);
}

// Reads one message, as bench_uws_consume() does, and writes it back as a text.
size_t bench_uws_echo(Receiver *receiver, char *data, size_t len, char *out) {
    Span message = {};
    if (consume(receiver, data, len, &message) != 1) {
        return 0;
    }
    return encode(out, message.data, message.len, uWS::TEXT);
}

void bench_uws_accept_key(const char *key, char *accept) {
    uWS::WebSocketHandshake::generate(key, accept);
}

// Parses a request, looks up what an upgrade needs, writes the answer. Writes to `head`, and
// behind it up to MINIMUM_HTTP_POST_PADDING bytes. Returns the length of the answer, or 0.
size_t bench_uws_upgrade(char *head, size_t len, char *out) {
    uWS::HttpParser parser;
    size_t written = 0;
    parser.consumePostPadded(
        head, static_cast<unsigned int>(len), &parser, nullptr,
        [&](void *, uWS::HttpRequest *request) -> void * {
            std::string_view key = request->getHeader("sec-websocket-key");
            request->getHeader("sec-websocket-protocol");
            request->getHeader("sec-websocket-extensions");
            if (key.length() == 24) {
                written = writeUpgrade(key, out);
            }
            return nullptr; // as when the socket was upgraded
        },
        [](void *user, std::string_view, bool) -> void * { return user; });
    return written;
}

// What a connection takes after its upgrade: the socket and the state behind it.
size_t bench_uws_connection_size() { return sizeof(us_socket_t) + sizeof(uWS::WebSocketData); }

} // extern "C"
