/* TCP connections: puts segments into order, whatever was repeated, late or lost. */
#ifndef TCP_H
#define TCP_H

#include "connection.h"
#include "packet.h"

enum {
    MAX_FLOWS = 4096,        /* the least recent one is dropped for another */
    MAX_PIECES = 4096,       /* that wait for one direction */
    MAX_HELD = 4 << 20,      /* bytes that wait for one direction */
    MAX_ALL_HELD = 64 << 20, /* and for all together */
    MAX_AHEAD = 1 << 30,     /* a segment further ahead is not of this stream */
    BUCKETS = 4096,
};

/* A segment that waits for an earlier one. */
typedef struct piece {
    struct piece *next;
    uint32_t seq, len;
    uint8_t data[];
} piece;

typedef struct half {
    bool started; /* `next` is known */
    bool ended;
    bool has_end; /* a FIN at `end` has arrived */
    uint32_t next, end;
    piece *first, *last; /* in order */
    size_t held, count;
} half;

typedef struct flow {
    struct flow *chain;         /* in its bucket */
    struct flow *older, *newer; /* by the last packet */
    endpoint ends[2];           /* by side; the client's may be a guess */
    half halves[2];
    connection *ws;
} flow;

static flow *buckets[BUCKETS], *oldest, *newest;
static size_t flow_count, all_held;
static unsigned other_flows; /* that are no WebSocket connections */

/* ---- the table ---- */

static inline bool same_end(const endpoint *a, const endpoint *b) {
    return a->port == b->port && memcmp(a->address, b->address, sizeof a->address) == 0;
}

static inline uint64_t hash_end(const endpoint *e, uint64_t hash) {
    for (size_t i = 0; i < sizeof e->address; i++)
        hash = (hash ^ e->address[i]) * 0x100000001b3;
    return (hash ^ e->port) * 0x100000001b3;
}

/* The same for both directions. The seed differs in each run, so that no capture can
 * choose the bucket. */
static inline flow **bucket_of(const endpoint *a, const endpoint *b) {
    static uint8_t seed[WS_KEY_LEN];
    uint64_t start;
    if (seed[0] == 0 && ws_make_key(seed, sizeof seed) < 0)
        fail("random", ws_strerror(WS_ERR_RANDOM));
    memcpy(&start, seed, sizeof start);
    const uint64_t sum = hash_end(a, start) + hash_end(b, start);
    return &buckets[(sum ^ sum >> 32) % BUCKETS];
}

static inline void unlink_recent(flow *f) {
    *(f->older ? &f->older->newer : &oldest) = f->newer;
    *(f->newer ? &f->newer->older : &newest) = f->older;
    f->older = f->newer = NULL;
}

static inline void link_recent(flow *f) {
    f->older = newest;
    *(newest ? &newest->newer : &oldest) = f;
    newest = f;
}

static inline flow *find_flow(const segment *s) {
    for (flow *f = *bucket_of(&s->from, &s->to); f; f = f->chain)
        if ((same_end(&f->ends[CLIENT], &s->from) &&
             same_end(&f->ends[SERVER], &s->to)) ||
            (same_end(&f->ends[CLIENT], &s->to) &&
             same_end(&f->ends[SERVER], &s->from)))
            return f;
    return NULL;
}

/* ---- pieces ---- */

static inline void drop_first(half *h) {
    piece *p = h->first;
    h->first = p->next;
    if (!h->first)
        h->last = NULL;
    h->held -= p->len + sizeof *p;
    all_held -= p->len + sizeof *p;
    h->count--;
    free(p);
}

static inline bool has_room(const half *h, size_t len) {
    const size_t size = len + sizeof(piece);
    return h->count < MAX_PIECES && h->held + size <= MAX_HELD &&
           all_held + size <= MAX_ALL_HELD;
}

static inline void hold(half *h, const segment *s) {
    piece *p = malloc(sizeof *p + s->len), **at = &h->first;
    if (!p)
        fail("memory", strerror(ENOMEM));
    p->seq = s->seq;
    p->len = (uint32_t)s->len;
    memcpy(p->data, s->data, s->len);
    if (h->last && (int32_t)(p->seq - h->last->seq) >= 0)
        at = &h->last->next;
    while (*at && (int32_t)((*at)->seq - p->seq) <= 0)
        at = &(*at)->next;
    p->next = *at;
    *at = p;
    if (!p->next)
        h->last = p;
    h->held += s->len + sizeof *p;
    all_held += s->len + sizeof *p;
    h->count++;
}

/* ---- the ends of flows ---- */

static inline void lose(flow *f, side from, const char *why) {
    half *h = &f->halves[from];
    while (h->first)
        drop_first(h);
    if (f->ws && !h->ended)
        connection_lose(f->ws, from, why);
    h->ended = true;
}

static inline void report_gap(flow *f, side from) {
    char why[DETAIL_SIZE];
    const half *h = &f->halves[from];
    snprintf(why, sizeof why, "%u bytes are missing in the capture",
             (unsigned)(h->first ? h->first->seq - h->next : 0));
    lose(f, from, h->first ? why : "bytes are missing in the capture");
}

/* Ends a half in which nothing more can arrive, perhaps before what is held. */
static inline void abandon(flow *f, side from, const char *why) {
    if (f->halves[from].first)
        report_gap(f, from);
    else
        lose(f, from, why);
}

