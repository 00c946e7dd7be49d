/* The protocol: what a server does with the bytes of a peer. This is where wscodec is
 * used.
 *
 * It does no input and no output, so that any event loop can use it:
 *
 *   - For a new connection: peer_add(), and open_peer() if its handshake is done.
 *   - After a read: peer_input(), or peer_end() at the end; then update_peer().
 *   - update_peer(), which the loop defines, sends while peer_output() returns bytes,
 *     and reports to peer_sent(). It shuts down its sending side if peer_finishes(),
 *     closes the socket of a peer that is DROPPED, and reads, or stops reading, as
 *     peer_reads() says.
 *   - Every second: peers_tick(). If peer_lend() is used, after each event too:
 *     check_deadlines(), which closes other peers that the event made us drop.
 *   - To stop: peers_close(); then the loop runs until peer_count is 0.
 *   - When a connection ends: peer_remove(). */
#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "http.h"
#include "output.h"

enum {
    MAX_REPLY = WS_MAX_REPLY + 256,
    MAX_EVENTS = 64,
    MAX_UNSENT = 64 << 10,
    MAX_LENT = 64 << 10
};

/* Defined by the program: handles a message. It may send, but must not free the
 * connection. */
static void on_message(peer *p, const ws_event *e, const void *data);

/* Defined by the loop: see above. It may remove and free the peer. */
static void update_peer(peer *p);

static const char PROTOCOLS[] = "chat, superchat";
static uint64_t max_message = 1 << 20;

/* ---- sending ---- */

/* Does nothing while the server shuts down: the close frame was sent. */
static inline void send_message(peer *p, int opcode, const void *data, size_t len) {
    if (shutting_down)
        return;
    size_t size = ws_conn_send_bound(p->ws, len);
    uint8_t *to = out_begin(p, size);
    if (to)
        out_commit(p, ws_conn_send(p->ws, opcode, 0, data, len, to, size));
}

static inline void send_close(peer *p, uint16_t code) {
    uint8_t *to = out_begin(p, WS_MAX_OUTPUT);
    if (to)
        out_commit(p, ws_conn_close(p->ws, code, NULL, 0, to, WS_MAX_OUTPUT));
    LOG(p, "closed by us: %d", code);
}

/* Sends the response of the connection itself, if there is one: a pong, or a close
 * frame that responds to a close frame or reports an error. */
static inline void send_control_frame(peer *p) {
    uint8_t *to = out_begin(p, WS_MAX_OUTPUT);
    if (to)
        out_commit(p, ws_conn_output(p->ws, to, WS_MAX_OUTPUT));
}

static inline void send_ping(peer *p) {
    p->pinged = true;
    restart_deadline(p);
    send_message(p, WS_OPCODE_PING, NULL, 0);
}

/* ---- frames ---- */

static inline void log_close(const peer *p, int code, const void *reason, size_t len) {
    flockfile(stderr);
    log_text("#%u closed by the peer: %d%s", p->number, code, len > 0 ? " " : "");
    log_bytes(reason, len);
    log_text("\n");
    funlockfile(stderr);
}

static inline void on_event(peer *p, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY)
        on_message(p, e, data);
    else if (e->opcode == WS_OPCODE_CLOSE)
        log_close(p, e->close_code, data, (size_t)e->len);
}

/* Backpressure: while much output waits, the peer's input has to wait, too. Otherwise a
 * peer that sends and does not read could fill our memory; with compression, a few
 * bytes of input can cause a thousand times as many bytes of output. */
static inline bool may_handle_input(const peer *p) {
    return p->state == OPEN && unsent(p) < MAX_UNSENT;
}

/* Handles frames while that is allowed. Returns how many bytes were handled: all of
 * them once the connection is not open. */
static inline size_t handle_frames(peer *p, uint8_t *bytes, size_t len) {
    ws_event events[MAX_EVENTS];
    size_t done = 0, used;
    ws_result n = 0;
    bool collected = false;
    p->handling = true;
    while (n >= 0 && done < len && may_handle_input(p)) {
        n = ws_conn_recv(p->ws, bytes + done, len - done, events, MAX_EVENTS, &used);
        for (ws_result i = 0; i < n && p->state == OPEN; i++)
            on_event(p, &events[i], ws_event_data(p->ws, bytes + done, &events[i]));
        collected = n > 0 && (events[n - 1].flags & WS_EVENT_COLLECTED);
        send_control_frame(p);
        done += used;
    }
    if (collected && done == len) /* a call without bytes frees the collected message */
        n = ws_conn_recv(p->ws, NULL, 0, events, MAX_EVENTS, &used);
    if (n < 0)
        LOG(p, "failed: %d, %s", ws_close_code_for(n), ws_strerror(n));
    if (p->state == OPEN && ws_conn_state(p->ws) >= WS_STATE_CLOSED)
        set_state(p, CLOSING);
    p->handling = false;
    return p->state == OPEN ? done : len;
}

