/* Connections: two that exchange messages through buffers, errors of the peer,
 * opening handshakes, invalid arguments, and failing allocations. */
#include "tracker.h"
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT
enum { WHOLE = WS_EVENT_FIRST | WS_EVENT_LAST | WS_EVENT_FRAME_END };

/* ---- an application ---- */

enum { ROOM = 8192 };

/* One end: its bytes to send, and a log of its events. */
struct end {
    ws_conn *c;
    unsigned char wire[ROOM];
    size_t wire_len;
    char log[ROOM]; /* "1:hi 9:ping 8:1000:bye " */
    ws_result n;    /* Of the last ws_conn_recv(). */
    int echoes;
};

static void put(char *log, const char *text, size_t len)
{
    size_t at = strlen(log);

    if (len >= ROOM - at) {
        abort();
    }
    memcpy(log + at, text, len);
    log[at + len] = '\0';
}

static void put_number(char *log, unsigned number)
{
    char digits[16];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    put(log, digits + at, sizeof digits - at);
    put(log, ":", 1);
}

static ws_result send_text(struct end *end, int opcode, uint32_t flags,
                           const char *text)
{
    ws_result n = ws_conn_send(end->c, opcode, flags, text, strlen(text),
                               end->wire + end->wire_len,
                               ROOM - end->wire_len);

    if (n > 0) {
        CHECK_U64(n, ws_conn_send_bound(end->c, strlen(text)));
        end->wire_len += (size_t)n;
    }
    return n;
}

static ws_result send_close(struct end *end, uint16_t code, const char *reason)
{
    ws_result n = ws_conn_close(end->c, code, reason, strlen(reason),
                                end->wire + end->wire_len,
                                ROOM - end->wire_len);

    end->wire_len += n > 0 ? (size_t)n : 0;
    return n;
}

static void handle_event(struct end *end, const ws_event *event,
                         const void *data)
{
    put_number(end->log, event->opcode);
    if (event->opcode == WS_OPCODE_CLOSE) {
        put_number(end->log, event->close_code);
    } else {
        CHECK_EQ(event->close_code, 0);
    }
    CHECK_EQ(event->flags & ~WS_EVENT_COLLECTED, WHOLE);
    CHECK_EQ(event->reserved, 0);
    put(end->log, data, (size_t)event->len);
    put(end->log, " ", 1);
    if (end->echoes && event->opcode <= WS_OPCODE_BINARY) {
        ws_result n = ws_conn_send(end->c, event->opcode, 0, data,
                                   (size_t)event->len, end->wire + end->wire_len,
                                   ROOM - end->wire_len);

        CHECK(n > 0);
        end->wire_len += n > 0 ? (size_t)n : 0;
    }
}

/* The loop of the header, word for word. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"
static void receive(struct end *app, unsigned char *p, size_t len)
{
    unsigned char out[WS_MAX_OUTPUT];
    ws_conn *c = app->c;
    ws_event ev[64];
    ws_result n, i;
    size_t used;

#define handle(event, p) handle_event(app, event, ws_event_data(c, p, event))
#define collect(written)                                              \
    do {                                                              \
        ws_result collected = (written);                              \
        CHECK(collected >= 0);                                        \
        memcpy(app->wire + app->wire_len, out, (size_t)collected);    \
        app->wire_len += (size_t)collected;                           \
    } while (0)
    app->n = 0;
    while (len > 0) {
        n = ws_conn_recv(c, p, len, ev, 64, &used);
        for (i = 0; i < n; i++) handle(&ev[i], p);
        collect(ws_conn_output(c, out, sizeof out));
        app->n = n;
        if (n < 0) break;
        p += used, len -= used;
    }
#undef collect
#undef handle
}
#pragma GCC diagnostic pop

/* Delivers the bytes of `from` to `to`, `step` bytes at a time. */
static void deliver(struct end *from, struct end *to, size_t step)
{
    unsigned char bytes[ROOM];
    size_t at, len = from->wire_len;

    memcpy(bytes, from->wire, len);
    from->wire_len = 0;
    for (at = 0; at < len; at += step) {
        receive(to, bytes + at, len - at < step ? len - at : step);
    }
}

static void start(struct end *end, uint32_t side, const ws_allocator *allocator)
{
    memset(end, 0, sizeof *end);
    end->c = ws_conn_new(side, allocator);
}

/* ---- conversations ---- */

