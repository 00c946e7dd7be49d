/* What a connection receives, without compression. */
#include "worst.h"

enum {
    READ = 64 << 10,
    /* Of a message whose buffer grows, and moves to a larger one. */
    GROWING = 3,
    /* Besides: a short message, a pong or a control frame that arrives in parts. */
    LITTLE = 512
};

#define PLAIN "binary messages of 16 KiB"

/* A server without a limit on messages. */
static ws_conn *server(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 0) == WS_OK);
    return conn;
}

/* The same frame again and again, in reads of `step` bytes. */
static size_t flood(int first, const void *payload, size_t len, size_t step, size_t size) {
    wire_clear();
    wire_repeat(first, payload, len, size);
    return conn_reads(server(), step);
}

/* One message whose fragments are all the same. */
static size_t fragments(const void *payload, size_t len, size_t size) {
    wire_clear();
    wire_frame(WS_OPCODE_BINARY, NULL, 0);
    wire_repeat(WS_OPCODE_CONTINUATION, payload, len, size);
    return conn_reads(server(), READ);
}

static size_t binary(size_t size) {
    return flood(WS_FIN | WS_OPCODE_BINARY, ascii, QUARTER, READ, size);
}

static size_t small_texts(size_t size) {
    return flood(WS_FIN | WS_OPCODE_TEXT, ascii, 20, READ, size);
}

static size_t two_byte_text(size_t size) {
    return flood(WS_FIN | WS_OPCODE_TEXT, two_byte, QUARTER, READ, size);
}

static size_t empty_messages(size_t size) {
    return flood(WS_FIN | WS_OPCODE_TEXT, NULL, 0, READ, size);
}

static size_t empty_fragments(size_t size) { return fragments(NULL, 0, size); }
static size_t one_byte_fragments(size_t size) { return fragments("x", 1, size); }

static size_t cut_characters(size_t size) {
    static const char *const bytes[] = {"\xf0", "\x9f", "\x98", "\x80"};
    wire_clear();
    wire_frame(WS_OPCODE_TEXT, NULL, 0);
    for (int i = 0; wire_len < size; i++)
        wire_frame(WS_OPCODE_CONTINUATION, bytes[i % 4], 1);
    return conn_reads(server(), READ);
}

static size_t pings(size_t size) {
    return flood(WS_FIN | WS_OPCODE_PING, NULL, 0, READ, size);
}

static size_t pings_and_fragments(size_t size) {
    wire_clear();
    wire_frame(WS_OPCODE_BINARY, NULL, 0);
    while (wire_len < size) {
        wire_frame(WS_FIN | WS_OPCODE_PING, NULL, 0);
        wire_frame(WS_OPCODE_CONTINUATION, "x", 1);
    }
    return conn_reads(server(), READ);
}

static size_t message_bytes(size_t size) {
    return flood(WS_FIN | WS_OPCODE_TEXT, ascii, 20, 1, size);
}

static size_t one_message_bytes(size_t size) {
    wire_one(size);
    return conn_reads(server(), 1);
}

static size_t ping_bytes(size_t size) {
    return flood(WS_FIN | WS_OPCODE_PING, ascii, 20, 1, size);
}

static size_t streamed_bytes(size_t size) {
    ws_conn *conn = server();
    CHECK(ws_conn_set(conn, WS_OPT_STREAM, 1) == WS_OK);
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_TEXT, two_byte, 20, size);
    return conn_reads(conn, 1);
}

static size_t after_close(size_t size) {
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_CLOSE, NULL, 0);
    wire_repeat(WS_FIN | WS_OPCODE_PING, NULL, 0, size);
    return conn_reads(server(), 1);
}

#define CONN "ws_conn_recv ws_conn_output"

#define FRAGMENT "as much as any fragment, which is collected; the smallest has 6 B"
#define PONG "each ping is handed out by itself, so that its pong can be sent"

const struct worst stream_worst[] = {
    {CONN, PLAIN, .run = binary, .size = ENDLESS},
    {CONN, "texts of 20 B", PLAIN, small_texts, "what ordinary small messages cost",
     .held = LITTLE, .endless = true},
    {CONN, "texts of 16 KiB, two-byte characters", PLAIN, .run = two_byte_text,
     .size = ENDLESS},
    {CONN, "empty messages", PLAIN, empty_messages, SMALL_FRAME, .endless = true},
    {CONN, "empty fragments", PLAIN, empty_fragments, FRAGMENT, .endless = true},
    {CONN, "fragments of 1 B", PLAIN, one_byte_fragments, FRAGMENT, .held = LITTLE,
     .held_per_byte = 1, .endless = true},
    {CONN, "fragments of 1 B, cut inside characters", PLAIN, cut_characters, FRAGMENT,
     .held = LITTLE, .held_per_byte = 1, .endless = true},
    {CONN, "empty pings", PLAIN, pings, PONG, .held = LITTLE, .endless = true},
    {CONN, "an empty ping and a fragment of 1 B in turn", PLAIN, pings_and_fragments, PONG,
     .held = LITTLE, .held_per_byte = 1, .endless = true},
    {CONN, "a message, byte by byte", PLAIN, one_message_bytes, EACH_BYTE, .held = LITTLE,
     .held_per_byte = GROWING, .endless = true},
    {CONN, "texts of 20 B, byte by byte", PLAIN, message_bytes, EACH_BYTE, .held = LITTLE},
    {CONN, "texts of 20 B, byte by byte, WS_OPT_STREAM", PLAIN, streamed_bytes, EACH_BYTE,
     .held = LITTLE},
    {CONN, "pings of 20 B, byte by byte", PLAIN, ping_bytes, EACH_BYTE, .held = LITTLE},
    {CONN, "after a close, byte by byte", PLAIN, after_close, EACH_BYTE, .held = LITTLE},
    {0},
};
