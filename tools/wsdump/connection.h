/* A WebSocket connection: the opening handshake, then frames in both directions. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "stream.h"

/* A client's bytes wait until the response says whether compression was agreed. */
enum { MAX_WAITING = 1 << 20 };

typedef enum phase {
    IN_HEAD, /* its head has not arrived completely */
    WAITING, /* the client, for the response */
    IN_FRAMES,
    IGNORED, /* no WebSocket, or refused, or lost */
} phase;

typedef struct connection {
    unsigned number; /* 0: not known to be a WebSocket yet */
    bool captured;   /* among other traffic, which is ignored in silence */
    bool alone;      /* nothing is known of what the other side sends */
    phase phase[2];
    buffer input[2]; /* a head; then the client's, what waits */
    size_t scanned[2];
    buffer request; /* the client's head */
    uint64_t heads; /* bytes of the server's heads before the last one */
    stream streams[2];
} connection;

static unsigned connections;

static inline connection *connection_new(bool captured) {
    connection *c = calloc(1, sizeof *c);
    if (!c)
        fail("memory", strerror(ENOMEM));
    c->captured = captured;
    return c;
}

static inline void connection_free(connection *c) {
    if (!c)
        return;
    for (int i = CLIENT; i <= SERVER; i++) {
        release(&c->input[i]);
        stream_free(&c->streams[i]);
    }
    release(&c->request);
    free(c);
}

static inline void name_connection(connection *c) {
    if (c->number == 0)
        c->number = ++connections;
}

static inline bool is_ignored(const connection *c) {
    return c->phase[CLIENT] == IGNORED && c->phase[SERVER] == IGNORED;
}

static inline void ignore(connection *c) {
    for (int i = CLIENT; i <= SERVER; i++) {
        c->phase[i] = IGNORED;
        release(&c->input[i]);
    }
}

static inline place head_at(const connection *c, side from, uint64_t offset) {
    return (place){c->number, from, from == SERVER ? c->heads + offset : offset};
}

static inline void keep(buffer *b, const void *data, size_t len) {
    if (!append(b, data, len))
        fail("memory", strerror(ENOMEM));
}

/* ---- frames ---- */

static inline void start_frames(connection *c, side from, uint64_t offset,
                                const ws_pmd_params *params) {
    name_connection(c);
    stream_init(&c->streams[from], c->number, from, offset, params);
    c->phase[from] = IN_FRAMES;
}

/* Passes what waits to the decoder. */
static inline void feed_waiting(connection *c, side from) {
    buffer *b = &c->input[from];
    if (b->len > 0)
        stream_feed(&c->streams[from], b->data, b->len);
    release(b);
}

/* ---- heads ---- */

/* Points to the header field that the error is about, if there is one. */
static inline void report_head_error(const connection *c, side from,
                                     const uint8_t *head, size_t len, ws_result error) {
    const clause rule = clause_of(error);
    const ws_span value =
        rule.field && len > 0 ? find_field(head, len, rule.field) : (ws_span){0, 0};
    const place p = head_at(c, from, value.off);
    report_error(&p, error, "");
}

/* Returns the length of a complete head, 0, or an error. */
static inline ws_result complete_head(connection *c, side from) {
    const buffer *b = &c->input[from];
    return ws_head_length(b->data, b->len, &c->scanned[from]);
}

static inline bool mentions_websocket(const uint8_t *head, size_t len) {
    return find_field(head, len, "Sec-WebSocket-Key").len > 0 ||
           find_field(head, len, "Sec-WebSocket-Version").len > 0;
}

/* Not HTTP, or an ordinary request. */
static inline void refuse_head(connection *c, side from, size_t len, ws_result error) {
    const uint8_t *head = c->input[from].data;
    if (!c->captured || c->number > 0 || (len > 0 && mentions_websocket(head, len))) {
        name_connection(c);
        if (len > 0) {
            const place p = head_at(c, from, 0);
            report_head(&p, head, len);
        }
        report_head_error(c, from, head, len, error);
    }
    ignore(c);
}

/* Without the response, an offer counts as agreed. */
static inline void assume_agreement(connection *c) {
    ws_pmd_params params = {0};
    uint8_t value[300];
    const ws_result n =
        ws_pmd_accept(c->request.data, c->request.len, &params, value, sizeof value);
    start_frames(c, CLIENT, c->request.len, n > 0 ? &params : NULL);
}

static inline void on_request(connection *c) {
    buffer *b = &c->input[CLIENT];
    ws_handshake hs;
    const ws_result head = complete_head(c, CLIENT);
    if (head == 0)
        return;
    const size_t len = head > 0 ? (size_t)head : 0;
    const ws_result n =
        head < 0 ? head : ws_parse_handshake(b->data, len, &hs, sizeof hs);
    if (head < 0 || n == WS_ERR_NOT_UPGRADE ||
        (n < 0 && !mentions_websocket(b->data, len))) {
        refuse_head(c, CLIENT, len, n);
        return;
    }
    name_connection(c);
    const place p = head_at(c, CLIENT, 0);
    report_head(&p, b->data, len);
    if (n < 0)
        report_head_error(c, CLIENT, b->data, len, n);
    keep(&c->request, b->data, len);
    remove_front(b, len);
    c->phase[CLIENT] = WAITING;
    if (c->alone)
        assume_agreement(c);
}

