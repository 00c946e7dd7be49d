/* The protocol: what a server does with the bytes that came. Here wscodec is used. */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "http.h"
#include "peer.h"

enum { MAX_MESSAGE_DEFAULT = 1 << 20, MAX_ANSWER = WS_MAX_REPLY + 256, MAX_EVENTS = 64 };

/* What a program does with a message. It may send, but must not free the connection. */
static void on_message(peer *p, const ws_event *e, const void *data);

static const char PROTOCOLS[] = "chat, superchat";
static uint64_t max_message = MAX_MESSAGE_DEFAULT;

/* ---- output ---- */

static inline void send_message(peer *p, int opcode, const void *data, size_t len) {
    size_t size = ws_conn_send_bound(p->ws, len);
    uint8_t *to = out_begin(p, size);
    if (to)
        out_commit(p, ws_conn_send(p->ws, opcode, 0, data, len, to, size));
}

/* A pong, or the close frame that answers the peer's or tells it of an error. */
static inline void send_own(peer *p) {
    uint8_t *to = out_begin(p, WS_MAX_OUTPUT);
    if (to)
        out_commit(p, ws_conn_output(p->ws, to, WS_MAX_OUTPUT));
}

static inline void send_close(peer *p, uint16_t code) {
    uint8_t *to = out_begin(p, WS_MAX_OUTPUT);
    if (to)
        out_commit(p, ws_conn_close(p->ws, code, NULL, 0, to, WS_MAX_OUTPUT));
    LOG(p, "closed by us: %d", code);
}

/* ---- frames ---- */

static inline void on_event(peer *p, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY) {
        on_message(p, e, data);
    } else if (e->opcode == WS_OPCODE_CLOSE) {
        log_text("#%u closed by the peer: %d ", p->number, e->close_code);
        log_bytes(data, (size_t)e->len);
        log_text("\n");
    }
}

/* Handles frames until so much output waits that the rest has to wait as well: a compressed
 * message can be a thousand times as long as what came. Returns how many bytes are done. */
static inline size_t on_frames(peer *p, uint8_t *bytes, size_t len) {
    ws_event events[MAX_EVENTS];
    size_t done = 0, used;
    ws_result n = 0;
    bool collected = false;
    while (n >= 0 && done < len && p->state == OPEN && p->out.len - p->sent < MAX_OUT) {
        n = ws_conn_recv(p->ws, bytes + done, len - done, events, MAX_EVENTS, &used);
        for (ws_result i = 0; i < n && p->state == OPEN; i++)
            on_event(p, &events[i], ws_event_data(p->ws, bytes + done, &events[i]));
        collected = n > 0 && (events[n - 1].flags & WS_EVENT_COLLECTED);
        send_own(p);
        done += used;
    }
    if (collected && done == len) /* a call without bytes gives the message's memory back */
        n = ws_conn_recv(p->ws, NULL, 0, events, MAX_EVENTS, &used);
    if (n < 0)
        LOG(p, "failed: %d, %s", ws_close_code_for(n), ws_strerror(n));
    if (p->state == OPEN && ws_conn_state(p->ws) >= WS_STATE_CLOSED)
        set_state(p, CLOSING);
    return p->state == OPEN ? done : len;
}

/* Sends what waits, and handles what was kept, as far as the peer takes the answers. */
static inline void resume(peer *p) {
    flush(p);
    while (p->state == OPEN && p->in.len > 0 && !p->want_write) {
        remove_front(&p->in, on_frames(p, p->in.data, p->in.len));
        flush(p);
    }
    if (p->in.len == 0 || p->state == CLOSING)
        release(&p->in);
}

/* What cannot be handled yet is kept: what was read is overwritten by the next peer's. */
static inline void on_bytes(peer *p, uint8_t *bytes, size_t len) {
    p->pinged = false;
    set_deadline(p);
    size_t done = on_frames(p, bytes, len);
    if (done < len && !append(&p->in, bytes + done, len - done))
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
}

static inline void ping(peer *p) {
    p->pinged = true;
    set_deadline(p);
    send_message(p, WS_OPCODE_PING, NULL, 0);
    flush(p);
}

/* ---- the opening handshake ---- */

static inline ws_accept_spec accept_spec(void) {
    static ws_pmd_params pmd;
    pmd.client_no_context_takeover = set.no_client_context;
    return (ws_accept_spec){
        .protocols = {PROTOCOLS, sizeof PROTOCOLS - 1},
        .pmd = set.compression.on ? &pmd : NULL,
        .origins = {set.origins, set.origins ? strlen(set.origins) : 0},
    };
}

