/* Output of a peer.
 *
 * A function that writes output asks out_begin() for room, and calls out_commit() with
 * the number of bytes that it wrote. The loop sends what peer_output() returns, and
 * reports to peer_sent() how much the socket accepted. While output waits, the peer
 * should not be read: see peer_reads(). */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "peer.h"

enum { MAX_SPARE = 512 << 10 }; /* bytes: twice what is read at once */

static __thread size_t total_waiting; /* memory of output that waits, of all peers
                                       * but dropped ones */
static __thread buffer spare_out;     /* memory for the next output of any peer */

static inline uint32_t unsent(const peer *p) {
    return p->sending.len - p->sent + p->out.len;
}

/* ---- memory ---- */

/* Keeps the memory of a buffer for the next output, unless it is large. */
static inline void recycle(buffer *b) {
    if (!spare_out.data && b->cap <= MAX_SPARE)
        spare_out = (buffer){b->data, 0, b->cap};
    else
        release(b);
    *b = (buffer){0};
}

static inline bool goes_before(const peer *p, const peer *than) {
    if ((p->state == DROPPED) != (than->state == DROPPED))
        return p->state == DROPPED;
    return p->deadline < than->deadline ||
           (p->deadline == than->deadline && p->waiting > than->waiting);
}

/* Drops a peer whose output waits, and frees that output: one that is dropped already,
 * else the one whose time limit ends first. Returns false if no output waits. */
static inline bool drop_slowest(void) {
    peer *slowest = NULL;
    for (uint32_t i = 0; i < peer_count; i++)
        if (peers[i]->waiting > 0 && (!slowest || goes_before(peers[i], slowest)))
            slowest = peers[i];
    if (!slowest)
        return false;
    drop(slowest, "does not read, and too much output waits (--max-output)");
    total_waiting -= slowest->waiting;
    slowest->waiting = 0;
    release(&slowest->out);
    if (!slowest->lent) {
        release(&slowest->sending);
        slowest->sent = 0;
    }
    return true;
}

/* Counts the memory of output that waits, and enforces the limit for all peers. */
static inline void count_waiting(peer *p) {
    uint32_t waiting = p->waits ? p->sending.cap + p->out.cap : 0;
    total_waiting += waiting;
    total_waiting -= p->waiting;
    p->waiting = waiting;
    while (total_waiting > (size_t)options.max_output << 20 && drop_slowest())
        ;
}

/* ---- writing ---- */

/* Returns room for output. NULL: the peer was dropped, or is dropped now since there is
 * no memory. */
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
    if (p->waits)
        count_waiting(p);
}

/* ---- sending ---- */

/* Returns the bytes to send next; none if nothing is left. They stay where they are
 * until more output is written or peer_sent() is called: see peer_lend(). */
static inline ws_bytes peer_output(peer *p) {
    if (p->state == DROPPED)
        return (ws_bytes){NULL, 0};
    if (p->sending.len == 0) {
        p->sending = p->out;
        p->out = (buffer){0};
    }
    if (p->sending.len == 0 && p->sending.data)
        recycle(&p->sending);
    return (ws_bytes){p->sending.len > 0 ? p->sending.data + p->sent : NULL,
                      p->sending.len - p->sent};
}

/* Whether the peer should be read. Otherwise a peer that sends and does not read could
 * fill our memory. */
static inline bool peer_reads(const peer *p) {
    bool input_waits = p->state == OPEN && p->in.len > 0;
    return p->state != DROPPED && !p->waits && !input_waits;
}

/* Whether the loop has to shut down its sending side now: true once, when all output of
 * a peer in the state CLOSING was sent. */
static inline bool peer_finishes(peer *p) {
    bool finishes = p->state == CLOSING && unsent(p) == 0 && !p->finished;
    p->finished |= finishes;
    return finishes;
}

/* Part of `sending` has to wait. Frees memory that it does not need. Bytes that were
 * sent are removed when they are half of it: more often would cost quadratic time. */
static inline void shrink(peer *p) {
    if (p->sent >= p->sending.len / 2) {
        remove_front(&p->sending, p->sent);
        p->sent = 0;
    }
    trim(&p->sending);
}

/* Counts bytes that were sent. If some are left, they wait. The time limit starts anew
 * when output begins to wait, when some of it is sent, and when nothing waits any
 * more. */
static inline void count_sent(peer *p, size_t n) {
    bool waited = p->waits;
    p->lent = false;
    if (p->state == DROPPED)
        return;
    p->sent += (uint32_t)n;
    p->waits = p->sent < p->sending.len;
    if (p->waits && !waited)
        LOG(p, "does not read: %u bytes wait", unsent(p));
    if (p->waits != waited || (p->waits && n > 0))
        restart_deadline(p);
    if (p->waits) {
        shrink(p);
    } else {
        recycle(&p->sending);
        p->sent = 0;
    }
    count_waiting(p);
}

#endif
