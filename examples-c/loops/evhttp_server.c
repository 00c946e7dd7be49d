/* An echo server on evhttp, the HTTP server of libevent.
 *
 * evhttp parses requests and responds to ordinary ones. For an upgrade, wscodec checks
 * the fields that evhttp parsed and builds the response; from then on the bufferevent
 * of the connection is ours. */
#define _GNU_SOURCE
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <sys/queue.h>

#include "bufferevents.h"

enum { METHODS = 0x1ff }; /* all that evhttp knows: we refuse them, not evhttp */

/* ---- fields ---- */

/* Returns all values of a field, joined with commas. Appends them to `memory`, which
 * has room for them. */
static ws_bytes field(struct evhttp_request *request, const char *name,
                      buffer *memory) {
    struct evkeyvalq *fields = evhttp_request_get_input_headers(request);
    const uint8_t *start = memory->data + memory->len;
    struct evkeyval *f;
    bool found = false;
    TAILQ_FOREACH(f, fields, next) {
        if (strcasecmp(f->key, name) != 0)
            continue;
        append(memory, ",", found);
        append(memory, f->value, strlen(f->value));
        found = true;
    }
    size_t len = (size_t)(memory->data + memory->len - start);
    return found ? (ws_bytes){start, len} : (ws_bytes){NULL, 0};
}

static const char *method_of(struct evhttp_request *request) {
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET: return "GET";
    case EVHTTP_REQ_HEAD: return "HEAD";
    case EVHTTP_REQ_OPTIONS: return "OPTIONS";
    default: return "another";
    }
}

static ws_request_fields fields_of(struct evhttp_request *request, buffer *memory) {
    const char *method = method_of(request);
    const char *origins = options.origins;
    return (ws_request_fields){
        .method = {method, strlen(method)},
        .host = field(request, "Host", memory),
        .upgrade = field(request, "Upgrade", memory),
        .connection = field(request, "Connection", memory),
        .key = field(request, "Sec-WebSocket-Key", memory),
        .version = field(request, "Sec-WebSocket-Version", memory),
        .origin = field(request, "Origin", memory),
        .extensions = field(request, "Sec-WebSocket-Extensions", memory),
        .content_length = field(request, "Content-Length", memory),
        .transfer_encoding = field(request, "Transfer-Encoding", memory),
        .origins = {origins, origins ? strlen(origins) : 0},
        .http_version = request->major == 1 && request->minor >= 1 ? 11 : 10,
    };
}

/* ---- upgrades ---- */

/* Takes the bufferevent over. evhttp keeps its connection, which free_connection()
 * frees. */
static connection *take_over(struct evhttp_request *request) {
    struct evhttp_connection *owner = evhttp_request_get_connection(request);
    connection *c = add_connection(evhttp_connection_get_bufferevent(owner));
    if (!c) {
        evhttp_connection_free(owner);
        return NULL;
    }
    c->owner = owner;
    bufferevent_set_timeouts(c->bev, NULL, NULL);
    return c;
}

static void free_connection(connection *c) {
    evhttp_connection_free(c->owner); /* frees the bufferevent, too */
    free(c);
}

/* Writes the 101 and opens the peer. */
static void accept_request(peer *p, const ws_request_fields *f, ws_bytes offered) {
    ws_pmd_params pmd = {.client_no_context_takeover = options.no_client_context};
    uint8_t extensions[256], *to = out_begin(p, MAX_REPLY);
    ws_span chosen;
    ws_conn *ws = ws_conn_new(WS_SERVER, NULL);
    ws_response_spec spec = {.key = f->key};
    ws_result n = 0;
    if (ws_select_protocol_value(offered.data, offered.len, PROTOCOLS,
                                 sizeof PROTOCOLS - 1, &chosen) == 1)
        spec.protocol = (ws_bytes){PROTOCOLS + chosen.off, chosen.len};
    if (options.compression.on)
        n = ws_pmd_accept_value(f->extensions.data, f->extensions.len, &pmd, extensions,
                                sizeof extensions);
    if (n > 0)
        spec.extensions = (ws_bytes){extensions, (size_t)n};
    if (n > 0 && ws)
        n = ws_conn_set_pmd(ws, &pmd);
    if (!to || !ws || n < 0) {
        drop(p, ws_strerror(WS_ERR_NO_MEMORY));
        ws_conn_free(ws);
        return;
    }
    out_commit(p, ws_build_response(&spec, sizeof spec, to, MAX_REPLY));
    open_peer(p, ws);
}

