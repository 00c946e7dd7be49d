#include "samples.h"
#include "check.h"

#include <string.h>

#define REQUEST                                          \
    "GET /chat HTTP/1.1\r\n"                             \
    "Host: server.example.com\r\n"                       \
    "Upgrade: websocket\r\n"                             \
    "Connection: Upgrade\r\n"                            \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"    \
    "Sec-WebSocket-Version: 13\r\n"                      \
    "Origin: http://example.com\r\n"                     \
    "Sec-WebSocket-Protocol: chat, superchat\r\n"        \
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"   \
    "Cookie: a=b\r\n"                                    \
    "\r\n"
#define ACCEPTANCE                                       \
    "HTTP/1.1 101 Switching Protocols\r\n"               \
    "Upgrade: websocket\r\n"                             \
    "Connection: Upgrade\r\n"                            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" \
    "Sec-WebSocket-Protocol: chat\r\n"                   \
    "Server: x\r\n"                                      \
    "\r\n"
#define RESPONSE                                         \
    "HTTP/1.1 101 Switching Protocols\r\n"               \
    "Upgrade: websocket\r\n"                             \
    "Connection: Upgrade\r\n"                            \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" \
    "Sec-WebSocket-Protocol: chat\r\n"                   \
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"   \
    "Server: x\r\n"                                      \
    "\r\n"
#define REPLY                                            \
    "HTTP/1.1 426 Upgrade Required\r\n"                  \
    "Content-Length: 4\r\n"                              \
    "Connection: Upgrade, close\r\n"                     \
    "Upgrade: websocket\r\n"                             \
    "Sec-WebSocket-Version: 13\r\n"                      \
    "Retry-After: 1\r\n"                                 \
    "\r\n"                                               \
    "no\r\n"

const char request_text[] = REQUEST, response_text[] = RESPONSE;

static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
static const char long_text[] =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

ws_result try_to_accept(const void *head, size_t len, const void *spec,
                      size_t spec_size, ws_conn **conn, void *out, size_t cap)
{
    static const ws_accepted nothing;
    ws_accepted accepted;
    ws_result n;

    memset(&accepted, 0xcc, sizeof accepted);
    n = ws_conn_accept(head, len, spec, spec_size, &accepted, sizeof accepted,
                       out, cap);
    *conn = accepted.conn;
    if (n > 0 ? (accepted.error == WS_OK) != (accepted.conn != NULL)
              : memcmp(&accepted, &nothing, sizeof nothing) != 0) {
        return -998;
    }
    return n;
}

ws_bytes bytes_of(const char *text)
{
    ws_bytes bytes;

    bytes.data = text;
    bytes.len = strlen(text);
    return bytes;
}

/* ---- memory for connections ---- */

/* Enough to compress or decompress a short message. */
enum { ARENA = 160 * 1024 };

/* Memory for one connection, so that it does not use malloc() and threads share
 * nothing. */
struct arena {
    union {
        unsigned char bytes[ARENA];
        long double aligned;
        void *pointer;
    } room;
    size_t used;
    size_t live; /* Bytes in use. */
};

static void *arena_alloc(void *user, size_t size, size_t align)
{
    struct arena *arena = user;
    size_t start = (arena->used + align - 1) / align * align;

    if (start > sizeof arena->room || size > sizeof arena->room - start) {
        return NULL;
    }
    arena->used = start + size;
    arena->live += size;
    return arena->room.bytes + start;
}

static void arena_free(void *user, void *ptr, size_t size, size_t align)
{
    (void)ptr;
    (void)align;
    ((struct arena *)user)->live -= size;
}

static ws_allocator arena_allocator(struct arena *arena)
{
    ws_allocator allocator;

    arena->used = arena->live = 0;
    allocator.alloc = arena_alloc;
    allocator.resize = NULL;
    allocator.free = arena_free;
    allocator.user = arena;
    return allocator;
}

static ws_conn *new_conn(uint32_t side, struct arena *arena)
{
    ws_allocator allocator = arena_allocator(arena);

    return ws_conn_new(side, &allocator);
}

/* Frees the connection; returns `result` if it freed all its memory. */
static ws_result end_conn(ws_conn *conn, const struct arena *arena,
                          ws_result result)
{
    ws_conn_free(conn);
    return arena->live == 0 ? result : -998;
}

/* ---- writers ---- */

static ws_result write_accept(void *out, size_t cap)
{
    return ws_accept_key("x3JJHMbDL1EzLkh9GBhXDw==", 24, out, cap);
}

static ws_result write_key(void *out, size_t cap)
{
    return ws_make_key(out, cap);
}

static ws_request_spec request_spec(void)
{
    ws_request_spec spec;

    memset(&spec, 0, sizeof spec);
    spec.host = bytes_of("server.example.com");
    spec.target = bytes_of("/chat");
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    spec.origin = bytes_of("http://example.com");
    spec.protocols = bytes_of("chat, superchat");
    spec.extensions = bytes_of("permessage-deflate");
    spec.headers = bytes_of("Cookie: a=b\r\n");
    return spec;
}

static ws_result write_request(void *out, size_t cap)
{
    ws_request_spec spec = request_spec();

    return ws_build_request(&spec, sizeof spec, out, cap);
}