static void check_conversation(size_t step, int resizes, uint32_t first)
{
    static struct end a, b; /* `a` starts; either may be the client. */
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    char long_text[301];

    check_case("conversation", step, first);
    memset(long_text, 'x', 300);
    long_text[300] = '\0';
    start(&a, first, &allocator);
    start(&b, first ^ WS_CLIENT, &allocator);
    CHECK_EQ(ws_conn_state(a.c), WS_STATE_OPEN);
    b.echoes = 1;

    CHECK(send_text(&a, WS_OPCODE_TEXT, 0, "hi") > 0);
    CHECK(send_text(&a, WS_OPCODE_BINARY, 0, long_text) > 0);
    CHECK(send_text(&a, WS_OPCODE_TEXT, WS_SEND_MORE, "on") > 0);
    CHECK(send_text(&a, WS_OPCODE_PING, 0, "p") > 0);
    CHECK_EQ(send_text(&a, WS_OPCODE_BINARY, 0, "x"), WS_ERR_INVALID_STATE);
    CHECK(send_text(&a, WS_OPCODE_TEXT, WS_SEND_MORE | WS_SEND_PLAIN, "") > 0);
    CHECK(send_text(&a, WS_OPCODE_TEXT, WS_SEND_MORE, "\xc3") > 0);
    CHECK(send_text(&a, WS_OPCODE_PONG, 0, "") > 0);
    CHECK(send_text(&a, WS_OPCODE_TEXT, 0, "\xa9") > 0);
    CHECK(send_text(&a, WS_OPCODE_TEXT, 0, "") > 0);
    deliver(&a, &b, step);
    put(a.log, "1:hi 2:", 7);
    put(a.log, long_text, 300);
    CHECK_EQ(strncmp(b.log, a.log, 307), 0);
    CHECK_STR(b.log + 307, " 9:p 10: 1:on\xc3\xa9 1: ");
    a.log[0] = '\0';
    deliver(&b, &a, step);
    CHECK_EQ(strncmp(a.log, b.log, 307), 0);
    CHECK_STR(a.log + 307, " 10:p 1:on\xc3\xa9 1: ");

    /* The closing handshake. */
    a.log[0] = b.log[0] = '\0';
    CHECK(send_close(&a, WS_CLOSE_GOING_AWAY, "bye") > 0);
    CHECK_EQ(send_close(&a, WS_CLOSE_NORMAL, ""), 0);
    CHECK_EQ(ws_conn_state(a.c), WS_STATE_CLOSING);
    CHECK_EQ(send_text(&a, WS_OPCODE_TEXT, 0, "x"), WS_ERR_INVALID_STATE);
    CHECK(send_text(&b, WS_OPCODE_TEXT, 0, "still here") > 0);
    CHECK(send_text(&b, WS_OPCODE_PING, 0, "?") > 0);
    deliver(&b, &a, step);
    CHECK_STR(a.log, "1:still here 9:? ");
    deliver(&a, &b, step);
    CHECK_STR(b.log, "8:1001:bye ");
    CHECK_EQ(ws_conn_state(b.c), WS_STATE_CLOSED);
    CHECK_EQ(send_text(&b, WS_OPCODE_TEXT, 0, "x"), WS_ERR_INVALID_STATE);
    deliver(&b, &a, step);
    CHECK_STR(a.log, "1:still here 9:? 8:1001: ");
    CHECK_EQ(ws_conn_state(a.c), WS_STATE_CLOSED);
    CHECK_EQ(a.wire_len + b.wire_len, 0);
    CHECK_EQ(ws_conn_finish(a.c), WS_OK);
    CHECK_EQ(ws_conn_finish(b.c), WS_OK);
    ws_conn_free(a.c);
    ws_conn_free(b.c);
    CHECK_U64(tracker.blocks, 0);
    CHECK_U64(tracker.bytes, 0);
}

/* Closes that cross. */
static void check_both_close(void)
{
    static struct end a, b;

    check_case("both close", 0, 0);
    start(&a, WS_CLIENT, NULL);
    start(&b, WS_SERVER, NULL);
    CHECK(send_close(&a, 3000, "") > 0);
    CHECK(send_close(&b, WS_CLOSE_NO_STATUS, "") == 2);
    deliver(&a, &b, 1);
    CHECK_EQ(b.wire_len, 2);
    deliver(&b, &a, 1);
    CHECK_EQ(a.wire_len, 0);
    CHECK_STR(a.log, "8:1005: ");
    CHECK_STR(b.log, "8:3000: ");
    CHECK_EQ(ws_conn_state(a.c), WS_STATE_CLOSED);
    CHECK_EQ(ws_conn_state(b.c), WS_STATE_CLOSED);
    ws_conn_free(a.c);
    ws_conn_free(b.c);
}

