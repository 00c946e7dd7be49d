#include "handshake.h"

#include "counters.h"
#include "forwarded.h"
#include "http.h"
#include "log.h"
#include "metrics.h"
#include "output.h"
#include "proxy_protocol.h"
#include "websocket.h"
#include "worker.h"

#define PROTOCOL "wscodec-chat"

/* The page loads nothing, and other pages cannot frame it. */
#define TEXT_HTML                                                                      \
    "Content-Type: text/html; charset=utf-8\r\nCache-Control: no-store\r\n"            \
    "X-Content-Type-Options: nosniff\r\n"                                              \
    "Content-Security-Policy: default-src 'none'; script-src 'unsafe-inline'; "        \
    "style-src 'unsafe-inline'; img-src data:; connect-src * ws: wss:; "               \
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"

enum { MAX_REPLY = WS_MAX_REPLY + 256 };

/* ---- responses ---- */

static void log_request(const client *c, const ws_handshake *hs, int status) {
    const char *head = (const char *)c->in.data;
    if (hs->head_len > 0)
        log_event(LOG_INFO, "request", c, number_field("status", status),
                  bytes_field("method", head + hs->method.off, hs->method.len),
                  bytes_field("target", head + hs->target.off, hs->target.len),
                  bytes_field("origin", head + hs->origin.off, hs->origin.len));
    else
        log_event(LOG_INFO, "request", c, number_field("status", status));
}

/* Responds, and ends the connection. `len` is the length of the body, which is not sent
 * in response to HEAD. */
static void respond(client *c, const ws_handshake *hs, uint16_t status,
                    const char *headers, const char *body, size_t len) {
    char fields[512];
    bool is_head = hs->head_len > 0 && span_equals(c->in.data, hs->method, "HEAD");
    snprintf(fields, sizeof fields, is_head ? "%sContent-Length: %zu\r\n" : "%s",
             headers, len);
    size_t cap = MAX_REPLY + sizeof fields + len;
    uint8_t *to = client_reserve(c, cap);
    if (!to)
        return;
    ws_result n = ws_build_reply(status, fields, strlen(fields), body,
                                 is_head ? 0 : len, to, cap);
    if (n < 0) {
        client_drop(c, ws_strerror(n));
        return;
    }
    log_request(c, hs, status);
    client_commit(c, (size_t)n);
    client_finish(c);
}

static void respond_text(client *c, const ws_handshake *hs, uint16_t status,
                         const char *text) {
    respond(c, hs, status, TEXT_PLAIN, text, strlen(text));
}

/* ---- plain HTTP ---- */

static void respond_page(client *c, const ws_handshake *hs) {
    if (options.page)
        respond(c, hs, 200, TEXT_HTML, options.page, options.page_len);
    else
        respond_text(c, hs, 404, "There is no page (--page).\n");
}

static void respond_health(client *c, const ws_handshake *hs) {
    if (is_draining())
        respond_text(c, hs, 503, "draining\n");
    else
        respond_text(c, hs, 200, "healthy\n");
}

static void respond_metrics(client *c, const ws_handshake *hs) {
    char *text = metrics_text();
    if (text)
        respond(c, hs, 200, METRICS_TYPE, text, strlen(text));
    else
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
    free(text);
}

/* The target without its query. */
static ws_span path_of(const client *c, const ws_handshake *hs) {
    ws_span path = hs->target;
    const uint8_t *query = memchr(c->in.data + path.off, '?', path.len);
    if (query)
        path.len = (uint32_t)(query - (c->in.data + path.off));
    return path;
}

static void respond_plain(client *c, const ws_handshake *hs, ws_span path) {
    const uint8_t *head = c->in.data;
    if (!span_equals(head, hs->method, "GET") && !span_equals(head, hs->method, "HEAD"))
        respond(c, hs, 405, TEXT_PLAIN "Allow: GET, HEAD\r\n", "", 0);
    else if (span_equals(head, path, "/"))
        respond_page(c, hs);
    else if (span_equals(head, path, "/health"))
        respond_health(c, hs);
    else if (span_equals(head, path, "/metrics"))
        respond_metrics(c, hs);
    else if (!span_equals(head, path, "/chat"))
        respond_text(c, hs, 404, "not found\n");
    else if (has_header(head, hs->head_len, "Sec-WebSocket-Key"))
        respond_text(c, hs, 426, LOST_UPGRADE);
    else
        respond_text(c, hs, 426, "Open a WebSocket here.\n");
}

/* ---- the opening handshake ---- */

static void refuse(client *c, const ws_handshake *hs, uint16_t status, const char *why,
                   counter outcome) {
    count(outcome, 1);
    respond_text(c, hs, status, why);
}

/* No message of ours refers to earlier ones: see encoder.h. This needs no agreement. */
static bool configure(client *c, ws_conn *ws) {
    ws_pmd_params agreed;
    ws_result n = ws_conn_get_pmd(ws, &agreed);
    if (n == 1) {
        c->pmd_bits = agreed.server_max_window_bits;
        agreed.server_no_context_takeover = 1;
        n = ws_conn_set_pmd(ws, &agreed);
    }
    return (n >= 0 || n == WS_ERR_UNSUPPORTED) &&
           ws_conn_set(ws, WS_OPT_MAX_MESSAGE, MAX_MESSAGE) == WS_OK;
}