static ws_response_spec response_spec(void)
{
    ws_response_spec spec;

    memset(&spec, 0, sizeof spec);
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    spec.protocol = bytes_of("chat");
    spec.extensions = bytes_of("permessage-deflate");
    spec.headers = bytes_of("Server: x\r\n");
    return spec;
}

static ws_result write_response(void *out, size_t cap)
{
    ws_response_spec spec = response_spec();

    return ws_build_response(&spec, sizeof spec, out, cap);
}

static ws_result write_reply(void *out, size_t cap)
{
    return ws_build_reply(426, "Retry-After: 1\r\n", 16, "no\r\n", 4, out, cap);
}

static ws_result write_frame(void *out, size_t cap)
{
    return ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, NULL, "Hello", 5, out, cap);
}

static ws_result write_masked_frame(void *out, size_t cap)
{
    return ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, mask, "Hello", 5, out, cap);
}

static ws_result write_empty_frame(void *out, size_t cap)
{
    return ws_frame_encode(WS_OPCODE_PING, WS_FIN, mask, NULL, 0, out, cap);
}

static ws_result write_longer_frame(void *out, size_t cap)
{
    return ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, mask, long_text, 126, out,
                           cap);
}

static ws_result write_short_header(void *out, size_t cap)
{
    return ws_frame_header(WS_OPCODE_BINARY, 0, NULL, 125, out, cap);
}

static ws_result write_long_header(void *out, size_t cap)
{
    return ws_frame_header(WS_OPCODE_BINARY, WS_FIN, mask, UINT64_C(1) << 40,
                           out, cap);
}

static ws_result write_one_out_frame(void *out, size_t cap)
{
    ws_out_frame frame;
    size_t written = 99;
    ws_result result;

    memset(&frame, 0, sizeof frame);
    frame.payload = "Hello";
    frame.payload_len = 5;
    memcpy(frame.mask_key, mask, 4);
    frame.opcode = WS_OPCODE_TEXT;
    frame.flags = WS_FIN | WS_MASKED;
    result = ws_frames_encode(&frame, 1, out, cap, &written);
    if (result == 1) {
        return (ws_result)written;
    }
    return written == 0 ? result : -999;
}

static ws_result write_close(void *out, size_t cap)
{
    return ws_close_build(WS_CLOSE_GOING_AWAY, "bye", 3, out, cap);
}

static ws_result accept_head(const void *head, size_t head_len,
                             ws_bytes protocols, ws_bytes headers, void *out,
                             size_t cap)
{
    struct arena arena;
    ws_allocator allocator = arena_allocator(&arena);
    ws_conn *conn = (ws_conn *)(void *)&arena;
    ws_accept_spec spec;
    ws_result result;

    memset(&spec, 0, sizeof spec);
    spec.protocols = protocols;
    spec.headers = headers;
    spec.allocator = &allocator;
    result = try_to_accept(head, head_len, &spec, sizeof spec, &conn, out,
                            cap);
    if (conn != NULL && ws_conn_state(conn) != WS_STATE_OPEN) {
        result = -997;
    }
    if (result <= 0 && conn != NULL) {
        return -999;
    }
    return end_conn(conn, &arena, result);
}

static ws_result write_acceptance(void *out, size_t cap)
{
    return accept_head(request_text, strlen(request_text),
                       bytes_of("superb, chat"), bytes_of("Server: x\r\n"),
                       out, cap);
}

/* Output after a ping, and after a close if `closes`. */
static ws_result write_output(uint32_t side, int closes, void *out, size_t cap)
{
    unsigned char bytes[] =
        "\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
        "\x88\x82\0\0\0\0\x03\xe8";
    unsigned char plain[] = "\x89\x05Hello\x88\x02\x03\xe8";
    int masked = side == WS_SERVER;
    unsigned char *wire = masked ? bytes : plain;
    size_t len = masked ? 11 : 7, used = 0, rest = masked ? 8 : 4;
    struct arena arena;
    ws_conn *conn = new_conn(side, &arena);
    ws_event event;
    ws_result result;

    if (ws_conn_recv(conn, wire, len, &event, 1, &used) != 1 || used != len) {
        return end_conn(conn, &arena, -999);
    }
    if (closes && ws_conn_recv(conn, wire + len, rest, &event, 1, &used) != 1) {
        return end_conn(conn, &arena, -999);
    }
    result = ws_conn_output(conn, out, cap);
    /* Too little room loses nothing, and nothing is written twice. */
    if (ws_conn_output(conn, NULL, 0) !=
        (result > 0 ? 0 : WS_ERR_BUFFER_TOO_SMALL)) {
        result = -997;
    }
    return end_conn(conn, &arena, result);
}

static ws_result write_pong(void *out, size_t cap)
{
    return write_output(WS_SERVER, 0, out, cap);
}

static ws_result write_pong_and_close(void *out, size_t cap)
{
    return write_output(WS_SERVER, 1, out, cap);
}

static ws_result write_masked_output(void *out, size_t cap)
{
    return write_output(WS_CLIENT, 1, out, cap);
}

static ws_result send_message(uint32_t side, const void *payload, size_t len,
                              void *out, size_t cap)
{
    struct arena arena;
    ws_conn *conn = new_conn(side, &arena);
    ws_result result =
        ws_conn_send(conn, WS_OPCODE_BINARY, 0, payload, len, out, cap);

    if (result > 0 && (size_t)result != ws_conn_send_bound(conn, len)) {
        result = -999;
    }
    return end_conn(conn, &arena, result);
}