/* Replies are in the order of the frames that they reply to. */
static void check_order_of_replies(size_t step)
{
    static struct end client, server;

    check_case("order", step, 0);
    start(&client, WS_CLIENT, NULL);
    start(&server, WS_SERVER, NULL);
    server.echoes = 1;
    CHECK(send_text(&client, WS_OPCODE_TEXT, 0, "hi") > 0);
    CHECK(send_text(&client, WS_OPCODE_PING, 0, "") > 0);
    CHECK(send_text(&client, WS_OPCODE_TEXT, 0, "yo") > 0);
    CHECK(send_close(&client, WS_CLOSE_NORMAL, "") > 0);
    deliver(&client, &server, step);
    CHECK_STR(server.log, "1:hi 9: 1:yo 8:1000: ");
    CHECK_EQ(server.wire_len, 4 + 2 + 4 + 4);
    CHECK_MEM(server.wire, "\x81\x02hi\x8a\0\x81\x02yo\x88\x02\x03\xe8", 14);
    CHECK(server.n >= 0);
    CHECK_EQ(ws_conn_state(server.c), WS_STATE_CLOSED);
    /* Bytes after a close are consumed and ignored. */
    receive(&server, (unsigned char *)client.log, 5);
    CHECK_EQ(server.n, 0);
    CHECK_EQ(server.wire_len, 14);
    ws_conn_free(client.c);
    ws_conn_free(server.c);
}

/* A message that is whole in the buffer is reported in place. */
static void check_messages_in_place(void)
{
    unsigned char bytes[] = "\x81\x82\1\2\3\4ik"
                            "\x01\x81\0\0\0\0a\x80\x81\0\0\0\0b";
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[4];
    size_t used;

    check_case("in place", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, bytes, 22, ev, 4, &used), 2);
    CHECK_EQ(used, 22);
    CHECK_EQ(ev[0].off, 6);
    CHECK(ws_event_data(conn, bytes, &ev[0]) == bytes + 6);
    CHECK_MEM(bytes + 6, "hi", 2);
    CHECK_EQ(ev[0].len, 2);
    CHECK_EQ(ev[1].len, 2);
    CHECK_EQ(ev[1].flags, WHOLE | WS_EVENT_COLLECTED);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[1]), "ab", 2);
    CHECK_EQ(ws_conn_recv(conn, bytes + 22, 0, ev, 4, &used), 0);
    CHECK_EQ(used, 0);
    ws_conn_free(conn);
}

static void check_stream(void)
{
    unsigned char bytes[] = "\x01\x03" "abc" "\x80\x02" "de";
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    ws_event ev[4];
    size_t used;

    check_case("stream", 0, 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 1), WS_OK);
    CHECK_EQ(ws_conn_recv(conn, bytes, 4, ev, 4, &used), 1);
    CHECK_EQ(ev[0].flags, WS_EVENT_FIRST);
    CHECK_EQ(ev[0].len, 2);
    CHECK_EQ(ev[0].off, 2);
    CHECK_EQ(ws_conn_recv(conn, bytes + 4, 4, ev, 4, &used), 2);
    CHECK_EQ(ev[0].flags, WS_EVENT_FRAME_END);
    CHECK_EQ(ev[0].len, 1);
    CHECK_EQ(ev[1].flags, 0);
    CHECK_EQ(ev[1].len, 1);
    CHECK_EQ(ws_conn_recv(conn, bytes + 8, 1, ev, 4, &used), 1);
    CHECK_EQ(ev[0].flags, WS_EVENT_LAST | WS_EVENT_FRAME_END);
    CHECK_EQ(ev[0].opcode, WS_OPCODE_TEXT);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 0), WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_CHECK_UTF8, 0), WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_AUTO_PONG, 0), WS_OK);
    CHECK_EQ(ws_conn_finish(conn), WS_ERR_EOF);
    ws_conn_free(conn);
}

/* ---- errors of the peer ---- */

/* A text, then an error. */
static void check_error(const char *hex, ws_result error, uint16_t code)
{
    unsigned char wire[64] = "\x81\x02hi", out[WS_MAX_OUTPUT];
    unsigned char closes[4] = {0x88, 2, 0, 0};
    size_t len = 4 + unhex(hex, wire + 4, sizeof wire - 4), used = 99;
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    ws_event ev[8];
    ws_decoder decoder;
    ws_frame frame;

    check_case(hex, code, 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 4), WS_OK);
    CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &used), 1);
    CHECK(used >= 4 && used <= len);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
    CHECK_EQ(ws_conn_output(conn, NULL, 0), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, 8), 8);
    CHECK_EQ(ws_conn_recv(conn, wire + used, len - used, ev, 8, &used), error);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    CHECK_EQ(ws_close_code_for(error), code);

    /* The close frame is pending; until it is collected, messages can be sent. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, 8), 8);
    CHECK_EQ(ws_conn_output(conn, NULL, 0), WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_output(conn, out, 7), WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_recv(conn, NULL, 0, ev, 8, &used), error);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 8);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
    CHECK_EQ(ws_decoder_feed(&decoder, out, 8, &frame, 1, &used), 1);
    CHECK_EQ(out[0], closes[0]);
    CHECK_EQ(out[6] * 256 + out[7], code);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, 8),
             WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_close(conn, 1000, NULL, 0, out, sizeof out), 0);
    CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &used), error);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_finish(conn), error);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    ws_conn_free(conn);
}

static void check_end_of_stream(void)
{
    unsigned char bytes[] = "\x89\x01p\x01\x02h", out[16];
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    ws_event ev[2];
    size_t used;

    check_case("end", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, bytes, 6, ev, 2, &used), 1);
    CHECK_EQ(ws_conn_recv(conn, bytes + used, 6 - used, ev, 2, &used), 0);
    CHECK_EQ(ws_conn_finish(conn), WS_ERR_EOF);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_PING, 0, NULL, 0, out, sizeof out),
             WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_close(conn, 1000, NULL, 0, out, sizeof out), 0);
    CHECK_EQ(ws_conn_recv(conn, bytes, 6, ev, 2, &used), WS_ERR_EOF);
    CHECK_EQ(ws_conn_finish(conn), WS_ERR_EOF);
    ws_conn_free(conn);

    /* A close was received, and the reply was not collected. */
    conn = ws_conn_new(WS_CLIENT, NULL);
    memcpy(bytes, "\x88", 2);
    CHECK_EQ(ws_conn_recv(conn, bytes, 2, ev, 2, &used), 1);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSING);
    CHECK_EQ(ws_conn_finish(conn), WS_OK);
    ws_conn_free(conn);
}

