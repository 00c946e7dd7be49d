/* What a connection sends. */
#include "calls.h"

#include <string.h>

/* As many messages as one draw of masking keys serves. */
enum { KEYS = 64 };

static void send_by(ws_conn *conn, size_t len) {
    CHECK(COUNTED(ws_conn_send(conn, WS_OPCODE_TEXT, 0, ascii, len, out, OUT)) > 0);
}

static void send_20(void) { send_by(new_conn(WS_SERVER, NULL), 20); }
static void send_125(void) { send_by(new_conn(WS_SERVER, NULL), 125); }
static void send_1024(void) { send_by(new_conn(WS_SERVER, NULL), 1024); }

static int fixed_bytes(void *user, void *bytes, size_t len) {
    (void)user;
    memset(bytes, 0x37, len);
    return 0;
}

static void send_as_client(void) {
    ws_conn *conn = new_conn(WS_CLIENT, NULL);
    int sent = 0;
    CHECK(ws_conn_set_random(conn, fixed_bytes, NULL) == WS_OK);
    count_start();
    for (int i = 0; i < KEYS; i++)
        sent += ws_conn_send(conn, WS_OPCODE_TEXT, 0, ascii, 20, out, OUT) > 0;
    count_stop();
    CHECK(sent == KEYS);
}

static void send_compressed(void) {
    ws_conn *conn = new_conn(WS_SERVER, &usual);
    for (int i = 0; i < 9; i++)
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, json + 1024 * i, 1024, out, OUT) > 0);
    CHECK(COUNTED(ws_conn_send(conn, WS_OPCODE_TEXT, 0, json + 9216, 1024, out, OUT)) > 0);
}

static void bound(void) {
    ws_conn *conn = new_conn(WS_SERVER, &usual);
    CHECK(COUNTED(ws_conn_send_bound(conn, 1024)) > 1024);
}

static ws_conn *after(int first, const void *payload, size_t len) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    ws_event event;
    size_t used;
    wire_clear();
    wire_frame(first, payload, len);
    wire_arrives();
    CHECK(ws_conn_recv(conn, input, wire_len, &event, 1, &used) == 1);
    return conn;
}

static void output_nothing(void) {
    ws_conn *conn = after(WS_FIN | WS_OPCODE_TEXT, ascii, 20);
    CHECK(COUNTED(ws_conn_output(conn, out, OUT)) == 0);
}

static void output_pong(void) {
    ws_conn *conn = after(WS_FIN | WS_OPCODE_PING, ascii, 4);
    CHECK(COUNTED(ws_conn_output(conn, out, OUT)) == 6);
}

static void output_close(void) {
    ws_conn *conn = after(WS_FIN | WS_OPCODE_CLOSE, "\x03\xe9", 2);
    CHECK(COUNTED(ws_conn_output(conn, out, OUT)) == 4);
}

static void send_close(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(COUNTED(ws_conn_close(conn, WS_CLOSE_GOING_AWAY, "going away", 10, out, OUT)) == 14);
}

const struct call send_calls[] = {
    {"ws_conn_send", "a text of 20 B, server", send_20},
    {"ws_conn_send", "a text of 125 B, server", send_125},
    {"ws_conn_send", "a text of 1 KiB, server", send_1024},
    {"ws_conn_send", "64 texts of 20 B, client", send_as_client},
    {"ws_conn_send", "JSON of 1 KiB, compressed, the 10th message", send_compressed},
    {"ws_conn_send_bound", "1 KiB, compression", bound},
    {"ws_conn_output", "nothing", output_nothing},
    {"ws_conn_output", "a pong of 4 B", output_pong},
    {"ws_conn_output", "a close", output_close},
    {"ws_conn_close", "10 B", send_close},
    {0},
};