static void open_client(client *c, ws_conn *ws) {
    c->ws = ws;
    c->is_counted = true;
    count(OPEN_CONNECTIONS, 1);
    if (!configure(c, ws)) {
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
        return;
    }
    count(HANDSHAKE_ACCEPTED, 1);
    c->state = OPEN;
    c->deadline = c->worker->now + options.ping_interval;
}

static counter outcome_of(ws_result error) {
    return error == WS_ERR_HANDSHAKE_ORIGIN     ? HANDSHAKE_ORIGIN
           : error == WS_ERR_HANDSHAKE_PROTOCOL ? HANDSHAKE_PROTOCOL
                                                : HANDSHAKE_INVALID;
}

/* Accepts the request, or rejects it, as the library finds. `*accepted` is zeroed if
 * there is no response. */
static void build_response(client *c, const ws_handshake *hs, ws_accepted *accepted) {
    static const ws_pmd_params ANY = {0};
    const char *origins = options.origins;
    const ws_accept_spec spec = {
        .protocols = {PROTOCOL, strlen(PROTOCOL)},
        .pmd = options.compression ? &ANY : NULL,
        .origins = {origins, origins ? strlen(origins) : 0},
        .flags = WS_ACCEPT_NEED_PROTOCOL,
    };
    uint8_t *to = client_reserve(c, MAX_REPLY);
    *accepted = (ws_accepted){0};
    if (!to)
        return;
    ws_result n = ws_conn_accept(c->in.data, c->in.len, &spec, sizeof spec, accepted,
                                 sizeof *accepted, to, MAX_REPLY);
    if (n < 0) {
        client_drop(c, ws_strerror(n));
        return;
    }
    log_request(c, hs, status_of(to, n));
    client_commit(c, (size_t)n);
}

/* The address is counted by now. */
static void accept_client_request(client *c, const ws_handshake *hs) {
    ws_accepted accepted;
    bool too_many = atomic_fetch_add(&connections_open, 1) >= options.max_connections;
    build_response(c, hs, &accepted);
    if (!accepted.conn) {
        address_give_back(c->address);
        atomic_fetch_sub(&connections_open, 1);
        count(outcome_of(accepted.error), 1);
        client_finish(c);
        return;
    }
    remove_front(&c->in, accepted.head_len);
    open_client(c, accepted.conn);
    if (too_many) {
        count(HANDSHAKE_TOO_MANY, 1);
        client_close(c, WS_CLOSE_TRY_AGAIN_LATER, "too many connections");
    }
}

static void trust_forwarded(client *c, const ws_handshake *hs) {
    struct sockaddr_storage address;
    if (options.trust_forwarded &&
        forwarded_address(c->in.data, hs->head_len, &address))
        client_set_address(c, &address, sizeof address);
}

static void on_upgrade(client *c, const ws_handshake *hs, ws_span path) {
    trust_forwarded(c, hs);
    if (!span_equals(c->in.data, path, "/chat"))
        refuse(c, hs, 404, "The chat is at /chat.\n", HANDSHAKE_INVALID);
    else if (is_draining())
        refuse(c, hs, 503, "draining\n", HANDSHAKE_DRAINING);
    else if (!address_take(c->address))
        refuse(c, hs, 429, "too many connections from this address\n",
               HANDSHAKE_ADDRESS);
    else
        accept_client_request(c, hs);
}

/* ---- the request ---- */

static void on_head(client *c) {
    ws_handshake hs;
    ws_result n = ws_parse_handshake(c->in.data, c->in.len, &hs, sizeof hs);
    if (n == WS_ERR_NOT_UPGRADE)
        respond_plain(c, &hs, path_of(c, &hs));
    else if (n > 0)
        on_upgrade(c, &hs, path_of(c, &hs));
    else
        refuse(c, &hs, ws_http_status(n), ws_strerror(n), HANDSHAKE_INVALID);
}

static void on_request_bytes(client *c) {
    static const ws_handshake NONE = {0};
    ws_result n = ws_head_length(c->in.data, c->in.len, &c->scanned);
    if (n > 0)
        on_head(c);
    else if (n < 0)
        refuse(c, &NONE, ws_http_status(n), ws_strerror(n), HANDSHAKE_INVALID);
}

/* ---- the header of a proxy ---- */

static void on_proxy_bytes(client *c) {
    proxy_client from;
    int n = proxy_parse(c->in.data, c->in.len, &from);
    if (n < 0) {
        count(HANDSHAKE_PROXY, 1);
        client_drop(c, "no header of the PROXY protocol");
        return;
    }
    if (n == 0)
        return;
    if (from.known)
        client_set_address(c, &from.address, from.address_len);
    log_event(LOG_INFO, "proxied", c, NO_FIELDS);
    remove_front(&c->in, (size_t)n);
    c->state = REQUEST;
    if (c->in.len > 0)
        on_request_bytes(c);
}

void handshake_input(client *c, const uint8_t *bytes, size_t len) {
    if (!append(&c->in, bytes, len))
        client_drop(c, ws_strerror(WS_ERR_NO_MEMORY));
    else if (c->state == PROXY_HEADER)
        on_proxy_bytes(c);
    else
        on_request_bytes(c);
}