/* A pending pong is replaced by the next; ws_conn_close() replaces a pending
 * close. */
static void check_pending_output(void)
{
    unsigned char bytes[] = "\x89\x01" "1\x89\x01" "2\x89\x00\x88\x02\x03\xe8";
    unsigned char out[32];
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    ws_event ev[8];
    size_t used, at;

    check_case("pending output", 0, 0);
    for (at = 0; at < 6; at += used) {
        CHECK_EQ(ws_conn_recv(conn, bytes + at, 6 - at, ev, 8, &used), 1);
    }
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 7);
    CHECK_EQ(out[0], 0x8a);
    ws_mask(out + 6, 1, out + 2, 0);
    CHECK_EQ(out[6], '2');
    CHECK_EQ(ws_conn_recv(conn, bytes + 6, 6, ev, 8, &used), 1);
    CHECK_EQ(used, 2);
    CHECK_EQ(ws_conn_recv(conn, bytes + 8, 4, ev, 8, &used), 1);
    CHECK_EQ(ws_conn_close(conn, 4000, "why", 3, out, 10),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSING);
    CHECK_EQ(ws_conn_close(conn, 4000, "why", 3, out, 11), 11);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSED);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    ws_conn_free(conn);
}

/* ---- the opening handshake ---- */

static const char plain_request[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
static const char not_http[] = "GET /\r\n\r\n";

static void check_accept(const char *head, size_t len,
                         const ws_accept_spec *spec, const char *begins,
                         int accepts)
{
    unsigned char out[1024];
    static unsigned char nowhere;
    ws_conn *conn;
    size_t cap, size;
    ws_result n;

    check_case(begins, len, 0);
    n = try_to_accept(head, len, spec, sizeof *spec, &conn, out, sizeof out);
    CHECK(n > 0);
    size = n > 0 ? (size_t)n : 0;
    CHECK(size <= WS_MAX_REPLY + spec->headers.len + spec->protocols.len);
    CHECK_MEM(out, begins, strlen(begins));
    CHECK_EQ(conn != NULL, accepts);
    if (accepts) {
        CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
        /* A server does not mask. */
        CHECK_EQ(ws_conn_send_bound(conn, 5), 7);
    }
    ws_conn_free(conn);
    for (cap = 0; cap <= size; cap++) {
        unsigned char *small = guarded(cap);

        check_case(begins, len, cap);
        conn = (ws_conn *)(void *)&nowhere;
        n = try_to_accept(head, len, spec, sizeof *spec, &conn, small, cap);
        if (cap < size) {
            CHECK_EQ(n, WS_ERR_BUFFER_TOO_SMALL);
            CHECK_FILL(small, GUARD_BYTE, cap);
            CHECK(conn == NULL);
        } else {
            CHECK_EQ(n, size);
            CHECK_MEM(small, out, size);
            CHECK_EQ(conn != NULL, accepts);
            ws_conn_free(conn);
        }
        CHECK(guards_intact(small, cap));
        guarded_free(small);
    }
}

static void check_accepts(int resizes)
{
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    size_t len = strlen(request_text), n;
    ws_accept_spec spec;
    ws_conn *conn;
    unsigned char out[1024];

    memset(&spec, 0, sizeof spec);
    spec.allocator = &allocator;
    check_accept(request_text, len, &spec, "HTTP/1.1 101 Switching Protocols",
                 1);
    spec.protocols = bytes_of("superchat, chat");
    spec.headers = bytes_of("Set-Cookie: a=b\r\nX: y\r\n");
    check_accept(request_text, len, &spec,
                 "HTTP/1.1 101 Switching Protocols\r\n"
                 "Upgrade: websocket\r\n"
                 "Connection: Upgrade\r\n"
                 "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                 "Sec-WebSocket-Protocol: superchat\r\n"
                 "Set-Cookie: a=b\r\nX: y\r\n\r\n",
                 1);
    check_accept(plain_request, strlen(plain_request), &spec,
                 "HTTP/1.1 426 Upgrade Required\r\n", 0);
    check_accept(not_http, strlen(not_http), &spec,
                 "HTTP/1.1 400 Bad Request\r\n", 0);

    for (n = 0; n < len; n++) {
        check_case("incomplete", n, 0);
        memset(out, 0xcc, sizeof out);
        CHECK_EQ(try_to_accept(request_text, n, &spec, sizeof spec, &conn, out,
                                sizeof out),
                 0);
        CHECK(conn == NULL);
        CHECK_FILL(out, 0xcc, sizeof out);
    }

    check_case("no memory", 0, 0);
    tracker.fails = tracker.calls + 1;
    memset(out, 0xcc, sizeof out);
    conn = (ws_conn *)(void *)out;
    CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec, &conn, out,
                            sizeof out),
             WS_ERR_NO_MEMORY);
    CHECK(conn == NULL);
    CHECK_FILL(out, 0xcc, sizeof out);

    check_case("invalid spec", 0, 0);
    spec.headers = bytes_of("Upgrade: h2c\r\n");
    CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec, &conn, out,
                            sizeof out),
             INVALID);
    spec.headers = bytes_of("no line");
    CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec, &conn, out,
                            sizeof out),
             INVALID);
    spec.headers = bytes_of("");
    spec.protocols = bytes_of("a b");
    CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec, &conn, out,
                            sizeof out),
             INVALID);
    CHECK(conn == NULL);
    CHECK_FILL(out, 0xcc, sizeof out);
    CHECK_U64(tracker.blocks, 0);
}

