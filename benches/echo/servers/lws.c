/* An echo server on libwebsockets, like its minimal examples: received data is queued in
 * a ring, and sent when the connection is writable, one piece each time. While the ring
 * is full, nothing is read from the peer. */
#include <libwebsockets.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RING_SIZE = 64 };

typedef struct piece {
    void *data; /* after LWS_PRE bytes of room for the header */
    size_t len;
    bool binary, first, final;
} piece;

typedef struct session {
    struct lws_ring *ring;
    uint32_t tail;
    bool paused;
} session;

static volatile sig_atomic_t stopping;

static void stop(int number) {
    (void)number;
    stopping = 1;
}

static void destroy(void *element) {
    free(((piece *)element)->data);
}

static int on_receive(struct lws *wsi, session *s, const void *in, size_t len) {
    piece p = {malloc(LWS_PRE + len), len, lws_frame_is_binary(wsi),
               lws_is_first_fragment(wsi), lws_is_final_fragment(wsi)};
    if (!p.data)
        return -1;
    memcpy((char *)p.data + LWS_PRE, in, len);
    if (!lws_ring_insert(s->ring, &p, 1)) {
        destroy(&p);
        return -1;
    }
    lws_callback_on_writable(wsi);
    if (!s->paused && lws_ring_get_count_free_elements(s->ring) < 4) {
        s->paused = true;
        lws_rx_flow_control(wsi, 0);
    }
    return 0;
}

static int on_writable(struct lws *wsi, session *s) {
    const piece *p = lws_ring_get_element(s->ring, &s->tail);
    if (!p)
        return 0;
    int kind = p->binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    int flags = lws_write_ws_flags(kind, p->first, p->final);
    if (lws_write(wsi, (uint8_t *)p->data + LWS_PRE, p->len, flags) < (int)p->len)
        return -1;
    lws_ring_consume_single_tail(s->ring, &s->tail, 1);
    if (lws_ring_get_element(s->ring, &s->tail))
        lws_callback_on_writable(wsi);
    if (s->paused && lws_ring_get_count_free_elements(s->ring) > RING_SIZE / 2) {
        s->paused = false;
        lws_rx_flow_control(wsi, 1);
    }
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user,
                    void *in, size_t len) {
    session *s = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        s->ring = lws_ring_create(sizeof(piece), RING_SIZE, destroy);
        return s->ring ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, s, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writable(wsi, s);
    case LWS_CALLBACK_CLOSED:
        lws_ring_destroy(s->ring);
        return 0;
    default:
        return 0;
    }
}

int main(int argc, char **argv) {
    static const struct lws_protocols protocols[] = {
        {"echo", on_event, sizeof(session), 0, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    struct lws_context_creation_info info = {
        .port = argc > 1 ? atoi(argv[1]) : 0,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .gid = -1,
        .uid = -1,
    };
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    signal(SIGTERM, stop);
    while (context && !stopping && lws_service(context, 0) >= 0)
        ;
    lws_context_destroy(context);
    return context ? 0 : 1;
}