static ws_result write_message(void *out, size_t cap)
{
    return send_message(WS_SERVER, "Hello", 5, out, cap);
}

static ws_result write_masked_message(void *out, size_t cap)
{
    return send_message(WS_CLIENT, long_text, 126, out, cap);
}

static ws_result end_with(const void *reason, size_t len, void *out, size_t cap)
{
    struct arena arena;
    ws_conn *conn = new_conn(WS_SERVER, &arena);
    ws_result result =
        ws_conn_close(conn, WS_CLOSE_GOING_AWAY, reason, len, out, cap);

    if (ws_conn_state(conn) !=
        (result > 0 ? WS_STATE_CLOSING : WS_STATE_OPEN)) {
        result = -999;
    }
    return end_conn(conn, &arena, result);
}

static ws_result write_end(void *out, size_t cap)
{
    return end_with("bye", 3, out, cap);
}

/* ---- writers of permessage-deflate ---- */

#ifndef WITHOUT_DEFLATE

#define OFFERS(value) \
    "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: " value "\r\n\r\n"
#define SMALL_OFFER                                                  \
    "permessage-deflate; server_no_context_takeover; "               \
    "server_max_window_bits=9; client_max_window_bits"
static const char offers[] =
    OFFERS("permessage-deflate; x, " SMALL_OFFER ", permessage-deflate");
#define SMALL_ANSWER                                                 \
    "permessage-deflate; server_no_context_takeover; "               \
    "client_no_context_takeover; server_max_window_bits=9; "         \
    "client_max_window_bits=10"

/* As small as possible, to need little memory. */
static const ws_pmd_params small = {1, 1, 9, 10, 1, 1, {0, 0}};

static ws_result write_pmd_answer(void *out, size_t cap)
{
    ws_pmd_params params = small, agreed = small;
    ws_result n;

    params.server_max_window_bits = 0;
    params.server_no_context_takeover = 0;
    n = ws_pmd_accept(offers, strlen(offers), &params, out, cap);
    if (n <= 0) {
        /* Then nothing was agreed on. */
        agreed.server_max_window_bits = 0;
        agreed.server_no_context_takeover = 0;
    }
    return memcmp(&params, &agreed, sizeof params) == 0 ? n : -999;
}

static ws_result write_pmd_offer(void *out, size_t cap)
{
    return ws_pmd_offer(&small, out, cap);
}

static ws_result write_compressing_acceptance(void *out, size_t cap)
{
    struct arena arena;
    ws_allocator allocator = arena_allocator(&arena);
    ws_conn *conn = (ws_conn *)(void *)&arena;
    ws_accept_spec spec;
    ws_pmd_params params;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.pmd = &small;
    spec.allocator = &allocator;
    n = try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                       &conn, out, cap);
    if (n <= 0) {
        return conn == NULL ? n : -999;
    }
    if (ws_conn_get_pmd(conn, &params) != 1 ||
        params.server_max_window_bits != 9) {
        n = -997;
    }
    return end_conn(conn, &arena, n);
}

#endif

/* ---- control frames without a connection ---- */

/* Feeds the one frame in `wire`. */
static ws_result feed_control(ws_control *control, void *wire, size_t len,
                              const void *key, void *out, size_t cap)
{
    ws_frame frame;
    ws_result n = ws_frame_decode(wire, len, WS_CLIENT, &frame);

    return n > 0 ? ws_control_feed(control, &frame, wire, key, out, cap) : n;
}

static ws_result write_control_pong(void *out, size_t cap)
{
    unsigned char ping[] = "\x89\x05Hello";
    ws_control control;

    memset(&control, 0, sizeof control);
    return feed_control(&control, ping, 7, mask, out, cap);
}

static ws_result write_control_close(void *out, size_t cap)
{
    ws_control control;
    ws_result n;

    memset(&control, 0, sizeof control);
    n = ws_control_close(&control, WS_CLOSE_GOING_AWAY, "bye", 3, NULL, out,
                         cap);
    if (n > 0 && ws_control_close(&control, WS_CLOSE_NORMAL, NULL, 0, NULL, out,
                                  cap) != 0) {
        n = -999;
    }
    return n;
}

static ws_result write_control_reason(void *out, size_t cap)
{
    unsigned char bye[] = "\x88\x05\x03\xe9" "bye", reply[WS_MAX_OUTPUT];
    ws_control control;

    memset(&control, 0, sizeof control);
    if (feed_control(&control, bye, 7, NULL, reply, sizeof reply) != 4 ||
        ws_control_close_code(&control) != WS_CLOSE_GOING_AWAY) {
        return -999;
    }
    return ws_control_reason(&control, out, cap);
}