static inline void check_settings(void) {
    const ws_accept_spec spec = accept_spec();
    check_spec(&spec);
}

/* Who compresses may forget its own earlier messages without a word. So we do, unless we are
 * told otherwise: messages get a little larger, and an idle connection costs nothing for what
 * was sent to it. The client is not told either, unless it asked: an unasked
 * server_no_context_takeover loses Netty before 4.1.66, and an unasked
 * client_no_context_takeover those that ignore it (see --help). */
static inline ws_result configure(peer *p) {
    ws_pmd_params agreed;
    ws_result n = ws_conn_get_pmd(p->ws, &agreed);
    p->pmd_bits = n == 1 ? agreed.server_max_window_bits : 0;
    if (n == 1 && !set.compression.keeps_context) {
        agreed.server_no_context_takeover = 1;
        n = ws_conn_set_pmd(p->ws, &agreed);
    }
    if (n >= 0)
        n = ws_conn_set(p->ws, WS_OPT_COMPRESS_FROM, set.compression.from);
    return n < 0 ? n : ws_conn_set(p->ws, WS_OPT_MAX_MESSAGE, max_message);
}

/* "#7 refused with 403: GET /chat, origin https://evil.example: the origin is not allowed" */
static inline void log_answer(const peer *p, const uint8_t *head, size_t len, int status,
                              ws_result error) {
    ws_handshake hs;
    ws_result n = ws_parse_handshake(head, len, &hs, sizeof hs);
    log_text("#%u %s %d", p->number, status < 300 ? "answered with" : "refused with", status);
    if (n >= 0 || n == WS_ERR_NOT_UPGRADE) {
        log_text(": ");
        log_bytes(head + hs.method.off, hs.method.len);
        log_text(" ");
        log_bytes(head + hs.target.off, hs.target.len);
        log_text(hs.origin.len > 0 ? ", origin " : "");
        log_bytes(head + hs.origin.off, hs.origin.len);
    }
    log_text("%s%s\n", error == WS_OK ? "" : ": ", error == WS_OK ? "" : ws_strerror(error));
}

/* Refuses bytes that cannot become a head, or a client too many. */
static inline void refuse(peer *p, uint16_t status, const char *why) {
    uint8_t *to = out_begin(p, MAX_ANSWER);
    if (!to)
        return;
    out_commit(p, reply(status, "Content-Type: text/plain\r\n", why, to, MAX_ANSWER));
    LOG(p, "refused with %d: %s", status, why);
    set_state(p, CLOSING);
}

/* Answers a complete head. */
static inline void on_head(peer *p) {
    const ws_accept_spec spec = accept_spec();
    const uint8_t *head = p->in.data;
    uint8_t *to = out_begin(p, MAX_ANSWER);
    ws_accepted a;
    if (!to)
        return;
    ws_result n = ws_conn_accept(head, p->in.len, &spec, sizeof spec, &a, sizeof a, to,
                                 MAX_ANSWER);
    p->ws = a.conn;
    if (p->ws && open_count >= set.max_connections)
        return refuse(p, 503, "too many connections");
    if (n > 0 && a.error == WS_ERR_NOT_UPGRADE)
        n = answer_plain_request(head, p->in.len, to, MAX_ANSWER);
    if (n > 0)
        log_answer(p, head, p->in.len, status_of(to, n), a.error);
    out_commit(p, n);
    if (p->ws && configure(p) < 0)
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
    if (p->state != GONE)
        set_state(p, p->ws ? OPEN : CLOSING);
    remove_front(&p->in, a.head_len); /* the first frames may be there already */
}

static inline void on_handshake_bytes(peer *p, const uint8_t *bytes, size_t len) {
    size_t scanned = p->scanned;
    if (!append(&p->in, bytes, len))
        return drop(p, ws_strerror(WS_ERR_NO_MEMORY));
    ws_result n = ws_head_length(p->in.data, p->in.len, &scanned);
    p->scanned = (uint32_t)scanned;
    if (n > 0)
        on_head(p);
    else if (n < 0)
        refuse(p, ws_http_status(n), ws_strerror(n));
}

/* ---- everything that comes ---- */

/* Takes what was read, and answers it. */
static inline void on_input(peer *p, uint8_t *bytes, size_t len) {
    if (p->state == HANDSHAKE)
        on_handshake_bytes(p, bytes, len);
    else if (p->state == OPEN)
        on_bytes(p, bytes, len);
    resume(p);
}

#endif
