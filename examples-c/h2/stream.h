/* A stream of HTTP/2: a peer, the request that it starts with, and the response. */
#ifndef H2_STREAM_H
#define H2_STREAM_H

#include <nghttp2/nghttp2.h>

#include "page.h"
#include "request.h"

typedef struct session {
    nghttp2_session *h2;
    struct stream *streams;
    int fd;         /* of its peers */
    char from[100]; /* the client, for the log */
} session;

typedef struct stream {
    peer peer;
    session *session;
    struct stream *previous, *next;
    int32_t id;
    request *request; /* until it is complete */
    size_t framed;    /* bytes of peer_output() that are in frames now */
    size_t received;  /* bytes for which the client has not got its window back */
    bool input_ended; /* END_STREAM was received */
    bool output_ends; /* END_STREAM follows the output */
    bool reset;       /* RST_STREAM was sent */
    uint32_t closed;  /* when the closing handshake was done and END_STREAM sent */
} stream;

/* ---- the list of streams ---- */

static stream *add_stream(session *s, int32_t id) {
    char from[sizeof s->from + 40];
    stream *st = calloc(1, sizeof *st);
    request *r = calloc(1, sizeof *r);
    snprintf(from, sizeof from, "%s, HTTP/2 stream %d", s->from, id);
    if (!st || !r || !peer_add(&st->peer, from)) {
        free(st);
        free(r);
        return NULL;
    }
    st->peer.fd = s->fd;
    st->session = s;
    st->id = id;
    st->request = r;
    st->next = s->streams;
    if (st->next)
        st->next->previous = st;
    s->streams = st;
    return st;
}

static void free_request(stream *st) {
    if (st->request)
        release_request(st->request);
    free(st->request);
    st->request = NULL;
}

static void remove_stream(stream *st) {
    if (st->previous)
        st->previous->next = st->next;
    else
        st->session->streams = st->next;
    if (st->next)
        st->next->previous = st->previous;
    peer_remove(&st->peer);
    free_request(st);
    free(st);
}

/* ---- responses ---- */