#define TEXT(text) sizeof(text) - 1, text
const struct writer writers[] = {
    {"ws_accept_key", write_accept, TEXT("HSmrc0sMlYUkAGmm5OPpG2HaGWk=")},
    {"ws_make_key", write_key, WS_KEY_LEN, NULL},
    {"ws_build_request", write_request, TEXT(REQUEST)},
    {"ws_build_response", write_response, TEXT(RESPONSE)},
    {"ws_build_reply", write_reply, TEXT(REPLY)},
    {"ws_frame_encode", write_frame, TEXT("\x81\x05Hello")},
    {"ws_frame_encode masked", write_masked_frame,
     TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")},
    {"ws_frame_encode empty", write_empty_frame,
     TEXT("\x89\x80\x37\xfa\x21\x3d")},
    {"ws_frame_encode 126", write_longer_frame, 134, NULL},
    {"ws_frame_header 2", write_short_header, TEXT("\x02\x7d")},
    {"ws_frame_header 14", write_long_header,
     TEXT("\x82\xff\0\0\x01\0\0\0\0\0\x37\xfa\x21\x3d")},
    {"ws_frames_encode", write_one_out_frame,
     TEXT("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")},
    {"ws_close_build", write_close, TEXT("\x03\xe9" "bye")},
    {"ws_conn_accept", write_acceptance, TEXT(ACCEPTANCE)},
    {"ws_conn_output pong", write_pong, TEXT("\x8a\x05Hello")},
    {"ws_conn_output both", write_pong_and_close,
     TEXT("\x8a\x05Hello\x88\x02\x03\xe8")},
    {"ws_conn_output masked", write_masked_output, 11 + 8, NULL},
    {"ws_conn_send", write_message, TEXT("\x82\x05Hello")},
    {"ws_conn_send masked", write_masked_message, 134, NULL},
    {"ws_conn_close", write_end, TEXT("\x88\x05\x03\xe9" "bye")},
    {"ws_control_feed", write_control_pong,
     TEXT("\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58")},
    {"ws_control_close", write_control_close,
     TEXT("\x88\x05\x03\xe9" "bye")},
    {"ws_control_reason", write_control_reason, TEXT("bye")},
#ifndef WITHOUT_DEFLATE
    {"ws_pmd_accept", write_pmd_answer, TEXT(SMALL_ANSWER)},
    {"ws_pmd_offer", write_pmd_offer, TEXT(SMALL_ANSWER)},
    {"ws_conn_accept compressing", write_compressing_acceptance,
     TEXT("HTTP/1.1 101 Switching Protocols\r\n"
          "Upgrade: websocket\r\n"
          "Connection: Upgrade\r\n"
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
          "Sec-WebSocket-Extensions: permessage-deflate; "
          "server_no_context_takeover; client_no_context_takeover; "
          "server_max_window_bits=9\r\n"
          "\r\n")},
#endif
};
const size_t writers_len = sizeof writers / sizeof *writers;

/* ---- readers ---- */

static ws_result read_key(void *buf, size_t len)
{
    unsigned char out[WS_ACCEPT_LEN];

    return ws_accept_key(buf, len, out, sizeof out);
}

static ws_result read_request(void *buf, size_t len)
{
    ws_handshake hs;
    ws_result result = ws_parse_handshake(buf, len, &hs, sizeof hs);

    return result > 0 ? result + (ws_result)hs.key.off : result;
}

static ws_result read_fields(void *buf, size_t len)
{
    size_t pos = 0;
    ws_span name, value;
    ws_result sum = 0, result;

    while ((result = ws_next_header(buf, len, &pos, &name, &value)) == 1) {
        sum += 1000 + (ws_result)(name.len + value.len);
    }
    return result == 0 ? sum : result;
}

static ws_result read_for_cookie(void *buf, size_t len)
{
    ws_span value;
    ws_result result = ws_find_header(buf, len, "cookie", 6, &value);

    return result == 1 ? (ws_result)value.off : result;
}

static ws_result read_name(void *buf, size_t len)
{
    ws_span value;

    return ws_find_header(request_text, sizeof request_text - 1, buf, len,
                          &value);
}

static ws_result read_offer(void *buf, size_t len)
{
    ws_span chosen;
    ws_result result =
        ws_select_protocol(buf, len, "x,superchat", 11, &chosen);

    return result == 1 ? (ws_result)chosen.off : result;
}

static ws_result read_supported(void *buf, size_t len)
{
    ws_span chosen;
    ws_result result = ws_select_protocol(
        request_text, sizeof request_text - 1, buf, len, &chosen);

    return result == 1 ? (ws_result)chosen.off : result;
}

static ws_result read_origin(void *buf, size_t len)
{
    return ws_origin_allowed(buf, len, "http://a.b https://c.d:444", 26);
}

static ws_result read_allowed(void *buf, size_t len)
{
    return ws_origin_allowed("https://C.d:444", 15, buf, len);
}

static ws_result read_response(void *buf, size_t len)
{
    ws_response response;
    ws_result result =
        ws_parse_response(buf, len, request_text, sizeof request_text - 1,
                          &response, sizeof response);

    return result > 0 ? result + response.status : result;
}

static ws_result read_own_request(void *buf, size_t len)
{
    ws_response response;

    return ws_parse_response(response_text, sizeof response_text - 1, buf, len,
                             &response, sizeof response);
}

static ws_result build_request_with(ws_bytes *field, ws_request_spec *spec,
                                    void *buf, size_t len)
{
    unsigned char out[1024];

    field->data = buf;
    field->len = len;
    return ws_build_request(spec, sizeof *spec, out, sizeof out);
}

#define READ_SPEC_FIELD(field)                                     \
    static ws_result read_##field(void *buf, size_t len)           \
    {                                                              \
        ws_request_spec spec = request_spec();                     \
        return build_request_with(&spec.field, &spec, buf, len);   \
    }
READ_SPEC_FIELD(host)
READ_SPEC_FIELD(target)
READ_SPEC_FIELD(protocols)
READ_SPEC_FIELD(extensions)
READ_SPEC_FIELD(headers)

static ws_result read_response_headers(void *buf, size_t len)
{
    unsigned char out[1024];
    ws_response_spec spec = response_spec();

    spec.headers.data = buf;
    spec.headers.len = len;
    return ws_build_response(&spec, sizeof spec, out, sizeof out);
}

static ws_result read_reply_body(void *buf, size_t len)
{
    unsigned char out[1024];

    return ws_build_reply(200, NULL, 0, buf, len, out, sizeof out);
}

static ws_result read_spec(void *buf, size_t len)
{
    unsigned char out[1024];

    return ws_build_response(buf, len, out, sizeof out);
}

static ws_result decode(void *buf, size_t len, uint32_t flags)
{
    ws_frame frame;
    ws_result result = ws_frame_decode(buf, len, flags, &frame);

    return result == 0 ? frame.header_len : result * 100 + frame.header_len;
}

static ws_result read_masked_frame(void *buf, size_t len)
{
    return decode(buf, len, WS_SERVER);
}

static ws_result read_unmasked_frame(void *buf, size_t len)
{
    return decode(buf, len, WS_CLIENT);
}

static ws_result read_stream(void *buf, size_t len)
{
    ws_decoder decoder;
    ws_frame frames[2];
    size_t done = 0, used = 0;
    ws_result sum, result;

    sum = ws_decoder_init(&decoder, WS_SERVER, 0);
    while ((result = ws_decoder_feed(&decoder, (unsigned char *)buf + done,
                                     len - done, frames, 2, &used)) > 0) {
        sum += result;
        done += used;
    }
    done += used;
    if (result < 0) {
        return result;
    }
    result = ws_decoder_finish(&decoder);
    return result == 0 ? sum * 1000 + (ws_result)done : result;
}

static ws_result read_utf8(void *buf, size_t len)
{
    uint32_t state = 0;
    ws_result result = ws_utf8_validate(&state, buf, len);

    return result == 0 && state != 0 ? 1 : result;
}

static ws_result read_close(void *buf, size_t len)
{
    uint16_t code;
    ws_result result = ws_close_parse(buf, len, &code);

    return result < 0 ? result : result + code;
}

static ws_result read_reason(void *buf, size_t len)
{
    unsigned char out[WS_MAX_CONTROL];

    return ws_close_build(WS_CLOSE_NORMAL, buf, len, out, sizeof out);
}

static ws_result read_payload(void *buf, size_t len)
{
    unsigned char out[1024];
    ws_result n = ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, mask, buf, len, out,
                                  sizeof out);

    return n > 0 ? n + out[n - 1] : n;
}

