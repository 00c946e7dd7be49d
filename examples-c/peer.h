/* A connection of a server: its output, its deadline, and what is logged of it.
 *
 * Between two reads a peer owns memory only for a head or a message that has not come whole,
 * and for output that it is too slow to take. While output waits the peer is not read. */
#ifndef PEER_H
#define PEER_H

#include <stdarg.h>
#include <sys/epoll.h>
#include <wscodec.h>

#include "buffer.h"
#include "escape.h"
#include "settings.h"

enum { MAX_OUT = 65536 }; /* while so much waits, no further message of the peer is handled */

/* CLOSING: everything was written. Send it, then read and discard until the peer hangs up, since
 * closing the socket at once can destroy what is on its way (RFC 6455, 7.1.1).
 * GONE: lost, or dropped; the event loop closes the socket. */
enum { HANDSHAKE, OPEN, CLOSING, GONE };

typedef struct peer {
    int fd;
    uint32_t number;   /* in the log */
    uint32_t deadline; /* see set_deadline(); 0: none */
    uint32_t scanned;  /* HANDSHAKE: how much of `in` ws_head_length() has seen */
    uint32_t sent;     /* how much of `out` has left */
    uint32_t waiting;  /* how much of `total_waiting` is this peer's */
    uint8_t state;
    bool want_write;  /* what epoll was told: wait until it takes more, rather than read */
    bool pinged;      /* and nothing came since */
    uint8_t pmd_bits; /* the window for messages that we compress; 0: we do not */
    ws_conn *ws;      /* from OPEN on */
    buffer in;        /* input that cannot be handled yet: part of a head; see MAX_OUT */
    buffer out;       /* output */
} peer;

static peer **peers; /* by descriptor; a listener has none */
static int max_fds, highest_fd, open_count, epoll_fd;
static uint32_t now;         /* seconds; since the last wait */
static size_t total_waiting; /* memory of all output that waits */
static buffer spare_out;     /* memory for the next output, so that it need not grow anew */

/* ---- the log ---- */

/* Writes what a peer sent without its control characters. */
static inline void log_bytes(const void *data, size_t len) {
    if (set.verbose)
        print_escaped(stderr, data, len, "");
}

__attribute__((format(printf, 1, 2))) static inline void log_text(const char *format, ...) {
    va_list values;
    va_start(values, format);
    if (set.verbose)
        vfprintf(stderr, format, values);
    va_end(values);
}

#define LOG(peer, ...) (log_text("#%u ", (peer)->number), log_text(__VA_ARGS__), log_text("\n"))

/* ---- states ---- */

/* Sets the time limit of the handshake, of a peer that takes no output, or of a silent one. The
 * clock shows whole seconds, and the current one is partly over: hence one more. */
static inline void set_deadline(peer *p) {
    long seconds = p->state != OPEN  ? set.handshake_timeout
                   : p->want_write   ? set.send_timeout
                                     : set.ping_interval;
    p->deadline = seconds > 0 ? now + (uint32_t)seconds + 1 : 0;
}

static inline void set_state(peer *p, uint8_t state) {
    open_count += (state == OPEN) - (p->state == OPEN);
    p->state = state;
    set_deadline(p);
}

/* Gives a peer up. The event loop notices by the end of its input. */
static inline void drop(peer *p, const char *why) {
    if (p->state == GONE)
        return;
    LOG(p, "dropped: %s", why);
    set_state(p, GONE);
    shutdown(p->fd, SHUT_RDWR);
}

static inline void watch(int fd, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

/* ---- output ---- */

/* Room for output; NULL if there is none: then the peer is dropped. */
static inline uint8_t *out_begin(peer *p, size_t size) {
    if (!p->out.data) {
        p->out = spare_out;
        spare_out = (buffer){0};
    }
    uint8_t *to = p->state != GONE ? reserve(&p->out, size) : NULL;
    if (!to)
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

/* Counts what was written there. */
static inline void out_commit(peer *p, ws_result n) {
    if (n < 0)
        drop(p, ws_strerror(n));
    else
        p->out.len += (size_t)n;
}

/* Keeps the memory of a finished output for the next, unless it is large. */
static inline void recycle_out(peer *p) {
    if (!spare_out.data && p->out.cap <= 2 * MAX_OUT)
        spare_out = (buffer){p->out.data, 0, p->out.cap};
    else
        release(&p->out);
    p->out = (buffer){0};
    p->sent = 0;
}

/* Keeps no more memory than the rest of the output needs, within a factor of two. */
static inline void shrink_out(peer *p) {
    if (p->sent >= p->out.len / 2) {
        remove_front(&p->out, p->sent);
        p->sent = 0;
    }
    trim(&p->out);
}

static inline void set_want_write(peer *p, bool want_write) {
    if (want_write != p->want_write)
        watch(p->fd, EPOLL_CTL_MOD, want_write ? EPOLLOUT : EPOLLIN);
    if (want_write && !p->want_write)
        LOG(p, "does not take its output: %zu bytes wait", p->out.len - p->sent);
    p->want_write = want_write;
}

/* How many bytes the socket takes. */
static inline size_t try_to_send(peer *p, const uint8_t *bytes, size_t len) {
    size_t sent = 0;
    while (sent < len && p->state != GONE) {
        ssize_t n = send(p->fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            drop(p, strerror(errno));
    }
    return sent;
}

/* When too much waits: drops the peer that has taken nothing for longest. */
static inline void drop_slowest(void) {
    peer *slowest = NULL;
    for (int fd = 0; fd <= highest_fd; fd++) {
        peer *p = peers[fd];
        if (p && p->waiting > 0 && p->state != GONE &&
            (!slowest || p->deadline < slowest->deadline ||
             (p->deadline == slowest->deadline && p->waiting > slowest->waiting)))
            slowest = p;
    }
    if (slowest) {
        drop(slowest, "takes nothing, and too much waits for all (--max-output)");
        total_waiting -= slowest->waiting;
        slowest->waiting = 0;
        release(&slowest->out);
        slowest->sent = 0;
    }
}

static inline void account(peer *p) {
    uint32_t waiting = p->want_write ? (uint32_t)p->out.cap : 0;
    total_waiting += waiting;
    total_waiting -= p->waiting;
    p->waiting = waiting;
    if (total_waiting > set.max_output)
        drop_slowest();
}

/* Sends what the socket takes now. */
static inline void flush(peer *p) {
    size_t n = try_to_send(p, p->out.data + p->sent, p->out.len - p->sent);
    if (p->state == GONE)
        return;
    p->sent += (uint32_t)n;
    bool waited = p->want_write, waits = p->sent < p->out.len;
    set_want_write(p, waits);
    if (waits ? n > 0 || !waited : waited)
        set_deadline(p);
    if (waits)
        shrink_out(p);
    else
        recycle_out(p);
    account(p);
    if (!waits && p->state == CLOSING)
        shutdown(p->fd, SHUT_WR);
}

#endif
