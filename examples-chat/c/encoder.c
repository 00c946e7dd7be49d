#include "encoder.h"

#include "counters.h"

static ws_conn *new_encoder(int bits) {
    ws_pmd_params params = {.server_no_context_takeover = 1,
                            .server_max_window_bits = (uint8_t)bits};
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    if (conn && bits != PLAIN && ws_conn_set_pmd(conn, &params) != WS_OK) {
        ws_conn_free(conn);
        return NULL;
    }
    return conn;
}

bool encoders_start(encoders *e, bool compression) {
    bool started = (e->conns[PLAIN] = new_encoder(PLAIN)) != NULL;
    for (int bits = MIN_BITS; bits <= MAX_BITS && compression; bits++)
        started &= (e->conns[bits] = new_encoder(bits)) != NULL;
    return started;
}

void encoders_stop(encoders *e) {
    for (int kind = 0; kind < KINDS; kind++)
        ws_conn_free(e->conns[kind]);
}

static void encode(frames *f, int kind) {
    ws_conn *conn = f->by->conns[kind];
    buffer *b = &f->encoded[kind];
    size_t room = ws_conn_send_bound(conn, f->len);
    uint8_t *to = reserve(b, room);
    ws_result n = WS_ERR_NO_MEMORY;
    if (to)
        n = ws_conn_send(conn, WS_OPCODE_TEXT, 0, f->text, f->len, to, room);
    b->len = n > 0 ? (uint32_t)n : 0;
    if (kind != PLAIN && n > 0) {
        count(COMPRESSED_FROM, f->len);
        count(COMPRESSED_TO, (uint64_t)n);
    }
}

buffer frames_get(frames *f, int bits) {
    int kind = f->len < COMPRESS_FROM ? PLAIN : bits;
    if (f->encoded[kind].len == 0)
        encode(f, kind);
    return f->encoded[kind];
}

void frames_free(frames *f) {
    for (int kind = 0; kind < KINDS; kind++)
        release(&f->encoded[kind]);
}