static ws_result read_masked(void *buf, size_t len)
{
    unsigned char *bytes = buf;

    ws_mask(buf, len, mask, 3);
    return len != 0 ? bytes[0] + bytes[len - 1] : -1;
}

static ws_result read_mask_copy(void *buf, size_t len)
{
    unsigned char out[1024];

    ws_mask_copy(out, buf, len, mask, 3);
    return len != 0 ? out[0] + out[len - 1] : -1;
}

static ws_result read_mask_copy_in_place(void *buf, size_t len)
{
    unsigned char *bytes = buf;

    ws_mask_copy(buf, buf, len, mask, 3);
    return len != 0 ? bytes[0] + bytes[len - 1] : -1;
}

static ws_result read_mask_key(void *buf, size_t len)
{
    unsigned char out[16];

    return len == 4 ? ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, buf, "abcd", 4,
                                      out, sizeof out)
                    : -1;
}

static ws_result read_head(void *buf, size_t len)
{
    unsigned char out[1024];

    return accept_head(buf, len, bytes_of("chat"), bytes_of(""), out,
                       sizeof out);
}

static ws_result read_own_protocols(void *buf, size_t len)
{
    unsigned char out[1024];
    ws_bytes list;

    list.data = buf;
    list.len = len;
    return accept_head(request_text, strlen(request_text), list, bytes_of(""),
                       out, sizeof out);
}

static ws_result read_own_headers(void *buf, size_t len)
{
    unsigned char out[1024];
    ws_bytes lines;

    lines.data = buf;
    lines.len = len;
    return accept_head(request_text, strlen(request_text), bytes_of("chat"),
                       lines, out, sizeof out);
}

static ws_result read_own_origins(void *buf, size_t len)
{
    unsigned char out[1024];
    struct arena arena;
    ws_allocator allocator = arena_allocator(&arena);
    ws_conn *conn;
    ws_accept_spec spec;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.allocator = &allocator;
    spec.origins.data = buf;
    spec.origins.len = len;
    n = try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                      &conn, out, sizeof out);
    return end_conn(conn, &arena, n);
}

static ws_result read_head_length(void *buf, size_t len)
{
    size_t scanned = 0;
    ws_result n = ws_head_length(buf, len, &scanned);

    return n > 0 ? n : n - (ws_result)scanned;
}

static ws_result read_offered(void *buf, size_t len)
{
    ws_span chosen;
    ws_result n = ws_select_protocol_value(buf, len, "x,superchat", 11, &chosen);

    return n == 1 ? (ws_result)chosen.off : n;
}

