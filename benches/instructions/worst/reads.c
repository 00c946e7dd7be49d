#include "worst.h"

void wire_repeat(int first, const void *payload, size_t len, size_t size) {
    while (wire_len < size)
        wire_frame(first, payload, len);
}

void wire_one(size_t size) {
    static const unsigned char zeros[ENDLESS];
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_BINARY, zeros, size - WS_MAX_HEADER);
}

/* One read. */
static void conn_read(ws_conn *conn, unsigned char *p, size_t len) {
    ws_event events[64];
    while (len > 0) {
        size_t used;
        ws_result n = ws_conn_recv(conn, p, len, events, 64, &used);
        CHECK(n >= 0);
        CHECK(ws_conn_output(conn, out, OUT) >= 0);
        p += used, len -= used;
    }
}

size_t conn_reads(ws_conn *conn, size_t step) {
    wire_arrives();
    count_start();
    for (size_t at = 0; at < wire_len; at += step)
        conn_read(conn, input + at, wire_len - at < step ? wire_len - at : step);
    count_stop();
    return wire_len;
}
