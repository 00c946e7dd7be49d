/* A peer: its state, its time limit, its log.
 *
 * Between two reads, a peer's buffers hold only an incomplete head, output that it is
 * too slow to read, and input that has to wait until that output is sent. Its
 * connection holds an incomplete message and the state of compression. */
#ifndef PEER_H
#define PEER_H

#include <stdarg.h>
#include <sys/epoll.h>

#include "buffer.h"
#include "listen.h"
#include "options.h"

/* CLOSING: no more output is written. Send what was written, then read and discard
 * until the peer closes the connection: closing the socket at once could destroy
 * output in transit (RFC 6455, 7.1.1). */
enum {
    HANDSHAKE, /* the head of the request is incomplete */
    OPEN,      /* frames go both ways */
    CLOSING,
    DROPPED, /* the peer was given up: the event loop closes the socket */
};

typedef struct peer {
    int fd;
    uint32_t number;   /* in the log */
    uint32_t deadline; /* in seconds, see restart_deadline(); 0: none */
    uint32_t scanned;  /* bytes of `head` that ws_head_length() has seen */
    uint32_t sent;     /* bytes of `out` that were sent */
    uint32_t waiting;  /* bytes of this peer in `total_waiting` */
    uint8_t state;
    bool want_write;  /* epoll waits until output can be sent, not for input */
    bool pinged;      /* a ping was sent, and nothing was received since */
    uint8_t pmd_bits; /* the window for our compressed messages; 0: no compression */
    ws_conn *ws;      /* from OPEN on */
    buffer head;      /* HANDSHAKE: the request as far as it was received */
    buffer backlog;   /* OPEN: input to be handled when less output waits */
    buffer out;       /* output: `sent` bytes that were sent, then the rest */
} peer;

static peer **peers; /* by descriptor; NULL for a listener */
static int max_fds, highest_fd, open_count;
static uint32_t now; /* in seconds, updated after each wait for events */

/* ---- the log ---- */

/* Logs bytes of the peer. */
static void log_bytes(const void *data, size_t len) {
    if (options.verbose)
        print_escaped(stderr, data, len, "");
}

__attribute__((format(printf, 1, 2))) static void log_text(const char *format, ...) {
    va_list values;
    va_start(values, format);
    if (options.verbose)
        vfprintf(stderr, format, values);
    va_end(values);
}

#define LOG(peer, ...)                                                                 \
    (log_text("#%u ", (peer)->number), log_text(__VA_ARGS__), log_text("\n"))

/* ---- time limits and states ---- */

/* Starts the time limit of the opening or closing handshake, of a peer that does not
 * read, or of a silent peer. The clock has whole seconds, and part of the current one is over: hence + 1. */
static void restart_deadline(peer *p) {
    long limit = p->state != OPEN ? options.handshake_timeout
                 : p->want_write  ? options.send_timeout
                                  : options.ping_interval;
    p->deadline = limit > 0 ? now + (uint32_t)limit + 1 : 0;
}

static void set_state(peer *p, uint8_t state) {
    open_count += (state == OPEN) - (p->state == OPEN);
    p->state = state;
    restart_deadline(p);
}

/* Gives a peer up. shutdown() ends its input, and so the event loop
 * closes the socket. */
static void drop(peer *p, const char *why) {
    if (p->state == DROPPED)
        return;
    LOG(p, "dropped: %s", why);
    set_state(p, DROPPED);
    shutdown(p->fd, SHUT_RDWR);
}

#endif