static ws_result read_request_field(void *buf, size_t len)
{
    ws_request_fields fields;

    memset(&fields, 0, sizeof fields);
    fields.http_version = 20;
    fields.method = bytes_of("CONNECT");
    fields.connect_protocol = bytes_of("websocket");
    fields.version = bytes_of("13");
    fields.host.data = buf;
    fields.host.len = len;
    return ws_check_request(&fields, sizeof fields) == WS_OK ? 1 : 0;
}

static ws_result read_response_field(void *buf, size_t len)
{
    ws_response_fields fields;

    memset(&fields, 0, sizeof fields);
    fields.http_version = 20;
    fields.status = 200;
    fields.offered_protocols = bytes_of("chat");
    fields.protocol.data = buf;
    fields.protocol.len = len;
    return ws_check_response(&fields, sizeof fields) == WS_OK ? 1 : 0;
}

static ws_result read_control_frame(void *buf, size_t len)
{
    unsigned char out[WS_MAX_OUTPUT];
    ws_control control;
    ws_result n;

    memset(&control, 0, sizeof control);
    n = feed_control(&control, buf, len, NULL, out, sizeof out);
    return n > 0 ? n + out[n - 1] : n;
}

/* Combines the events and the output of a connection in one number. */
static ws_result receive(uint32_t side, const ws_pmd_params *pmd, void *buf,
                         size_t len)
{
    unsigned char *p = buf, *end = p + len, out[WS_MAX_OUTPUT];
    struct arena arena;
    ws_conn *conn = new_conn(side, &arena);
    ws_event ev[2];
    size_t used;
    ws_result n, i, sum = 0;

    if (pmd != NULL && ws_conn_set_pmd(conn, pmd) != 0) {
        return end_conn(conn, &arena, -996);
    }
    do {
        n = ws_conn_recv(conn, p, (size_t)(end - p), ev, 2, &used);
        for (i = 0; i < n; i++) {
            const unsigned char *data = ws_event_data(conn, p, &ev[i]);

            sum += 10000 + (ws_result)ev[i].len;
            sum += ev[i].len != 0 ? data[0] + data[ev[i].len - 1] : 0;
        }
        sum += 100 * ws_conn_output(conn, out, sizeof out);
        p += used;
    } while (n > 0);
    return end_conn(conn, &arena, n == 0 ? sum : n);
}

static ws_result read_messages(void *buf, size_t len)
{
    return receive(WS_SERVER, NULL, buf, len);
}

static ws_result read_unmasked_messages(void *buf, size_t len)
{
    return receive(WS_CLIENT, NULL, buf, len);
}

static ws_result read_message(void *buf, size_t len)
{
    unsigned char out[1024];
    ws_result n = send_message(WS_SERVER, buf, len, out, sizeof out);

    return n > 0 ? n + out[n - 1] : n;
}

static ws_result read_last_words(void *buf, size_t len)
{
    unsigned char out[WS_MAX_CONTROL + 2];

    return end_with(buf, len, out, sizeof out);
}

#ifndef WITHOUT_DEFLATE

static ws_result fold_params(ws_result result, const ws_pmd_params *params)
{
    return result * 10000 + params->server_max_window_bits * 100 +
           params->client_max_window_bits;
}

static ws_result read_pmd_offers(void *buf, size_t len)
{
    unsigned char out[200];
    ws_pmd_params params;
    ws_result n;

    memset(&params, 0, sizeof params);
    n = ws_pmd_accept(buf, len, &params, out, sizeof out);
    return n >= 0 ? fold_params(n, &params) : n;
}

static ws_result read_pmd_answer(void *buf, size_t len)
{
    ws_pmd_params params;
    ws_result n;

    memset(&params, 0, sizeof params);
    n = ws_pmd_confirm(buf, len, &params);
    return n >= 0 ? fold_params(n, &params) : n;
}

static ws_result read_pmd_params(void *buf, size_t len)
{
    unsigned char out[200];

    return len == sizeof(ws_pmd_params) ? ws_pmd_offer(buf, out, sizeof out)
                                        : -1;
}

static ws_result read_compressed(void *buf, size_t len)
{
    return receive(WS_SERVER, &small, buf, len);
}

static ws_result read_compressed_unmasked(void *buf, size_t len)
{
    static const ws_pmd_params wide;

    return receive(WS_CLIENT, &wide, buf, len);
}

/* Compresses the bytes and decompresses them on the other side; 1 more if they
 * became shorter. */
static ws_result read_to_compress(void *buf, size_t len)
{
    unsigned char wire[1024];
    struct arena arena;
    ws_conn *conn = new_conn(WS_CLIENT, &arena);
    ws_result n = -996;

    if (ws_conn_set_pmd(conn, &small) == 0) {
        n = ws_conn_send(conn, WS_OPCODE_BINARY, 0, buf, len, wire,
                         sizeof wire);
    }
    n = end_conn(conn, &arena, n);
    return n > 0 ? receive(WS_SERVER, &small, wire, (size_t)n) +
                       (n < (ws_result)len)
                 : n;
}

/* "Hello" in two parts with a ping between them, "Hello" in a stored block. */
static const unsigned char compressed[] = {
    0x41, 0x83, 0x37, 0xfa, 0x21, 0x3d, 0xc5, 0xb2, 0xec,
    0x89, 0x80, 0x00, 0x00, 0x00, 0x00,
    0x80, 0x84, 0x00, 0x00, 0x00, 0x00, 0xc9, 0xc9, 0x07, 0x00,
    0xc1, 0x8b, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00, 0xfa, 0xff,
    'H',  'e',  'l',  'l',  'o',  0x00};