/* The status of a response whose request is not known or not valid; 0 if it is none. */
static inline int status_of(const uint8_t *head, size_t len) {
    int status = 0;
    if (len <= 12 || memcmp(head, "HTTP/1.", 7) != 0)
        return 0;
    for (size_t i = 9; i < 12 && head[i] >= '0' && head[i] <= '9'; i++)
        status = status * 10 + head[i] - '0';
    return status;
}

/* Switches to frames. Every valid response fits an offer of which nothing is known. */
static inline void switch_protocols(connection *c, const uint8_t *head, size_t len) {
    ws_pmd_params params = {0};
    const bool deflate = ws_pmd_confirm(head, len, &params) == 1;
    start_frames(c, SERVER, c->heads + len, deflate ? &params : NULL);
    if (c->phase[CLIENT] == WAITING || c->input[CLIENT].len == 0)
        start_frames(c, CLIENT, c->request.len, deflate ? &params : NULL);
}

static inline void on_response(connection *c) {
    buffer *b = &c->input[SERVER];
    ws_response response;
    const ws_result head = complete_head(c, SERVER);
    if (head == 0)
        return;
    const size_t len = head > 0 ? (size_t)head : 0;
    const int status = status_of(b->data, len);
    if (head < 0 || status == 0) {
        refuse_head(c, SERVER, len, head < 0 ? head : WS_ERR_HTTP_SYNTAX);
        return;
    }
    if (c->captured && c->number == 0 && status != 101) {
        ignore(c); /* a response to an ordinary request */
        return;
    }
    name_connection(c);
    const place p = head_at(c, SERVER, 0);
    report_head(&p, b->data, len);
    const ws_result n = ws_parse_response(b->data, len, c->request.data, c->request.len,
                                          &response, sizeof response);
    if (n < 0 && n != WS_ERR_HANDSHAKE_STATUS && n != WS_ERR_INVALID_ARGUMENT)
        report_head_error(c, SERVER, b->data, len, n);
    if (status == 101) {
        switch_protocols(c, b->data, len);
    } else if (status >= 200) {
        ignore(c);
        return;
    }
    c->heads += len;
    remove_front(b, len);
    c->scanned[SERVER] = 0;
}

/* Heads that are complete, and the frames after them. */
static inline void proceed(connection *c) {
    uint64_t before;
    if (c->phase[CLIENT] == IN_HEAD)
        on_request(c);
    do {
        before = c->heads;
        if (c->phase[SERVER] == IN_HEAD && c->input[SERVER].len > 0)
            on_response(c);
    } while (c->phase[SERVER] == IN_HEAD && c->heads > before);
    for (int i = CLIENT; i <= SERVER; i++)
        if (c->phase[i] == IN_FRAMES)
            feed_waiting(c, (side)i);
}

/* ---- input ---- */

/* Starts both directions with frames, since the opening handshake is not known. */
static inline void connection_skip_heads(connection *c, const ws_pmd_params *params) {
    start_frames(c, CLIENT, 0, params);
    start_frames(c, SERVER, 0, params);
}

static inline void connection_lose(connection *c, side from, const char *why) {
    if (c->phase[from] == IN_FRAMES) {
        stream_lose(&c->streams[from], why);
    } else if (c->phase[from] != IGNORED && c->number > 0) {
        const place p = head_at(c, from, 0);
        report_note(&p, why);
    }
    c->phase[from] = IGNORED;
    release(&c->input[from]);
}

/* Processes what one side sent next. Changes `bytes`. */
static inline void connection_feed(connection *c, side from, uint8_t *bytes,
                                   size_t len) {
    switch (c->phase[from]) {
    case IN_FRAMES: stream_feed(&c->streams[from], bytes, len); break;
    case IGNORED: break;
    case WAITING:
        if (c->input[from].len + len > MAX_WAITING) {
            connection_lose(c, from, "too much was sent before the response");
            break;
        } /* fall through */
    case IN_HEAD: keep(&c->input[from], bytes, len); proceed(c);
    }
}

/* One side has ended its stream; in a capture, it has closed the connection. */
static inline void connection_finish(connection *c, side from) {
    stream *s = &c->streams[from];
    if (c->phase[from] == IN_FRAMES) {
        const bool cut = c->captured && !s->stopped && !s->closed;
        stream_finish(s);
        if (cut)
            report_note(&s->at, "disconnected without a close frame");
    } else if (c->phase[from] != IGNORED && c->number > 0) {
        const place p = head_at(c, from, 0);
        if (c->phase[from] == IN_HEAD && c->input[from].len > 0)
            report_error(&p, WS_ERR_EOF, "inside a head");
        else
            report_note(&p, "ends before the opening handshake is complete");
    }
    c->phase[from] = IGNORED;
}

#endif
