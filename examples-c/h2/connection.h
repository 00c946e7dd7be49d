/* A connection: a channel that speaks HTTP/1.1, with one peer, or HTTP/2, with one peer
 * for each stream. */
#ifndef H2_CONNECTION_H
#define H2_CONNECTION_H

#include "../channel.h"
#include "options.h"
#include "session.h"

enum {
    UNKNOWN, /* ALPN has not chosen a protocol yet; or too few bytes have arrived */
    HTTP1,
    HTTP2,
    ENDING, /* HTTP/2 has ended: read and discard until the client closes */
    DEAD,   /* close the socket */
};

enum { MAX_READS = 8 }; /* before other connections have their turn */

static uint8_t input[64 << 10]; /* for all connections; more than a record of TLS */

typedef struct connection {
    channel channel;
    uint8_t state;
    bool waits;        /* output waits for room, and the client is not read */
    bool idle;         /* HTTP2: there is no stream */
    uint32_t deadline; /* in seconds, for what no peer limits; 0: none */
    peer peer;         /* HTTP1 */
    session session;   /* HTTP2 */
    buffer start;      /* UNKNOWN, without TLS: what has arrived */
    buffer out;        /* HTTP2: `sent` bytes that were sent, then the rest */
    uint32_t sent;
    uint32_t watched; /* the events that epoll waits for */
    bool scheduled;   /* see update_peer() */
    struct connection *next_scheduled;
} connection;

/* Starts a time limit: see restart_deadline(). */
static void limit(connection *c, long seconds) {
    c->deadline = now + (uint32_t)seconds + 1;
}

/* ---- start and end ---- */

static void start_http1(connection *c) {
    c->state = peer_add(&c->peer, peer_address(c->channel.fd)) ? HTTP1 : DEAD;
    c->peer.fd = c->channel.fd;
    c->deadline = 0;
}

static void start_http2(connection *c) {
    int fd = c->channel.fd;
    c->state = session_start(&c->session, fd, peer_address(fd)) ? HTTP2 : DEAD;
    log_text("%s speaks HTTP/2\n", c->session.from);
}

static void release_connection(connection *c) {
    if (c->peer.number > 0)
        peer_remove(&c->peer);
    if (c->session.h2)
        session_free(&c->session);
    release(&c->start);
    release(&c->out);
    close_channel(&c->channel);
}

/* ---- output ---- */

/* Returns how many of the bytes there was room for. */
static size_t try_to_send(connection *c, const void *bytes, size_t len) {
    ssize_t n = channel_write(&c->channel, bytes, len);
    if (n == ENDED)
        c->state = DEAD;
    return n > 0 ? (size_t)n : 0;
}

static void send_http1(connection *c) {
    peer *p = &c->peer;
    ws_bytes out;
    do {
        out = peer_output(p);
        if (out.len > 0)
            peer_sent(p, try_to_send(c, out.data, out.len));
    } while (out.len > 0 && !p->waits);
    c->waits = p->waits;
    if (peer_finishes(p))
        end_channel(&c->channel);
    if (p->state == DROPPED)
        c->state = DEAD;
}

/* Sends frames that are in `out`. */
static void send_frames(connection *c) {
    size_t n = try_to_send(c, c->out.data + c->sent, c->out.len - c->sent);
    bool waited = c->waits;
    c->sent += (uint32_t)n;
    c->waits = c->sent < c->out.len;
    if (c->waits && (n > 0 || !waited))
        limit(c, options.send_timeout);
    if (!c->waits) {
        recycle(&c->out);
        c->sent = 0;
    }
}

/* The time limit of a connection on which no output waits is that of its streams. */
static void limit_idle_time(connection *c, bool waited) {
    bool idle = !c->session.streams;
    if (idle && (!c->idle || waited))
        limit(c, h2_options.idle_timeout);
    else if (!idle)
        c->deadline = 0;
    c->idle = idle;
}

/* Shuts our side down. Output in transit still arrives (RFC 6455, 7.1.1). */
static void end_http2(connection *c) {
    end_channel(&c->channel);
    c->state = ENDING;
    limit(c, shutting_down ? 0 : options.handshake_timeout);
}

static void send_http2(connection *c) {
    bool waited = c->waits;
    send_frames(c);
    while (c->state == HTTP2 && !c->waits) {
        if (!session_output(&c->session, &c->out))
            c->state = DEAD;
        send_frames(c);
        if (!session_has_output(&c->session))
            break;
    }
    if (c->state == HTTP2 && !c->waits)
        limit_idle_time(c, waited);
    if (c->state == HTTP2 && !c->waits && session_is_done(&c->session))
        end_http2(c);
}

static void send_output(connection *c) {
    if (c->state == HTTP1)
        send_http1(c);
    else if (c->state == HTTP2)
        send_http2(c);
}

/* ---- input ---- */

static void on_bytes(connection *c, uint8_t *bytes, size_t len) {
    if (c->state == HTTP1)
        peer_input(&c->peer, bytes, len);
    else if (c->state == HTTP2 && !session_input(&c->session, bytes, len))
        c->state = DEAD;
}

/* Without TLS, the first bytes show whether the client speaks HTTP/2 without having
 * asked ("prior knowledge": RFC 9113, 3.3). */
static void on_first_bytes(connection *c, const uint8_t *bytes, size_t len) {
    if (!append(&c->start, bytes, len)) {
        c->state = DEAD;
        return;
    }
    size_t n = c->start.len < NGHTTP2_CLIENT_MAGIC_LEN ? c->start.len
                                                       : NGHTTP2_CLIENT_MAGIC_LEN;
    if (memcmp(c->start.data, NGHTTP2_CLIENT_MAGIC, n) != 0)
        start_http1(c);
    else if (n == NGHTTP2_CLIENT_MAGIC_LEN)
        start_http2(c);
    else
        return;
    on_bytes(c, c->start.data, c->start.len);
    release(&c->start);
}

/* Does one read. Returns whether there may be more to read. */
static bool receive_once(connection *c) {
    ssize_t n = channel_read(&c->channel, input, sizeof input);
    if (n == ENDED) {
        end_channel(&c->channel);
        c->state = DEAD;
    }
    if (c->state == UNKNOWN && c->channel.tls && SSL_is_init_finished(c->channel.tls)) {
        if (chose_h2(&c->channel))
            start_http2(c);
        else
            start_http1(c);
    }
    if (n > 0 && c->state == UNKNOWN)
        on_first_bytes(c, input, (size_t)n);
    else if (n > 0)
        on_bytes(c, input, (size_t)n);
    return n > 0;
}

static void receive(connection *c) {
    bool more = true;
    for (int i = 0; i < MAX_READS && more && !c->waits && c->state != DEAD; i++) {
        more = receive_once(c);
        send_output(c);
    }
}

/* ---- time limits ---- */

static void on_time_over(connection *c) {
    if (c->state == HTTP2 && !c->waits && nghttp2_session_want_read(c->session.h2)) {
        log_text("%s: no stream for too long (--idle-timeout)\n", c->session.from);
        session_close(&c->session);
        return;
    }
    log_text("%s: closed by a time limit\n", peer_address(c->channel.fd));
    c->state = DEAD;
}

#endif