/* ---- ordinary requests ---- */

static void reply(struct evhttp_request *request, int status, const char *name,
                  const char *value, const char *body) {
    struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
    struct evbuffer *content = evbuffer_new();
    evhttp_add_header(headers, "Connection", "close");
    evhttp_add_header(headers, name, value);
    if (status == 200)
        evhttp_add_header(headers, "Content-Type", "text/plain");
    evbuffer_add(content, body, strlen(body));
    evhttp_send_reply(request, status, NULL, content);
    evbuffer_free(content);
}

static void on_plain_request(struct evhttp_request *request) {
    char length[16];
    snprintf(length, sizeof length, "%zu", strlen(HELLO));
    switch (evhttp_request_get_command(request)) {
    case EVHTTP_REQ_GET: reply(request, 200, "Content-Length", length, HELLO); break;
    case EVHTTP_REQ_HEAD: reply(request, 200, "Content-Length", length, ""); break;
    case EVHTTP_REQ_OPTIONS:
        reply(request, 204, "Allow", "GET, HEAD, OPTIONS", "");
        break;
    default: reply(request, 405, "Allow", "GET, HEAD, OPTIONS", "");
    }
}

static void on_request(struct evhttp_request *request, void *unused) {
    static uint8_t bytes[2 * WS_MAX_HEAD];
    buffer memory = {bytes, 0, sizeof bytes};
    const ws_request_fields f = fields_of(request, &memory);
    ws_bytes protocols = field(request, "Sec-WebSocket-Protocol", &memory);
    ws_result n = ws_check_request(&f, sizeof f);
    (void)unused;
    if (n == WS_ERR_NOT_UPGRADE && !f.key.data) {
        on_plain_request(request);
        return;
    }
    connection *c = take_over(request);
    if (!c)
        return;
    if (n == WS_ERR_NOT_UPGRADE)
        refuse(&c->peer, 426, LOST_UPGRADE);
    else if (n < 0)
        refuse(&c->peer, ws_http_status(n), ws_strerror(n));
    else if (open_count >= options.max_connections || shutting_down)
        refuse(&c->peer, 503, "too many connections");
    else
        accept_request(&c->peer, &f, protocols);
    update_peer(&c->peer);
}

int main(int argc, char **argv) {
    int fds[MAX_LISTENERS];
    struct evhttp_bound_socket *sockets[MAX_LISTENERS];
    configure_echo(argc, argv, "Uses evhttp of libevent.");
    struct event_base *base = event_base_new();
    catch_stop_signals(base);
    struct evhttp *http = evhttp_new(base);
    evhttp_set_gencb(http, on_request, NULL);
    evhttp_set_allowed_methods(http, METHODS);
    evhttp_set_max_headers_size(http, WS_MAX_HEAD);
    evhttp_set_max_body_size(http, WS_MAX_HEAD);
    evhttp_set_timeout(http, (int)options.handshake_timeout);
    int count = listen_for_clients(fds);
    for (int i = 0; i < count; i++) {
        sockets[i] = evhttp_accept_socket_with_handle(http, fds[i]);
        evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(sockets[i]),
                                    on_accept_error);
    }
    dispatch_until_stopped(base);
    for (int i = 0; i < count; i++)
        evhttp_del_accept_socket(http, sockets[i]);
    close_connections(base);
    evhttp_free(http);
    event_base_free(base);
    libevent_global_shutdown();
    return 0;
}
