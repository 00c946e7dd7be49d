/* A peer: its state, its time limit, its log.
 *
 * A peer knows neither a socket nor an event loop. A loop adds a peer for each of its
 * connections, passes the bytes that arrive to peer_input(), and sends those that
 * peer_output() returns (protocol.h, output.h).
 *
 * Between two reads, a peer's buffers hold only an incomplete head, output that it is
 * too slow to read, and input that has to wait until that output is sent. Its
 * connection holds an incomplete message and the state of compression. */
#ifndef PEER_H
#define PEER_H

#include <stdarg.h>
#include <time.h>

#include "buffer.h"
#include "options.h"

/* CLOSING: no more output is written. The loop sends what was written, shuts down its
 * sending side (see peer_finishes()), and reads and discards until the peer closes the
 * connection: closing the socket at once could destroy output in transit
 * (RFC 6455, 7.1.1). */
enum {
    HANDSHAKE, /* the head of the request is incomplete */
    OPEN,      /* frames go both ways */
    CLOSING,
    DROPPED, /* the peer was given up: the loop closes the socket */
};

typedef struct peer {
    int fd;            /* for the loop: a descriptor, or whatever it needs to know */
    uint32_t number;   /* in the log */
    uint32_t index;    /* in `peers` */
    uint32_t deadline; /* in seconds, see restart_deadline(); 0: none */
    uint32_t scanned;  /* HANDSHAKE: bytes of `in` that ws_head_length() has seen */
    uint32_t sent;     /* bytes of `sending` that were sent */
    uint32_t waiting;  /* bytes of this peer in `total_waiting` */
    uint8_t state;
    uint8_t pmd_bits;  /* the window for our compressed messages; 0: no compression */
    bool handling : 1; /* frames are being handled */
    bool waits : 1;    /* output waits until more can be sent */
    bool lent : 1;     /* the loop uses the memory of `sending`: see peer_lend() */
    bool finished : 1; /* see peer_finishes() */
    bool pinged : 1;   /* a ping was sent, and nothing was received since */
    ws_conn *ws;       /* from OPEN on */
    buffer in;         /* HANDSHAKE: the request as far as it was received; OPEN: input
                        * to be handled when less output waits */
    buffer sending;    /* output: `sent` bytes that were sent, then the rest */
    buffer out;        /* output that follows `sending` */
} peer;

/* A thread has its own peers. */
static __thread peer **peers;
static __thread uint32_t peer_count, peer_cap, open_count;
static __thread uint32_t now; /* in seconds, see read_clock() */
static __thread bool shutting_down;
static __thread bool has_dropped; /* since check_deadlines() was called */

/* ---- the log ---- */

/* Logs bytes of the peer. */
static inline void log_bytes(const void *data, size_t len) {
    if (options.verbose)
        print_escaped(stderr, data, len, "");
}

__attribute__((format(printf, 1, 2))) static inline void log_text(const char *format,
                                                                  ...) {
    va_list values;
    va_start(values, format);
    if (options.verbose)
        vfprintf(stderr, format, values);
    va_end(values);
}

/* A line, also if several threads log. */
#define LOG(peer, ...)                                                                 \
    (flockfile(stderr), log_text("#%u ", (peer)->number), log_text(__VA_ARGS__),       \
     log_text("\n"), funlockfile(stderr))

/* ---- time limits and states ---- */

/* Sets `now`, which is never 0. Returns the milliseconds until it changes. */
static inline int read_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    now = (uint32_t)t.tv_sec + 1;
    return 1000 - (int)(t.tv_nsec / 1000000);
}

/* Starts the time limit that fits the state: for a handshake, for a peer that does not
 * read, or for a silent one. There is another one while the server shuts down. The clock
 * has whole seconds, and part of the current one is over: hence + 1. */
static inline void restart_deadline(peer *p) {
    if (shutting_down)
        return;
    long limit = p->state != OPEN ? options.handshake_timeout
                 : p->waits       ? options.send_timeout
                                  : options.ping_interval;
    p->deadline = limit > 0 ? now + (uint32_t)limit + 1 : 0;
}

static inline void set_state(peer *p, uint8_t state) {
    open_count -= p->state == OPEN;
    open_count += state == OPEN;
    p->state = state;
    restart_deadline(p);
}

/* Gives a peer up. The loop closes its socket in the next update_peer(), which
 * check_deadlines() calls. */
static inline void drop(peer *p, const char *why) {
    if (p->state == DROPPED)
        return;
    LOG(p, "dropped: %s", why);
    set_state(p, DROPPED);
    p->deadline = now;
    has_dropped = true;
}

/* ---- the list of peers ---- */

/* Adds a zeroed peer. `from` is its address, for the log. Returns false if there is no
 * memory. */
static inline bool peer_add(peer *p, const char *from) {
    static uint32_t last_number;
    if (peer_count == peer_cap) {
        uint32_t cap = peer_cap > 0 ? 2 * peer_cap : 64;
        peer **larger = realloc(peers, cap * sizeof *larger);
        if (!larger)
            return false;
        peers = larger;
        peer_cap = cap;
    }
    if (now == 0)
        read_clock();
    p->index = peer_count;
    p->number = __atomic_add_fetch(&last_number, 1, __ATOMIC_RELAXED);
    peers[peer_count++] = p;
    set_state(p, HANDSHAKE);
    LOG(p, "connected from %s", from);
    return true;
}

#endif