/* ---- arguments ---- */

static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 1,
                                (size_t)PTRDIFF_MAX + 1};
enum { ABSURD = sizeof absurd / sizeof *absurd };

/* (p, len) is invalid as a buffer. */
static void check_invalid_buffer(void *p, size_t len)
{
    unsigned char out[512];
    size_t used = 99, head_len = strlen(request_text);
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL), *made;
    ws_accept_spec spec, bad;
    ws_event ev[1];

    check_case(p == NULL ? "NULL with a length" : "length", len, 0);
    memset(out, 0xcc, sizeof out);
    memset(&spec, 0, sizeof spec);
    CHECK_EQ(ws_conn_recv(conn, p, len, ev, 1, &used), INVALID);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_conn_recv(conn, out, 1, p, len, &used), INVALID);
    CHECK_EQ(ws_conn_output(conn, p, len), INVALID);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, p, len, out, sizeof out),
             INVALID);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "a", 1, p, len), INVALID);
    CHECK_EQ(ws_conn_close(conn, 1000, p, len, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_close(conn, 1000, "a", 1, p, len), INVALID);
    CHECK_EQ(ws_conn_send_bound(conn, len) != 0, len <= 512);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 0), WS_OK); /* no input yet */

    CHECK_EQ(try_to_accept(p, len, &spec, sizeof spec, &made, out,
                            sizeof out),
             INVALID);
    CHECK(made == NULL);
    CHECK_EQ(try_to_accept(request_text, head_len, &spec, sizeof spec, &made,
                            p, len),
             INVALID);
    if (p == NULL || len > 512) {
        CHECK_EQ(try_to_accept(request_text, head_len, p, len, &made, out,
                                sizeof out),
                 INVALID);
    }
    bad = spec;
    bad.protocols.data = p;
    bad.protocols.len = len;
    CHECK_EQ(try_to_accept(request_text, head_len, &bad, sizeof bad, &made,
                            out, sizeof out),
             INVALID);
    CHECK_EQ(try_to_accept(plain_request, strlen(plain_request), &bad,
                            sizeof bad, &made, out, sizeof out),
             INVALID);
    bad = spec;
    bad.headers.data = p;
    bad.headers.len = len;
    CHECK_EQ(try_to_accept(request_text, head_len, &bad, sizeof bad, &made,
                            out, sizeof out),
             INVALID);
    CHECK_EQ(try_to_accept(plain_request, strlen(plain_request), &bad,
                            sizeof bad, &made, out, sizeof out),
             INVALID);
    CHECK_EQ(try_to_accept(NULL, 0, &bad, sizeof bad, &made, out, sizeof out),
             INVALID);
    CHECK(made == NULL);
    CHECK_FILL(out, 0xcc, sizeof out);
    ws_conn_free(conn);
}