/* Handles frames in `in` as far as the peer reads our output. */
static inline void handle_waiting_frames(peer *p) {
    if (p->state == OPEN && p->in.len > 0)
        remove_front(&p->in, handle_frames(p, p->in.data, p->in.len));
    if (p->in.len == 0 || p->state != OPEN)
        release(&p->in);
}

/* Handles what was read, and copies what has to wait: the bytes are the loop's. */
static inline void on_frame_bytes(peer *p, uint8_t *bytes, size_t len) {
    p->pinged = false;
    restart_deadline(p);
    size_t done = p->in.len == 0 ? handle_frames(p, bytes, len) : 0;
    if (done < len && !append(&p->in, bytes + done, len - done))
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
}

/* ---- the opening handshake ---- */

static inline ws_accept_spec accept_spec(void) {
    static __thread ws_pmd_params pmd;
    pmd.client_no_context_takeover = options.no_client_context;
    return (ws_accept_spec){
        .protocols = {PROTOCOLS, sizeof PROTOCOLS - 1},
        .pmd = options.compression.on ? &pmd : NULL,
        .origins = {options.origins, options.origins ? strlen(options.origins) : 0},
    };
}

static inline void check_configuration(void) {
    const ws_accept_spec spec = accept_spec();
    check_accept_spec(&spec);
}

/* Unless --context-takeover is given, our messages do not refer to earlier ones. They
 * get a little larger, and an idle connection needs no memory for them. This needs no
 * agreement, and the response does not announce it: Netty before 4.1.66 fails if the
 * response has a server_no_context_takeover that the request did not have. (For
 * client_no_context_takeover, see --help.) */
static inline ws_result configure_compression(peer *p) {
    ws_pmd_params agreed;
    ws_result n = ws_conn_get_pmd(p->ws, &agreed);
    if (n != 1)
        return n;
    p->pmd_bits = agreed.server_max_window_bits;
    if (options.compression.keeps_context)
        return WS_OK;
    agreed.server_no_context_takeover = 1;
    return ws_conn_set_pmd(p->ws, &agreed);
}

static inline bool configure(peer *p) {
    return configure_compression(p) >= 0 &&
           ws_conn_set(p->ws, WS_OPT_COMPRESS_FROM, options.compression.from) >= 0 &&
           ws_conn_set(p->ws, WS_OPT_MAX_MESSAGE, max_message) >= 0;
}

/* For example "#7 refused with 426: GET /chat: the version is not 13". */
static inline void log_response(const peer *p, int status, ws_result error) {
    if (!options.verbose)
        return;
    const uint8_t *head = p->in.data;
    ws_handshake hs;
    ws_result n = ws_parse_handshake(head, p->in.len, &hs, sizeof hs);
    flockfile(stderr);
    log_text("#%u %s with %d", p->number, status < 300 ? "responded" : "refused",
             status);
    if (n >= 0 || n == WS_ERR_NOT_UPGRADE) {
        log_text(": ");
        log_bytes(head + hs.method.off, hs.method.len);
        log_text(" ");
        log_bytes(head + hs.target.off, hs.target.len);
        log_text(hs.origin.len > 0 ? ", origin " : "");
        log_bytes(head + hs.origin.off, hs.origin.len);
    }
    log_text("%s%s\n", error == WS_OK ? "" : ": ",
             error == WS_OK ? "" : ws_strerror(error));
    funlockfile(stderr);
}

/* Refuses bytes that cannot become a head, or a connection beyond the limit. */
static inline void refuse(peer *p, uint16_t status, const char *why) {
    uint8_t *to = out_begin(p, MAX_REPLY);
    if (!to)
        return;
    out_commit(p, build_reply(status, TEXT_PLAIN, why, to, MAX_REPLY));
    LOG(p, "refused with %d: %s", status, why);
    set_state(p, CLOSING);
}

/* The peer's opening handshake is done. Frames follow, the first ones perhaps in
 * `in`. */
static inline void open_peer(peer *p, ws_conn *ws) {
    p->ws = ws;
    if (configure(p))
        set_state(p, OPEN);
    else
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
}

/* Writes the response to a request without an upgrade where out_commit() expects it. */
static inline ws_result respond_to_plain_request(peer *p) {
    size_t cap = MAX_REPLY + longest_file();
    uint8_t *to = out_begin(p, cap);
    return to ? build_plain_reply(p->in.data, p->in.len, to, cap) : WS_ERR_NO_MEMORY;
}

/* Responds to a complete head. */
static inline void on_head(peer *p) {
    const ws_accept_spec spec = accept_spec();
    ws_accepted accepted;
    uint8_t *to = out_begin(p, MAX_REPLY);
    if (!to)
        return;
    ws_result n = ws_conn_accept(p->in.data, p->in.len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, to, MAX_REPLY);
    if (accepted.conn && open_count >= options.max_connections) {
        ws_conn_free(accepted.conn);
        refuse(p, 503, "too many connections");
        return;
    }
    if (n > 0 && accepted.error == WS_ERR_NOT_UPGRADE)
        n = respond_to_plain_request(p);
    if (n > 0)
        log_response(p, status_of(p->out.data + p->out.len, n), accepted.error);
    out_commit(p, n);
    if (accepted.conn) {
        remove_front(&p->in, accepted.head_len);
        open_peer(p, accepted.conn);
    } else if (p->state != DROPPED) {
        set_state(p, CLOSING);
    }
}