/* The capture, or the flow, has ended. */
static inline void free_flow(flow *f, const char *why) {
    flow **at = bucket_of(&f->ends[CLIENT], &f->ends[SERVER]);
    for (int i = CLIENT; i <= SERVER; i++)
        abandon(f, (side)i, why);
    other_flows += f->ws && f->ws->number == 0;
    connection_free(f->ws);
    while (*at != f)
        at = &(*at)->chain;
    *at = f->chain;
    unlink_recent(f);
    flow_count--;
    free(f);
}

static inline flow *new_flow(const segment *s, bool from_client) {
    if (flow_count == MAX_FLOWS)
        free_flow(oldest, "too many connections at once");
    flow *f = calloc(1, sizeof *f), **bucket = bucket_of(&s->from, &s->to);
    if (!f)
        fail("memory", strerror(ENOMEM));
    f->ends[from_client ? CLIENT : SERVER] = s->from;
    f->ends[from_client ? SERVER : CLIENT] = s->to;
    f->chain = *bucket;
    *bucket = f;
    link_recent(f);
    flow_count++;
    return f;
}

static inline void end_half(flow *f, side from) {
    half *h = &f->halves[from];
    if (f->ws && !h->ended)
        connection_finish(f->ws, from);
    h->ended = true;
}

/* ---- segments ---- */

static inline void deliver(flow *f, side from, const uint8_t *data, size_t len) {
    static uint8_t copy[1 << 18]; /* the decoder writes to its input */
    f->halves[from].next += (uint32_t)len;
    if (!f->ws) {
        f->ws = connection_new(true);
        if (options.frames)
            connection_skip_heads(f->ws, options.deflate ? &options.params : NULL);
    }
    while (len > 0) {
        size_t n = len < sizeof copy ? len : sizeof copy;
        memcpy(copy, data, n);
        connection_feed(f->ws, from, copy, n);
        data += n;
        len -= n;
    }
}

/* Delivers what is new in a segment that starts at or before the next byte. */
static inline void deliver_new(flow *f, side from, uint32_t seq, const uint8_t *data,
                               size_t len) {
    const uint32_t known = f->halves[from].next - seq;
    if (known < len)
        deliver(f, from, data + known, len - known);
}

static inline void deliver_pieces(flow *f, side from) {
    half *h = &f->halves[from];
    while (h->first && (int32_t)(h->first->seq - h->next) <= 0) {
        deliver_new(f, from, h->first->seq, h->first->data, h->first->len);
        drop_first(h);
    }
}

static inline void on_data(flow *f, side from, const segment *s) {
    half *h = &f->halves[from];
    const int32_t ahead = (int32_t)(s->seq - h->next);
    if (s->len == 0 || h->ended || ahead > MAX_AHEAD || (f->ws && is_ignored(f->ws)))
        return;
    if (ahead > 0 && has_room(h, s->len)) {
        hold(h, s);
        return;
    }
    if (ahead > 0) {
        report_gap(f, from);
        return;
    }
    deliver_new(f, from, s->seq, s->data, s->len);
    deliver_pieces(f, from);
    if (s->missing > 0)
        lose(f, from, "the rest of a packet was not captured");
}

static inline void on_flags(flow *f, side from, const segment *s) {
    half *h = &f->halves[from];
    if (s->flags & TCP_FIN) {
        h->has_end = true;
        h->end = s->seq + (uint32_t)(s->len + s->missing);
    }
    if (h->has_end && h->next == h->end)
        end_half(f, from);
    for (int i = CLIENT; i <= SERVER && (s->flags & TCP_RST); i++) {
        if (f->halves[i].first)
            report_gap(f, (side)i);
        end_half(f, (side)i); /* no effect after a gap */
    }
    if (f->halves[CLIENT].ended && f->halves[SERVER].ended)
        free_flow(f, "");
}

/* Without a SYN, a response is from the server, and so is a frame that is not masked.
 */
static inline bool is_from_client(const segment *s) {
    if (s->flags & TCP_SYN)
        return !(s->flags & TCP_ACK);
    if (options.frames)
        return s->len < 2 || (s->data[1] & 0x80);
    return s->len < 5 || memcmp(s->data, "HTTP/", 5) != 0;
}

/* A SYN that differs from the one we know starts another connection on the same ports.
 */
static inline bool starts_anew(const flow *f, const segment *s) {
    const half *h = &f->halves[CLIENT];
    return (s->flags & TCP_SYN) && !(s->flags & TCP_ACK) && h->started &&
           (f->ws || h->next != s->seq + 1);
}

static inline void on_segment(const segment *s) {
    flow *f = find_flow(s);
    if (f && starts_anew(f, s)) {
        free_flow(f, "the ports were used again");
        f = NULL;
    }
    if (!f && s->len == 0 && !(s->flags & TCP_SYN))
        return;
    if (!f)
        f = new_flow(s, is_from_client(s));
    unlink_recent(f);
    link_recent(f);
    const side from = same_end(&f->ends[CLIENT], &s->from) ? CLIENT : SERVER;
    half *h = &f->halves[from];
    const uint32_t first = s->seq + ((s->flags & TCP_SYN) != 0);
    segment data = *s;
    data.seq = first;
    if (!h->started)
        h->next = first;
    h->started = true;
    on_data(f, from, &data);
    on_flags(f, from, &data);
}

/* The capture has ended. */
static inline void end_flows(void) {
    while (oldest)
        free_flow(oldest, "the capture ends here");
}

#endif