static ssize_t read_output(nghttp2_session *h2, int32_t id, uint8_t *to, size_t cap,
                           uint32_t *flags, nghttp2_data_source *source, void *user) {
    (void)h2, (void)id, (void)user;
    stream *st = source->ptr;
    ws_bytes out = peer_output(&st->peer);
    size_t n = out.len - st->framed < cap ? out.len - st->framed : cap;
    if (n == 0 && !st->output_ends)
        return NGHTTP2_ERR_DEFERRED;
    if (n == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    else
        memcpy(to, (const uint8_t *)out.data + st->framed, n);
    st->framed += n;
    return (ssize_t)n;
}

typedef struct response {
    nghttp2_nv fields[4];
    size_t count;
} response;

static void add(response *r, const char *name, const void *value, size_t len) {
    r->fields[r->count++] = (nghttp2_nv){
        .name = (uint8_t *)name, /* nghttp2 copies both */
        .namelen = strlen(name),
        .value = (uint8_t *)value,
        .valuelen = len,
    };
}

static void add_text(response *r, const char *name, const char *value) {
    add(r, name, value, strlen(value));
}

/* Sends the fields. The output of the peer follows as the body, if there is one. */
static void submit(stream *st, const response *r, bool has_body) {
    nghttp2_data_provider body = {.source.ptr = st, .read_callback = read_output};
    if (nghttp2_submit_response(st->session->h2, st->id, r->fields, r->count,
                                has_body ? &body : NULL) != 0)
        drop(&st->peer, ws_strerror(WS_ERR_NO_MEMORY));
}

/* For example "#7 refused with 501: CONNECT /chat: not a WebSocket upgrade". */
static void log_request(const stream *st, int status, const char *why) {
    ws_bytes method = value_of(st->request, METHOD), path = value_of(st->request, PATH),
             origin = value_of(st->request, ORIGIN);
    log_text("#%u %s with %d: ", st->peer.number,
             status < 300 ? "responded" : "refused", status);
    log_bytes(method.data, method.len);
    log_text(" ");
    log_bytes(path.data, path.len);
    log_text(origin.len > 0 ? ", origin " : "");
    log_bytes(origin.data, origin.len);
    log_text("%s%s\n", why ? ": " : "", why ? why : "");
}

/* Sends a response with a body, after which the stream ends. */
static void reply(stream *st, response *r, const char *type, const char *body) {
    bool has_body = *body != '\0' && !value_is(st->request, METHOD, "HEAD");
    char length[20];
    size_t len = strlen(body);
    uint8_t *to = has_body ? out_begin(&st->peer, len) : NULL;
    snprintf(length, sizeof length, "%zu", len);
    if (*body != '\0') {
        add_text(r, "content-type", type);
        add_text(r, "content-length", length);
    }
    if (to) {
        memcpy(to, body, len);
        out_commit(&st->peer, (ws_result)len);
    }
    submit(st, r, has_body);
    if (st->peer.state != DROPPED)
        set_state(&st->peer, CLOSING);
}

static void reply_with_text(stream *st, int status, const char *text, const char *name,
                            const char *value) {
    response r = {0};
    char digits[12];
    snprintf(digits, sizeof digits, "%d", status);
    add_text(&r, ":status", digits);
    if (name)
        add_text(&r, name, value);
    log_request(st, status, status < 300 ? NULL : text);
    reply(st, &r, "text/plain", text);
}

static void reply_with_page(stream *st) {
    response r = {0};
    add_text(&r, ":status", "200");
    log_request(st, 200, NULL);
    reply(st, &r, "text/html; charset=utf-8", PAGE);
}

static void on_plain_request(stream *st) {
    static const char METHODS[] = "GET, HEAD, OPTIONS";
    const request *r = st->request;
    bool reads = value_is(r, METHOD, "GET") || value_is(r, METHOD, "HEAD");
    if (value_is(r, METHOD, "OPTIONS"))
        reply_with_text(st, 204, "", "allow", METHODS);
    else if (!reads)
        reply_with_text(st, 405, "method not allowed", "allow", METHODS);
    else if (value_is(r, PATH, "/"))
        reply_with_page(st);
    else
        reply_with_text(st, 404, "not found", NULL, NULL);
}

/* ---- the opening handshake ---- */

static void refuse_upgrade(stream *st, ws_result error) {
    bool version = error == WS_ERR_HANDSHAKE_VERSION;
    reply_with_text(st, refusal_status(error), ws_strerror(error),
                    version ? "sec-websocket-version" : NULL, "13");
}

static void accept_upgrade(stream *st, const negotiated *agreed, ws_conn *ws) {
    response r = {0};
    add_text(&r, ":status", "200");
    if (agreed->subprotocol.len > 0)
        add(&r, "sec-websocket-protocol", PROTOCOLS + agreed->subprotocol.off,
            agreed->subprotocol.len);
    if (agreed->extensions_len > 0)
        add(&r, "sec-websocket-extensions", agreed->extensions, agreed->extensions_len);
    if (agreed->accept_len > 0)
        add(&r, "sec-websocket-accept", agreed->accept, agreed->accept_len);
    log_request(st, 200, NULL);
    open_peer(&st->peer, ws);
    submit(st, &r, true);
}

static void on_upgrade(stream *st) {
    negotiated agreed;
    ws_result n = negotiate(st->request, &agreed);
    ws_conn *ws = n >= 0 ? new_connection(&agreed) : NULL;
    if (ws)
        accept_upgrade(st, &agreed, ws);
    else
        refuse_upgrade(st, n < 0 ? n : WS_ERR_NO_MEMORY);
}

/* All fields of a request have arrived. */
static void on_request(stream *st) {
    ws_result error = check_request(st->request);
    if (error == WS_ERR_NOT_UPGRADE && !value_of(st->request, PROTOCOL).data)
        on_plain_request(st);
    else if (error != WS_OK)
        refuse_upgrade(st, error);
    else if (st->input_ended)
        reply_with_text(st, 400, "the request ended its stream", NULL, NULL);
    else if (open_count >= options.max_connections)
        reply_with_text(st, 503, "too many connections", NULL, NULL);
    else
        on_upgrade(st);
    free_request(st);
}

#endif