/* (p, 0) is empty. */
static void check_empty_buffer(void *p)
{
    unsigned char out[512];
    size_t used = 99;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL), *made;
    ws_accept_spec spec;
    ws_event ev[1];

    check_case("empty", p == NULL, 0);
    memset(&spec, 0, sizeof spec);
    CHECK_EQ(ws_conn_recv(conn, p, 0, ev, 1, &used), 0);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_conn_recv(conn, p, 0, ev, 0, &used), INVALID);
    CHECK_EQ(ws_conn_recv(conn, p, 0, NULL, 0, &used), INVALID);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 0), WS_OK);
    CHECK_EQ(ws_conn_output(conn, p, 0), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, p, 0, out, sizeof out), 2);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "a", 1, p, 0),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_send_bound(conn, 0), 2);
    CHECK_EQ(try_to_accept(p, 0, &spec, sizeof spec, &made, out, sizeof out),
             0);
    spec.protocols.data = spec.headers.data = p;
    CHECK_EQ(try_to_accept(request_text, strlen(request_text), &spec,
                            sizeof spec, &made, p, 0),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(try_to_accept(request_text, strlen(request_text), &spec,
                            sizeof spec, &made, out, sizeof out),
             129);
    ws_conn_free(made);
    CHECK_EQ(ws_conn_close(conn, 1000, p, 0, p, 0), WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_close(conn, 1000, p, 0, out, sizeof out), 4);
    ws_conn_free(conn);
}

/* NULL, or a misaligned address. */
static void check_struct_address(void *p)
{
    unsigned char bytes[] = "\x81\x80\0\0\0\0", out[512];
    size_t used = 99, len = strlen(request_text);
    uint64_t value = 99;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL), *made;
    ws_accept_spec spec;
    ws_event ev[1];

    check_case("struct", p == NULL, 0);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_conn_recv(p, bytes, 6, ev, 1, &used), INVALID);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_conn_recv(conn, bytes, 6, p, 1, &used), INVALID);
    CHECK_EQ(ws_conn_recv(conn, bytes, 6, ev, 1, p), INVALID);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 0), WS_OK); /* no input yet */
    CHECK_EQ(ws_conn_output(p, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_send(p, WS_OPCODE_TEXT, 0, "a", 1, out, sizeof out),
             INVALID);
    CHECK_EQ(ws_conn_send_bound(p, 1), 0);
    CHECK_EQ(ws_conn_close(p, 1000, NULL, 0, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_finish(p), INVALID);
    CHECK_EQ(ws_conn_state(p), WS_STATE_FAILED);
    CHECK_EQ(ws_conn_set(p, WS_OPT_STREAM, 0), INVALID);
    CHECK_EQ(ws_conn_get(p, WS_OPT_STREAM, &value), INVALID);
    CHECK_EQ(ws_conn_get(conn, WS_OPT_STREAM, p), INVALID);

    memset(&spec, 0, sizeof spec);
    CHECK_EQ(try_to_accept(request_text, len, p, sizeof spec, &made, out,
                            sizeof out),
             INVALID);
    CHECK(made == NULL);
    CHECK_EQ(ws_conn_accept(request_text, len, &spec, sizeof spec, p,
                            sizeof(ws_accepted), out, sizeof out),
             INVALID);
    if (p != NULL) {
        CHECK(ws_conn_new(WS_SERVER, p) == NULL);
        spec.allocator = p;
        CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec, &made,
                                out, sizeof out),
                 INVALID);
        CHECK(made == NULL);
    }
    CHECK_FILL(out, 0xcc, sizeof out);
    ws_conn_free(conn);
}

