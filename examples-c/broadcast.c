/* A WebSocket server that sends every message to all clients, its sender included.
 *
 * A message is encoded once for all that get it uncompressed, and once for all that agreed on the
 * same window: each is compressed without reference to earlier ones, so that the bytes do not
 * depend on what a client got before. They come from connections that do nothing else.
 *
 * A client that does not take what is sent keeps nobody waiting: it is dropped when more than
 * MAX_WAITING bytes wait for it, or when it takes none of them for the time of --send-timeout.
 * How much a client sends is not limited here. The other files are those of echo_server.c. */
#define _GNU_SOURCE
#include "loop.h"

enum { MAX_WAITING = 4 << 20 };

/* What bytes a client gets: uncompressed ones, or those for a window of 8 to 15 bits. */
enum { PLAIN, MIN_BITS = 8, MAX_BITS = 15, KINDS };

static ws_conn *encoders[KINDS];
static buffer encoded[KINDS]; /* the message that is being sent */

/* Sends these bytes; what the client does not take now has to wait. */
static void deliver(peer *p, const uint8_t *bytes, size_t len) {
    size_t n = p->out.len == 0 ? try_to_send(p, bytes, len) : 0;
    uint8_t *to = n < len && p->state == OPEN ? out_begin(p, len - n) : NULL;
    if (!to)
        return;
    memcpy(to, bytes + n, len - n);
    out_commit(p, (ws_result)(len - n));
    if (p->out.len - p->sent > MAX_WAITING)
        drop(p, "more than 4 MiB wait");
    else if (!p->want_write)
        flush(p);
}

static bool encode(int kind, const ws_event *e, const void *data) {
    buffer *b = &encoded[kind];
    size_t len = (size_t)e->len, room = ws_conn_send_bound(encoders[kind], len);
    uint8_t *to = reserve(b, room);
    ws_result n = to ? ws_conn_send(encoders[kind], e->opcode, 0, data, len, to, room)
                     : WS_ERR_NO_MEMORY;
    b->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* Each client gets the bytes of its kind, which its first needs to be encoded. */
static void on_message(peer *sender, const ws_event *e, const void *data) {
    (void)sender;
    for (int fd = 0; fd <= highest_fd; fd++) {
        peer *p = peers[fd];
        if (!p || p->state != OPEN)
            continue;
        int kind = e->len < set.compression.from ? PLAIN : p->pmd_bits;
        if (encoded[kind].len > 0 || encode(kind, e, data))
            deliver(p, encoded[kind].data, encoded[kind].len);
        else
            drop(p, ws_strerror(WS_ERR_NO_MEMORY)); /* rather than skip a message */
    }
    for (int kind = 0; kind < KINDS; kind++)
        release(&encoded[kind]);
}

static void start_encoders(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        ws_pmd_params params = {.server_no_context_takeover = 1,
                                .server_max_window_bits = (uint8_t)kind};
        if (kind != PLAIN && (kind < MIN_BITS || !set.compression.on))
            continue;
        encoders[kind] = ws_conn_new(WS_SERVER, NULL);
        if (!encoders[kind] ||
            (kind != PLAIN && ws_conn_set_pmd(encoders[kind], &params) != WS_OK))
            die("compression", ws_strerror(WS_ERR_NO_MEMORY));
    }
}

int main(int argc, char **argv) {
    read_settings(argc, argv,
                  "Sends every WebSocket message, of up to 1 MiB, to all clients. Drops a\n"
                  "client for which 4 MiB wait. Says hello to a plain GET.");
    set.compression.keeps_context = false; /* one message for many refers to no other */
    check_settings();
    start_encoders();
    run();
    for (int kind = 0; kind < KINDS; kind++)
        ws_conn_free(encoders[kind]);
    return 0;
}