/* "Hello" twice. */
static const unsigned char compressed_twice[] = {
    0xc1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07,
    0x00, 0xc1, 0x05, 0xf2, 0x00, 0x11, 0x00, 0x00};

#endif

static const unsigned char masked_frame[] = {
    0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58};
static const unsigned char unmasked_frame[] = {0x81, 0x05, 'H', 'e',
                                               'l',  'l',  'o'};
static const unsigned char stream[] = {
    0x01, 0x82, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f,             /* "He" */
    0x89, 0x80, 0x37, 0xfa, 0x21, 0x3d,                         /* ping */
    0x80, 0x83, 0x00, 0x00, 0x00, 0x00, 'l',  'l',  'o',        /* "llo" */
    0x82, 0x83, 0x00, 0x00, 0x00, 0x00, 0,    1,    2,         /* 3 */
    0x88, 0x82, 0x00, 0x00, 0x00, 0x00, 0x03, 0xe8};            /* close */

/* This spec is refused for its empty key, and has no pointers, so its bytes can
 * be at any address. */
static const ws_response_spec empty_spec;

#ifndef WITHOUT_DEFLATE

static ws_result read_pmd_value(void *buf, size_t len)
{
    char out[256];
    ws_pmd_params params = small;
    ws_result n = ws_pmd_accept_value(buf, len, &params, out, sizeof out);

    return n > 0 ? n + params.server_max_window_bits : n;
}

static ws_result read_pmd_answer_value(void *buf, size_t len)
{
    ws_pmd_params params;

    memset(&params, 0, sizeof params);
    return ws_pmd_confirm_value(buf, len, &params) == 1
               ? params.server_max_window_bits
               : 0;
}

static ws_result read_confirmation(void *buf, size_t len)
{
    static const ws_pmd_params offered;
    struct arena arena;
    ws_allocator allocator = arena_allocator(&arena);
    ws_conn *conn;
    ws_response response;
    ws_result n = ws_conn_confirm(buf, len, request_text, strlen(request_text),
                                  &offered, &allocator, &conn, &response,
                                  sizeof response);

    if ((n > 0) != (conn != NULL)) {
        n = -997;
    }
    return end_conn(conn, &arena, n);
}

#endif

