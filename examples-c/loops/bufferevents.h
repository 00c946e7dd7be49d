/* Peers on bufferevents, for libevent_server.c and evhttp_server.c.
 *
 * Output is lent to the bufferevent, not copied. Reading stops until all of it is
 * written. */
#ifndef BUFFEREVENTS_H
#define BUFFEREVENTS_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>

#include "echo.h"

typedef struct connection {
    peer peer;
    struct bufferevent *bev;
    void *owner; /* whatever else free_connection() has to free */
    size_t lent; /* bytes that the bufferevent writes */
} connection;

/* Defined by the program: frees a connection and its bufferevent. */
static void free_connection(connection *c);

/* Handles input as far as output is written. It may stay in the bufferevent. */
static void handle_input(connection *c) {
    struct evbuffer *in = bufferevent_get_input(c->bev);
    size_t len;
    while (peer_reads(&c->peer) && (len = evbuffer_get_contiguous_space(in)) > 0) {
        peer_input(&c->peer, evbuffer_pullup(in, (ev_ssize_t)len), len);
        evbuffer_drain(in, len);
    }
}

static void send_output(connection *c) {
    ws_bytes out;
    if (c->lent > 0 || (out = peer_lend(&c->peer)).len == 0)
        return;
    c->lent = out.len;
    if (evbuffer_add_reference(bufferevent_get_output(c->bev), out.data, out.len, NULL,
                               NULL) != 0)
        drop(&c->peer, ws_strerror(WS_ERR_NO_MEMORY));
}

static void update_peer(peer *p) {
    connection *c = (connection *)p;
    handle_input(c);
    send_output(c);
    if (peer_finishes(p))
        shutdown(bufferevent_getfd(c->bev), SHUT_WR);
    if (p->state == DROPPED) {
        peer_remove(p);
        free_connection(c);
    } else if (peer_reads(p)) {
        bufferevent_enable(c->bev, EV_READ);
    } else {
        bufferevent_disable(c->bev, EV_READ);
    }
}

static void on_read(struct bufferevent *bev, void *data) {
    (void)bev;
    update_peer(data);
    check_deadlines();
}

/* All output was written. */
static void on_write(struct bufferevent *bev, void *data) {
    connection *c = data;
    (void)bev;
    size_t sent = c->lent;
    c->lent = 0;
    if (sent > 0)
        peer_sent(&c->peer, sent);
    update_peer(&c->peer);
    check_deadlines();
}

/* The end of the input, or an error. */
static void on_end(struct bufferevent *bev, short what, void *data) {
    connection *c = data;
    (void)bev, (void)what;
    peer_end(&c->peer);
    update_peer(&c->peer);
}

static inline void on_accept_error(struct evconnlistener *listener, void *unused) {
    (void)unused;
    if (errno == EMFILE || errno == ENFILE)
        refuse_client(evconnlistener_get_fd(listener));
}

/* Returns NULL if there is no memory. */
static connection *add_connection(struct bufferevent *bev) {
    connection *c = calloc(1, sizeof *c);
    int fd = bufferevent_getfd(bev);
    if (!c || !peer_add(&c->peer, peer_address(fd))) {
        free(c);
        return NULL;
    }
    c->bev = bev;
    set_socket(fd, IPPROTO_TCP, TCP_NODELAY);
    bufferevent_setcb(bev, on_read, on_write, on_end, c);
    bufferevent_enable(bev, EV_WRITE);
    return c;
}

/* ---- the loop ---- */

static struct event *second, *signals[2];

static void on_second(evutil_socket_t fd, short what, void *unused) {
    (void)fd, (void)what, (void)unused;
    peers_tick();
}

static void on_signal(evutil_socket_t fd, short what, void *base) {
    (void)fd, (void)what;
    event_base_loopbreak(base);
}

/* Lets SIGINT and SIGTERM stop the loop. To be called before clients can connect. */
static void catch_stop_signals(struct event_base *base) {
    signals[0] = evsignal_new(base, SIGINT, on_signal, base);
    signals[1] = evsignal_new(base, SIGTERM, on_signal, base);
    for (int i = 0; i < 2; i++)
        event_add(signals[i], NULL);
}

static void dispatch_until_stopped(struct event_base *base) {
    second = event_new(base, -1, EV_PERSIST, on_second, NULL);
    event_add(second, &(struct timeval){.tv_sec = 1});
    event_base_dispatch(base);
    for (int i = 0; i < 2; i++)
        event_free(signals[i]);
}

static void close_connections(struct event_base *base) {
    peers_close();
    while (peer_count > 0)
        event_base_loop(base, EVLOOP_ONCE);
    release_peers();
    event_free(second);
}

#endif
