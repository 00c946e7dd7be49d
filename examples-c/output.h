/* Output of a peer.
 *
 * A function that writes output asks out_begin() for room, and calls out_commit() with
 * the number of bytes that it wrote. flush() sends what was written. Bytes that the
 * socket does not accept wait in `out`, and the peer is not read until all of them are
 * sent. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "peer.h"

enum { MAX_SPARE = 128 << 10 }; /* bytes */

static int epoll_fd;
static size_t total_waiting; /* memory of the output that waits, for all peers */
static buffer spare_out;     /* memory for the next output of any peer */

static inline uint32_t unsent(const peer *p) {
    return p->out.len - p->sent;
}

/* ---- writing ---- */

/* Returns room for output. NULL: the peer was dropped, or
 * is dropped now since there is no memory. */
static inline uint8_t *out_begin(peer *p, size_t size) {
    if (!p->out.data) {
        p->out = spare_out;
        spare_out = (buffer){0};
    }
    uint8_t *to = p->state != DROPPED ? reserve(&p->out, size) : NULL;
    if (!to)
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
    return to;
}

/* `n` is the number of bytes that were written there, or an error. */
static inline void out_commit(peer *p, ws_result n) {
    if (n < 0)
        drop(p, ws_strerror(n));
    else
        p->out.len += (uint32_t)n;
}

/* ---- memory ---- */

/* All of `out` was sent. Keeps its memory for the next output, unless it is large. */
static void out_finish(peer *p) {
    if (!spare_out.data && p->out.cap <= MAX_SPARE)
        spare_out = (buffer){p->out.data, 0, p->out.cap};
    else
        release(&p->out);
    p->out = (buffer){0};
    p->sent = 0;
}

/* Part of `out` has to wait. Frees memory that it does not need. Bytes that were sent
 * are removed when they are half of it: more often would cost quadratic time. */
static void out_shrink(peer *p) {
    if (p->sent >= p->out.len / 2) {
        remove_front(&p->out, p->sent);
        p->sent = 0;
    }
    trim(&p->out);
}

static bool goes_before(const peer *p, const peer *than) {
    if ((p->state == DROPPED) != (than->state == DROPPED))
        return p->state == DROPPED;
    return p->deadline < than->deadline ||
           (p->deadline == than->deadline && p->waiting > than->waiting);
}

/* Drops the peer whose output waits and whose time limit ends first, those that are
 * dropped already before all others, and frees its output. Returns false if none waits. */
static bool drop_slowest(void) {
    peer *slowest = NULL;
    for (int fd = 0; fd <= highest_fd; fd++) {
        peer *p = peers[fd];
        if (p && p->waiting > 0 && (!slowest || goes_before(p, slowest)))
            slowest = p;
    }
    if (!slowest)
        return false;
    drop(slowest, "does not read, and too much output waits (--max-output)");
    total_waiting -= slowest->waiting;
    slowest->waiting = slowest->sent = 0;
    release(&slowest->out);
    return true;
}

/* Counts the memory of output that waits, and enforces the limit for all peers. */
static void count_waiting(peer *p) {
    uint32_t waiting = p->want_write ? p->out.cap : 0;
    total_waiting += waiting;
    total_waiting -= p->waiting;
    p->waiting = waiting;
    while (total_waiting > (size_t)options.max_output << 20 && drop_slowest())
        ;
}

/* ---- sending ---- */

static void watch(int fd, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

static void set_want_write(peer *p, bool want_write) {
    if (want_write == p->want_write)
        return;
    watch(p->fd, EPOLL_CTL_MOD, want_write ? EPOLLOUT : EPOLLIN);
    if (want_write)
        LOG(p, "does not read: %u bytes wait", unsent(p));
    p->want_write = want_write;
}

/* Returns how many of the bytes the socket accepted. */
static size_t try_to_send(peer *p, const uint8_t *bytes, size_t len) {
    size_t sent = 0;
    while (sent < len && p->state != DROPPED) {
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

/* Sends what the socket accepts now. The time limit starts anew when output begins to
 * wait, when some of it is sent, and when nothing waits any more. */
static void flush(peer *p) {
    size_t n = try_to_send(p, p->out.data + p->sent, unsent(p));
    if (p->state == DROPPED)
        return;
    p->sent += (uint32_t)n;
    bool waited = p->want_write, waits = unsent(p) > 0;
    set_want_write(p, waits);
    if (waits != waited || (waits && n > 0))
        restart_deadline(p);
    if (waits)
        out_shrink(p);
    else
        out_finish(p);
    count_waiting(p);
    if (!waits && p->state == CLOSING)
        shutdown(p->fd, SHUT_WR);
}

#endif