#define SAMPLE(text) text, sizeof(text) - 1
const struct reader readers[] = {
    {"ws_accept_key", read_key, SAMPLE("dGhlIHNhbXBsZSBub25jZQ=="), 28},
    {"ws_parse_handshake", read_request, SAMPLE(REQUEST), 289 + 106},
    {"ws_next_header", read_fields, SAMPLE(REQUEST), 9231},
    {"ws_find_header head", read_for_cookie, SAMPLE(REQUEST), 282},
    {"ws_find_header name", read_name, SAMPLE("sec-webSOCKET-key"), 1},
    {"ws_select_protocol head", read_offer, SAMPLE(REQUEST), 2},
    {"ws_select_protocol list", read_supported, SAMPLE("a , b,\tchat"), 7},
    {"ws_origin_allowed origin", read_origin, SAMPLE("HTTPS://c.D:444"), 1},
    {"ws_origin_allowed list", read_allowed, SAMPLE("http://a https://c.d:444"), 1},
    {"ws_parse_response", read_response, SAMPLE(RESPONSE), 216 + 101},
    {"ws_parse_response request", read_own_request, SAMPLE(REQUEST), 216},
    {"ws_build_request host", read_host, SAMPLE("[::1]:8080"), 281},
    {"ws_build_request target", read_target, SAMPLE("/a?b=%20"), 292},
    {"ws_build_request protocols", read_protocols, SAMPLE("a, b ,c"), 281},
    {"ws_build_request extensions", read_extensions, SAMPLE("a; b=\"1\"; c, d"), 285},
    {"ws_build_request headers", read_headers, SAMPLE("A: b\r\nC:\r\n"), 286},
    {"ws_build_response headers", read_response_headers, SAMPLE("A: b\r\nC:\r\n"), 215},
    {"ws_build_reply body", read_reply_body, SAMPLE("a body"), 63},
    {"ws_build_response spec", read_spec, &empty_spec, sizeof empty_spec,
     WS_ERR_INVALID_ARGUMENT},
    {"ws_frame_decode masked", read_masked_frame, masked_frame, sizeof masked_frame,
     1106},
    {"ws_frame_decode", read_unmasked_frame, unmasked_frame, sizeof unmasked_frame,
     702},
    {"ws_decoder_feed", read_stream, stream, sizeof stream, 5000 + 40},
    {"ws_utf8_validate", read_utf8,
     SAMPLE("0123456789abcdef0123456789abcdef \xce\xba\xe1\xbd\xb9"
            "\xf0\x9f\x98\x80 0123456789abcdef0123456789abcdef \xe2\x82"),
     1},
    {"ws_close_parse", read_close, SAMPLE("\x03\xe8 \xce\xba"), 1003},
    {"ws_close_build reason", read_reason, SAMPLE("good-bye \xce\xba"), 13},
    {"ws_frame_encode payload", read_payload, SAMPLE("0123456789abcdef"),
     22 + ('f' ^ 0x3d)},
    {"ws_frame_encode key", read_mask_key, mask, sizeof mask, 10},
    {"ws_mask", read_masked, SAMPLE("0123456789abcdef"), ('0' ^ 0x3d) + ('f' ^ 0x21)},
    {"ws_mask_copy", read_mask_copy, SAMPLE("0123456789abcdef"),
     ('0' ^ 0x3d) + ('f' ^ 0x21)},
    {"ws_mask_copy in place", read_mask_copy_in_place, SAMPLE("0123456789abcdef"),
     ('0' ^ 0x3d) + ('f' ^ 0x21)},
    {"ws_conn_accept head", read_head, SAMPLE(REQUEST), 159},
    {"ws_conn_accept protocols", read_own_protocols, SAMPLE("a, superchat"), 164},
    {"ws_conn_accept headers", read_own_headers, SAMPLE("A: b\r\nC:\r\n"), 169},
    {"ws_conn_accept origins", read_own_origins, SAMPLE("https://a http://example.com"),
     129},
    {"ws_head_length", read_head_length, SAMPLE(REQUEST), 289},
    {"ws_select_protocol_value", read_offered, SAMPLE("a, superchat"), 2},
    {"ws_check_request host", read_request_field, SAMPLE("[::1]:8080"), 1},
    {"ws_check_response protocol", read_response_field, SAMPLE("chat"), 1},
    {"ws_control_feed", read_control_frame, SAMPLE("\x89\x05Hello"), 7 + 'o'},
    /* A ping, "Hello", 3 bytes and a close; the output is a pong and a close. */
    {"ws_conn_recv", read_messages, stream, sizeof stream,
     40000 + 5 + 'H' + 'o' + 3 + 2 + 200 + 400},
    {"ws_conn_recv unmasked", read_unmasked_messages, unmasked_frame,
     sizeof unmasked_frame, 10000 + 5 + 'H' + 'o'},
    {"ws_conn_send payload", read_message, SAMPLE("0123456789abcdef"), 18 + 'f'},
    {"ws_conn_close reason", read_last_words, SAMPLE("good-bye \xce\xba"), 15},
#ifndef WITHOUT_DEFLATE
    {"ws_pmd_accept head", read_pmd_offers,
     SAMPLE(OFFERS("permessage-deflate; x, " SMALL_OFFER)),
     (ws_result)(sizeof("permessage-deflate; server_no_context_takeover; "
                        "server_max_window_bits=9") -
                 1) *
             10000 +
         915},
    {"ws_pmd_confirm head", read_pmd_answer,
     SAMPLE("HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: " SMALL_ANSWER "\r\n\r\n"),
     10910},
    {"ws_pmd_accept_value", read_pmd_value,
     SAMPLE("x, permessage-deflate; server_max_window_bits=9"),
     (ws_result)(sizeof SMALL_ANSWER - sizeof "; client_max_window_bits=10") + 9},
    {"ws_pmd_confirm_value", read_pmd_answer_value,
     SAMPLE("permessage-deflate; server_max_window_bits=10"), 10},
    {"ws_conn_confirm", read_confirmation, SAMPLE(RESPONSE), sizeof RESPONSE - 1},
    {"ws_pmd_offer params", read_pmd_params, &small, sizeof small,
     sizeof SMALL_ANSWER - 1},
    {"ws_conn_recv compressed", read_compressed, compressed, sizeof compressed,
     30000 + 200 + 2 * (5 + 'H' + 'o')},
    {"ws_conn_recv compressed unmasked", read_compressed_unmasked, compressed_twice,
     sizeof compressed_twice, 20000 + 2 * (5 + 'H' + 'o')},
    {"ws_conn_send compressing", read_to_compress,
     SAMPLE("012345 012345 012345 012345 012345 012345 012345 "),
     10000 + 49 + '0' + ' ' + 1},
#endif
};
const size_t readers_len = sizeof readers / sizeof *readers;

/* ---- the rest ---- */

int other_functions_work(void)
{
    return ws_version() == WS_VERSION_MAJOR * 10000 + WS_VERSION_MINOR * 100 +
                               WS_VERSION_PATCH &&
           strlen(ws_version_string()) >= 5 &&
           (ws_features() & ~(uint32_t)WS_FEATURE_DEFLATE) == 0 &&
           ws_sizeof(WS_TYPE_FRAME) == sizeof(ws_frame) &&
           strlen(ws_strerror(WS_ERR_UTF8)) > 0 &&
           strcmp(ws_errname(WS_ERR_UTF8), "WS_ERR_UTF8") == 0 &&
           ws_close_code_for(WS_ERR_UTF8) == 1007 &&
           ws_http_status(WS_ERR_HTTP_METHOD) == 405 &&
           ws_frame_size(126, 1) == 134 && ws_close_code_valid(1000) == 1;
}

void check_samples(void)
{
    unsigned char buf[512];
    size_t i;

    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, i, 0);
        CHECK_EQ(writers[i].run(buf, sizeof buf), writers[i].size);
        if (writers[i].text != NULL) {
            CHECK_MEM(buf, writers[i].text, writers[i].size);
        }
        CHECK_EQ(writers[i].run(buf, 0), WS_ERR_BUFFER_TOO_SMALL);
    }
    for (i = 0; i < readers_len; i++) {
        check_case(readers[i].name, i, 0);
        memcpy(buf, readers[i].sample, readers[i].len);
        CHECK_EQ(readers[i].run(buf, readers[i].len), readers[i].want);
    }
    CHECK(other_functions_work());
}