/* ws_head_length() looks at each byte once, however slowly the head arrives. */
static inline void on_head_bytes(peer *p, const uint8_t *bytes, size_t len) {
    size_t scanned = p->scanned;
    if (!append(&p->in, bytes, len)) {
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
        return;
    }
    ws_result n = ws_head_length(p->in.data, p->in.len, &scanned);
    p->scanned = (uint32_t)scanned;
    if (n > 0)
        on_head(p);
    else if (n < 0)
        refuse(p, ws_http_status(n), ws_strerror(n));
    if (p->state != HANDSHAKE)
        handle_waiting_frames(p);
}

/* ---- the loop's part ---- */

/* Handles bytes that were read, and overwrites them. */
static inline void peer_input(peer *p, uint8_t *bytes, size_t len) {
    if (p->state == HANDSHAKE)
        on_head_bytes(p, bytes, len);
    else if (p->state == OPEN)
        on_frame_bytes(p, bytes, len);
}

/* Reports that `n` bytes of peer_output() were sent. If these were not all, the rest has
 * to wait; if they were, input that had to wait is handled. */
static inline void peer_sent(peer *p, size_t n) {
    count_sent(p, n);
    if (p->state == OPEN && unsent(p) == 0 && !p->handling)
        handle_waiting_frames(p);
}

/* The peer has closed the connection, or it was lost. */
static inline void peer_end(peer *p) {
    set_state(p, DROPPED);
    p->deadline = now;
}

/* For a loop that sends while the program continues: like peer_output(), but the bytes
 * stay where they are until peer_sent() or peer_remove(), and wait until then. Returns
 * at most MAX_LENT bytes, so that each report to peer_sent() shows progress, and
 * --send-timeout does not end a peer that reads slowly. */
static inline ws_bytes peer_lend(peer *p) {
    if (peer_output(p).len > 0) {
        p->lent = p->waits = true;
        trim(&p->sending);
        restart_deadline(p);
        count_waiting(p);
    }
    ws_bytes out = peer_output(p);
    out.len = out.len < MAX_LENT ? out.len : MAX_LENT;
    return out;
}

/* Frees what a peer holds, but not the peer. */
static inline void peer_remove(peer *p) {
    LOG(p, "disconnected");
    set_state(p, DROPPED);
    total_waiting -= p->waiting;
    peers[p->index] = peers[--peer_count];
    peers[p->index]->index = p->index;
    ws_conn_free(p->ws);
    release(&p->in);
    release(&p->sending);
    release(&p->out);
}

static inline const char *missed_deadline(const peer *p) {
    if (shutting_down)
        return "does not close the connection";
    if (p->state == OPEN && p->waits)
        return "does not read (--send-timeout)";
    if (p->state == OPEN)
        return "does not respond to a ping (--ping-interval)";
    if (p->state == CLOSING)
        return "does not close the connection (--handshake-timeout)";
    return "sends no complete request (--handshake-timeout)";
}

static inline void on_deadline(peer *p) {
    if (p->state == OPEN && !p->waits && !p->pinged && !shutting_down)
        send_ping(p);
    else
        drop(p, missed_deadline(p));
    update_peer(p);
}

/* Enforces the time limits, if `now` has changed, and closes peers that were dropped.
 * No peer may be in use. */
static inline void check_deadlines(void) {
    static __thread uint32_t checked;
    bool due = checked != now || has_dropped;
    has_dropped = false;
    checked = now;
    for (uint32_t i = peer_count; due && i-- > 0;)
        if (peers[i]->deadline && peers[i]->deadline <= now)
            on_deadline(peers[i]);
}

static inline void peers_tick(void) {
    read_clock();
    check_deadlines();
}

enum { SHUT_DOWN_SECONDS = 2 };

/* An open peer replies to our close frame, which completes the closing handshake. */
static inline void start_closing(peer *p) {
    p->deadline = now + SHUT_DOWN_SECONDS + 1;
    if (p->state == OPEN)
        send_close(p, WS_CLOSE_GOING_AWAY);
    else if (p->state == HANDSHAKE)
        set_state(p, DROPPED);
}

/* Starts to close all connections. The peers have SHUT_DOWN_SECONDS to close theirs. */
static inline void peers_close(void) {
    shutting_down = true;
    for (uint32_t i = peer_count; i-- > 0;) {
        start_closing(peers[i]);
        update_peer(peers[i]);
    }
}

/* Frees what all peers share. They must have been removed. */
static inline void release_peers(void) {
    release(&spare_out);
    free(peers);
    peers = NULL;
    peer_cap = 0;
}

#endif