static void check_values(void)
{
    unsigned char out[512], text[126];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1), bad;
    ws_accept_spec spec;
    ws_conn *conn, *made;
    uint32_t bit;
    int opcode;

    check_case("values", 0, 0);
    ws_conn_free(NULL);
    for (bit = 1; bit != 0; bit <<= 1) {
        check_case("bit", bit, 0);
        conn = ws_conn_new(bit, NULL);
        CHECK_EQ(conn != NULL, bit == WS_CLIENT);
        ws_conn_free(conn);
    }
    bad = allocator;
    bad.alloc = NULL;
    CHECK(ws_conn_new(WS_SERVER, &bad) == NULL);
    bad = allocator;
    bad.free = NULL;
    CHECK(ws_conn_new(WS_SERVER, &bad) == NULL);
    memset(&spec, 0, sizeof spec);
    spec.allocator = &bad;
    CHECK_EQ(try_to_accept(request_text, strlen(request_text), &spec,
                            sizeof spec, &made, out, sizeof out),
             INVALID);
    CHECK_U64(tracker.calls, 0);
    conn = ws_conn_new(WS_SERVER, &allocator);
    memset(out, 0xcc, sizeof out);
    memset(text, 'x', sizeof text);
    for (opcode = -1; opcode <= 257; opcode++) {
        int data = opcode == WS_OPCODE_TEXT || opcode == WS_OPCODE_BINARY;
        int control = opcode == WS_OPCODE_PING || opcode == WS_OPCODE_PONG;

        check_case("opcode", (uintmax_t)opcode, 0);
        if (!data && !control) {
            CHECK(ws_conn_send(conn, opcode, 0, "a", 1, out, sizeof out) < 0);
        }
        if (control) {
            CHECK(ws_conn_send(conn, opcode, WS_SEND_MORE, "a", 1, out,
                               sizeof out) < 0);
            CHECK(ws_conn_send(conn, opcode, 0, text, 126, out, sizeof out) <
                  0);
        }
    }
    for (bit = 4; bit != 0; bit <<= 1) {
        check_case("bit", bit, 1);
        CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, bit, "a", 1, out,
                              sizeof out),
                 INVALID);
    }
    check_case("values", 1, 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, out + 99, 1, out, 100),
             INVALID);
    CHECK_EQ(ws_conn_close(conn, 1006, NULL, 0, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_close(conn, 1005, "a", 1, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_close(conn, 1000, "\xff", 1, out, sizeof out), INVALID);
    CHECK_EQ(ws_conn_close(conn, 1000, text, 124, out, sizeof out), INVALID);
    CHECK_FILL(out, 0xcc, sizeof out);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
    /* Adjacent buffers do not overlap. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, out + 100, 1, out, 100), 3);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, out + 9, 0, out, 100), 2);
    CHECK_EQ(ws_conn_close(conn, 1000, text, 123, out, 127), 127);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

/* ---- failing allocations ---- */

/* Everything that needs memory: a message and a ping in pieces, and pongs.
 * Returns the first error, or 0. */
static ws_result scenario(const ws_allocator *allocator, unsigned char *wire,
                          size_t len, size_t step)
{
    ws_conn *conn = ws_conn_new(WS_CLIENT, allocator);
    unsigned char out[WS_MAX_OUTPUT];
    ws_event ev[4];
    ws_result n = 0, again;
    size_t at, end, used;

    if (conn == NULL) {
        return WS_ERR_NO_MEMORY;
    }
    CHECK_EQ(ws_conn_set(conn, WS_OPT_KEEP_BUFFER, 8), WS_OK);
    for (at = 0; at < len && n >= 0; at = end) {
        size_t pos = at;

        end = len - at < step ? len : at + step;
        do {
            n = ws_conn_recv(conn, wire + pos, end - pos, ev, 4, &used);
            pos += used;
        } while (n > 0);
    }
    if (n < 0) {
        CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
        again = ws_conn_recv(conn, wire, len, ev, 4, &used);
        CHECK_EQ(again, n);
        CHECK_EQ(used, 0);
        /* The close frame has code 1011; a pong may precede it. */
        again = ws_conn_output(conn, out, sizeof out);
        CHECK(again >= 8);
        if (again >= 8) {
            CHECK_EQ(out[again - 8], 0x88);
            ws_mask(out + again - 2, 2, out + again - 6, 0);
            CHECK_EQ(out[again - 2] * 256 + out[again - 1], 1011);
        }
        CHECK_EQ(ws_conn_finish(conn), n);
    }
    ws_conn_free(conn);
    return n;
}

static void check_exhaustion(size_t step, int resizes)
{
    static const char hex[] =
        "01 03 616263 89 02 7071 00 04 64656667 89 08 7071727374757677"
        "80 09 68696a6b6c6d6e6f70 82 04 00010203 89 01 70 02 02 0001 80 01 02"
        "88 05 03e8 627965";
    unsigned char wire[128];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    size_t len = unhex(hex, wire, sizeof wire), calls, k;

    check_case("exhaustion", step, 0);
    CHECK_EQ(scenario(&allocator, wire, len, step), 0);
    CHECK_U64(tracker.blocks, 0);
    CHECK_U64(tracker.bytes, 0);
    calls = tracker.calls;
    CHECK(calls > 3);
    for (k = 1; k <= calls; k++) {
        check_case("exhaustion", step, k);
        allocator = tracking_allocator(&tracker, resizes);
        tracker.fails = k;
        CHECK_EQ(scenario(&allocator, wire, len, step), WS_ERR_NO_MEMORY);
        /* The close frame requests memory for masking keys, and works without. */
        CHECK(tracker.calls == k || tracker.calls == k + 1);
        CHECK_U64(tracker.blocks, 0);
        CHECK_U64(tracker.bytes, 0);
    }
}

/* A pong needs memory unless one is pending, which it then replaces. */
static void check_pong_without_memory(int resizes)
{
    unsigned char bytes[] = "\x89\x82\0\0\0\0hi\x89\x84\0\0\0\0long";
    unsigned char out[WS_MAX_OUTPUT];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    ws_conn *conn = ws_conn_new(WS_SERVER, &allocator);
    ws_event ev[4];
    size_t used;

    check_case("pong without memory", (uintmax_t)resizes, 0);
    CHECK_EQ(ws_conn_recv(conn, bytes, 18, ev, 4, &used), 1);
    CHECK_EQ(used, 8);
    tracker.fails = tracker.calls + 1;
    CHECK_EQ(ws_conn_recv(conn, bytes + 8, 10, ev, 4, &used), 1);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 6);
    CHECK_MEM(out, "\x8a\x04long", 6);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);

    allocator = tracking_allocator(&tracker, resizes);
    conn = ws_conn_new(WS_SERVER, &allocator);
    tracker.fails = tracker.calls + 1;
    memcpy(bytes, "\x89\x82\0\0\0\0hi", 8);
    CHECK_EQ(ws_conn_recv(conn, bytes, 8, ev, 4, &used), WS_ERR_NO_MEMORY);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 4);
    CHECK_MEM(out, "\x88\x02\x03\xf3", 4);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

