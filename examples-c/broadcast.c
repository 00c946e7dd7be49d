/* A WebSocket server that sends every message to all clients, its sender included.
 * server.h says where to read on.
 *
 * Each message is encoded once for all clients that get it uncompressed, and once for
 * all clients with the same compression window. That is possible because no message
 * refers to earlier ones, which differ from client to client. The connections that
 * encode do nothing else.
 *
 * A slow client delays nobody. It is dropped when more than MAX_WAITING bytes wait for
 * it, when it reads nothing for the time of --send-timeout, or when it is the slowest
 * and more than --max-output waits for all. Nothing limits how
 * many messages a client may send. */
#define _GNU_SOURCE
#include "server.h"

enum { MAX_WAITING = 4 << 20 };

/* The kind of bytes that a client gets: uncompressed ones, or those for a window of 8
 * to 15 bits. */
enum { PLAIN, MIN_BITS = 8, MAX_BITS = 15, KINDS };

static ws_conn *encoders[KINDS];
static buffer encoded[KINDS]; /* the current message */

/* Sends bytes. Those that the socket does not accept have to wait. */
static void deliver(peer *p, const uint8_t *bytes, size_t len) {
    size_t n = unsent(p) == 0 ? try_to_send(p, bytes, len) : 0;
    uint8_t *to = n < len && p->state == OPEN ? out_begin(p, len - n) : NULL;
    if (!to)
        return;
    memcpy(to, bytes + n, len - n);
    out_commit(p, (ws_result)(len - n));
    if (unsent(p) > MAX_WAITING)
        drop(p, "does not read: more than 4 MiB wait");
    else if (!p->waits)
        flush(p);
}

static bool encode(int kind, const ws_event *e, const void *data) {
    buffer *b = &encoded[kind];
    size_t len = (size_t)e->len, room = ws_conn_send_bound(encoders[kind], len);
    uint8_t *to = reserve(b, room);
    ws_result n = WS_ERR_NO_MEMORY;
    if (to)
        n = ws_conn_send(encoders[kind], e->opcode, 0, data, len, to, room);
    b->len = n > 0 ? (uint32_t)n : 0;
    return n > 0;
}

/* Sends the message to all clients. It is encoded for the first one of each kind. */
static void on_message(peer *sender, const ws_event *e, const void *data) {
    (void)sender;
    for (uint32_t i = 0; i < peer_count; i++) {
        peer *p = peers[i];
        if (p->state != OPEN)
            continue;
        int kind = e->len < options.compression.from ? PLAIN : p->pmd_bits;
        if (encoded[kind].len > 0 || encode(kind, e, data))
            deliver(p, encoded[kind].data, encoded[kind].len);
        else
            drop(p, ws_strerror(WS_ERR_NO_MEMORY)); /* rather than skip a message */
    }
    for (int kind = 0; kind < KINDS; kind++)
        release(&encoded[kind]);
}

/* `bits` is the window, or PLAIN. */
static ws_conn *new_encoder(int bits) {
    ws_pmd_params params = {.server_no_context_takeover = 1,
                            .server_max_window_bits = (uint8_t)bits};
    ws_conn *encoder = ws_conn_new(WS_SERVER, NULL);
    if (!encoder || (bits != PLAIN && ws_conn_set_pmd(encoder, &params) != WS_OK))
        die("compression", ws_strerror(WS_ERR_NO_MEMORY));
    return encoder;
}

static void start_encoders(void) {
    encoders[PLAIN] = new_encoder(PLAIN);
    for (int bits = MIN_BITS; bits <= MAX_BITS && options.compression.on; bits++)
        encoders[bits] = new_encoder(bits);
}

int main(int argc, char **argv) {
    read_options(
        argc, argv,
        "Sends every WebSocket message, of up to 1 MiB, to all clients. Drops a client\n"
        "for which more than 4 MiB of output wait. Responds to a plain GET with a\n"
        "greeting. Messages are encoded once for many clients and never refer to\n"
        "earlier ones: --context-takeover has no effect.");
    options.compression.keeps_context = false;
    check_configuration();
    start_encoders();
    run("http");
    for (int kind = 0; kind < KINDS; kind++)
        ws_conn_free(encoders[kind]);
    return 0;
}
