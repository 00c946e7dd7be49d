/* What a connection receives. */
#include "calls.h"

enum { BATCH = 16 };

/* Receives what is in `wire` with one call, which counts. */
static ws_conn *receive(ws_conn *conn, ws_event *events, int expected) {
    size_t used;
    wire_arrives();
    CHECK(COUNTED(ws_conn_recv(conn, input, wire_len, events, BATCH, &used)) == expected);
    CHECK(used == wire_len);
    return conn;
}

static void receive_frames(int first, const unsigned char *payload, size_t len, int count) {
    ws_event events[BATCH];
    wire_clear();
    for (int i = 0; i < count; i++)
        wire_frame(first, payload, len);
    receive(new_conn(WS_SERVER, NULL), events, count);
}

static void binary_16(void) { receive_frames(WS_FIN | WS_OPCODE_BINARY, ascii, 20, BATCH); }
static void text_16(void) { receive_frames(WS_FIN | WS_OPCODE_TEXT, ascii, 20, BATCH); }
static void text_20(void) { receive_frames(WS_FIN | WS_OPCODE_TEXT, ascii, 20, 1); }
static void binary_20(void) { receive_frames(WS_FIN | WS_OPCODE_BINARY, ascii, 20, 1); }
static void text_1024(void) { receive_frames(WS_FIN | WS_OPCODE_TEXT, ascii, 1024, 1); }
static void two_byte_1024(void) { receive_frames(WS_FIN | WS_OPCODE_TEXT, two_byte, 1024, 1); }
static void ping(void) { receive_frames(WS_FIN | WS_OPCODE_PING, ascii, 4, 1); }

/* A client's input is not masked. */
static void text_20_by_client(void) {
    ws_event events[BATCH];
    wire_clear();
    wire_add("\x81\x14", 2);
    wire_add(ascii, 20);
    receive(new_conn(WS_CLIENT, NULL), events, 1);
}

static void fragments(void) {
    ws_event events[BATCH];
    wire_clear();
    wire_frame(WS_OPCODE_TEXT, ascii, 500);
    wire_frame(WS_OPCODE_CONTINUATION, ascii, 500);
    wire_frame(WS_FIN | WS_OPCODE_CONTINUATION, ascii, 24);
    receive(new_conn(WS_SERVER, NULL), events, 1);
}

/* A message that two reads deliver. */
static void two_reads(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    ws_event event;
    size_t used;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_TEXT, ascii, 1024);
    wire_arrives();
    count_start();
    ws_result first = ws_conn_recv(conn, input, 500, &event, 1, &used);
    ws_result second = ws_conn_recv(conn, input + 500, wire_len - 500, &event, 1, &used);
    count_stop();
    CHECK(first == 0 && second == 1);
}

static void streamed(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    ws_event events[BATCH];
    CHECK(ws_conn_set(conn, WS_OPT_STREAM, 1) == WS_OK);
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_BINARY, ascii, 1024);
    receive(conn, events, 1);
}

/* The tenth of like messages counts: the first ones allocate, and have no context. */
static void compressed(void) {
    ws_conn *from = new_conn(WS_CLIENT, &usual), *to = new_conn(WS_SERVER, &usual);
    ws_event event;
    size_t used;
    for (int i = 0; i < 10; i++) {
        ws_result n = ws_conn_send(from, WS_OPCODE_TEXT, 0, json + 1024 * i, 1024, input, OUT);
        CHECK(n > 0);
        CHECK(i == 9 ? COUNTED(ws_conn_recv(to, input, (size_t)n, &event, 1, &used)) == 1
                     : ws_conn_recv(to, input, (size_t)n, &event, 1, &used) == 1);
    }
}

static void close_frame(void) {
    receive_frames(WS_FIN | WS_OPCODE_CLOSE, (const unsigned char *)"\x03\xe9going away", 12, 1);
}

static void data_of_event(void) {
    ws_event event[BATCH];
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_TEXT, ascii, 20);
    wire_arrives();
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    size_t used;
    CHECK(ws_conn_recv(conn, input, wire_len, event, BATCH, &used) == 1);
    CHECK(COUNTED(ws_event_data(conn, input, event)) != NULL);
}

const struct call receive_calls[] = {
    {"ws_conn_recv", "16 binary messages of 20 B", binary_16},
    {"ws_conn_recv", "16 texts of 20 B", text_16},
    {"ws_conn_recv", "a binary message of 20 B", binary_20},
    {"ws_conn_recv", "a text of 20 B", text_20},
    {"ws_conn_recv", "a text of 20 B, client", text_20_by_client},
    {"ws_conn_recv", "a text of 1 KiB, ASCII", text_1024},
    {"ws_conn_recv", "a text of 1 KiB, two-byte characters", two_byte_1024},
    {"ws_conn_recv", "a text of 1 KiB in 3 fragments", fragments},
    {"ws_conn_recv", "a text of 1 KiB in 2 reads", two_reads},
    {"ws_conn_recv", "a binary message of 1 KiB, WS_OPT_STREAM", streamed},
    {"ws_conn_recv", "JSON of 1 KiB, compressed, the 10th message", compressed},
    {"ws_conn_recv", "a ping of 4 B", ping},
    {"ws_conn_recv", "a close with 10 B", close_frame},
    {"ws_event_data", "a text in the buffer", data_of_event},
    {0},
};