/* A connection without pending data owns only its handle, and a client its
 * masking keys. */
static void check_memory_held(void)
{
    unsigned char bytes[] = "\x01\x02hi\x80\x02yo\x82\x01x", out[32];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    ws_conn *conn = ws_conn_new(WS_CLIENT, &allocator);
    ws_event ev[4];
    size_t used;

    check_case("memory held", 0, 0);
    CHECK_U64(tracker.blocks, 1);
    CHECK(tracker.bytes <= 256);
    allocator.user = NULL; /* It was copied. */
    CHECK_EQ(ws_conn_recv(conn, bytes, 4, ev, 4, &used), 0);
    CHECK_U64(tracker.blocks, 2);
    CHECK_EQ(ws_conn_recv(conn, bytes + 4, 7, ev, 4, &used), 1);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_PING, 0, NULL, 0, out, 32), 6);
    CHECK_EQ(ws_conn_output(conn, out, 32), 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_AUTO_PONG, 0), WS_OK);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[0]), "hiyo", 4);
    CHECK_EQ(ws_conn_recv(conn, bytes + 4 + used, 7 - used, ev, 4, &used), 1);
    /* A client keeps 296 bytes of masking keys. */
    CHECK_U64(tracker.blocks, 2);
    CHECK(tracker.bytes <= WS_MAX_CONN + 296);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

int main(int argc, char **argv)
{
    static uint64_t room[64];
    unsigned char in[16] = {0};
    size_t step, i;
    int resizes;

    (void)argc;
    for (step = 1; step <= ROOM; step = step * 3 + 1) {
        for (resizes = 0; resizes <= 1; resizes++) {
            check_conversation(step, resizes, WS_CLIENT);
            check_conversation(step, resizes, WS_SERVER);
            check_exhaustion(step, resizes);
        }
        check_order_of_replies(step);
    }
    check_both_close();
    check_messages_in_place();
    check_stream();

    check_error("8301", WS_ERR_OPCODE, 1002);
    check_error("c100", WS_ERR_RESERVED_BITS, 1002);
    check_error("8180", WS_ERR_MASK, 1002);
    check_error("8000", WS_ERR_FRAGMENTATION, 1002);
    check_error("897e", WS_ERR_CONTROL_FRAME, 1002);
    check_error("880107", WS_ERR_CLOSE_PAYLOAD, 1002);
    check_error("880203ed", WS_ERR_CLOSE_PAYLOAD, 1002);
    check_error("8102c328", WS_ERR_UTF8, 1007);
    check_error("0104ff", WS_ERR_UTF8, 1007);
    check_error("8101c3", WS_ERR_UTF8, 1007);
    check_error("880303e8ff", WS_ERR_UTF8, 1007);
    check_error("8205", WS_ERR_TOO_BIG, 1009);
    check_error("827fffffffffffffffff", WS_ERR_LENGTH, 1002);
    check_error("02040001020380018000", WS_ERR_TOO_BIG, 1009);
    check_end_of_stream();
    check_pending_output();

    check_accepts(0);
    check_accepts(1);

    check_invalid_buffer(NULL, 1);
    check_invalid_buffer(NULL, 100);
    for (i = 0; i < ABSURD; i++) {
        check_invalid_buffer(NULL, absurd[i]);
        check_invalid_buffer(in, absurd[i]);
    }
    check_empty_buffer(NULL);
    check_empty_buffer(in);
    check_empty_buffer((void *)(uintptr_t)1);
    check_struct_address(NULL);
    check_struct_address((unsigned char *)room + 1);
    check_values();
    check_pong_without_memory(0);
    check_pong_without_memory(1);
    check_memory_held();
    return check_done(argv[0]);
}
