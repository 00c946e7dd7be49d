/* The opening handshake over HTTP/2 (RFC 8441): the request, whose fields the HTTP/2
 * library reports one by one, the checks of wscodec, and what was negotiated. */
#ifndef H2_REQUEST_H
#define H2_REQUEST_H

#include "../protocol.h"

/* ---- fields ---- */

/* The fields that the server reads. */
enum {
    METHOD,
    AUTHORITY,
    PATH,
    PROTOCOL, /* :protocol; not Sec-WebSocket-Protocol */
    ORIGIN,
    KEY,
    VERSION,
    SUBPROTOCOLS,
    EXTENSIONS,
    FIELDS
};

static const char *const FIELD_NAMES[FIELDS] = {
    ":method",
    ":authority",
    ":path",
    ":protocol",
    "origin",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
};

enum { MAX_FIELD_LIST = 16 << 10 }; /* bytes, as SETTINGS_MAX_HEADER_LIST_SIZE counts */

typedef struct request {
    buffer values[FIELDS]; /* without data: the field is absent */
    size_t size;           /* of all fields, also of those that are not read */
    ws_result error;       /* the request has more fields than are accepted */
} request;

static void release_request(request *r) {
    for (int i = 0; i < FIELDS; i++)
        release(&r->values[i]);
}

static ws_bytes value_of(const request *r, int field) {
    return (ws_bytes){r->values[field].data, r->values[field].len};
}

static bool value_is(const request *r, int field, const char *text) {
    ws_bytes value = value_of(r, field);
    return value.len == strlen(text) && memcmp(value.data, text, value.len) == 0;
}

/* The values of a repeated field are joined with commas (RFC 9110, 5.3). */
static bool add_value(buffer *to, const void *value, size_t len) {
    bool repeated = to->data != NULL;
    return reserve(to, len + 2) && (!repeated || append(to, ", ", 2)) &&
           append(to, value, len);
}

/* Adds a field. One that the server does not read counts, too: a few bytes of a
 * compressed field block can stand for many. */
static void add_field(request *r, const void *name, size_t name_len, const void *value,
                      size_t len) {
    r->size += name_len + len + 32;
    if (r->size > MAX_FIELD_LIST)
        r->error = WS_ERR_HTTP_TOO_LARGE;
    for (int i = 0; i < FIELDS && r->error == WS_OK; i++)
        if (name_len == strlen(FIELD_NAMES[i]) &&
            memcmp(name, FIELD_NAMES[i], name_len) == 0 &&
            !add_value(&r->values[i], value, len))
            r->error = WS_ERR_NO_MEMORY;
}

/* ---- the handshake ---- */

/* Returns WS_OK, WS_ERR_NOT_UPGRADE for an ordinary request, or another error. */
static ws_result check_request(const request *r) {
    const ws_request_fields fields = {
        .method = value_of(r, METHOD),
        .host = value_of(r, AUTHORITY),
        .version = value_of(r, VERSION),
        .origin = value_of(r, ORIGIN),
        .extensions = value_of(r, EXTENSIONS),
        .connect_protocol = value_of(r, PROTOCOL),
        .origins = accept_spec().origins,
        .http_version = 20,
    };
    return r->error != WS_OK ? r->error : ws_check_request(&fields, sizeof fields);
}

/* HTTP/2 has no 426: its CONNECT does not upgrade the connection (RFC 9113, 8.6). */
static uint16_t refusal_status(ws_result error) {
    if (error == WS_ERR_NOT_UPGRADE) /* another :protocol (RFC 9220, 3) */
        return 501;
    return error == WS_ERR_HANDSHAKE_VERSION ? 400 : ws_http_status(error);
}

typedef struct negotiated {
    ws_span subprotocol; /* a range of PROTOCOLS */
    char accept[WS_ACCEPT_LEN];
    char extensions[128];
    size_t accept_len, extensions_len; /* 0: there is none */
    ws_pmd_params pmd;
} negotiated;

/* HTTP/2 needs neither a Sec-WebSocket-Key nor a Sec-WebSocket-Accept (RFC 8441, 5),
 * but undici 7 and urllib3.future 2 send the one and fail without the other. */
static size_t accept_key(const request *r, char *to) {
    ws_bytes key = value_of(r, KEY);
    ws_result n = ws_accept_key(key.data, key.len, to, WS_ACCEPT_LEN);
    return n > 0 ? (size_t)n : 0;
}

/* Selects the subprotocol and the compression, as ws_conn_accept() does for HTTP/1.1.
 */
static ws_result negotiate(const request *r, negotiated *to) {
    const ws_accept_spec spec = accept_spec();
    ws_bytes offered = value_of(r, SUBPROTOCOLS), offers = value_of(r, EXTENSIONS);
    *to = (negotiated){0};
    to->accept_len = accept_key(r, to->accept);
    ws_result n =
        ws_select_protocol_value(offered.data, offered.len, spec.protocols.data,
                                 spec.protocols.len, &to->subprotocol);
    if (n < 0 || !spec.pmd)
        return n;
    to->pmd = *spec.pmd;
    n = ws_pmd_accept_value(offers.data, offers.len, &to->pmd, to->extensions,
                            sizeof to->extensions);
    to->extensions_len = n > 0 ? (size_t)n : 0;
    return n;
}

/* Creates the connection that speaks on the stream after the 200. */
static ws_conn *new_connection(const negotiated *agreed) {
    ws_conn *ws = ws_conn_new(WS_SERVER, NULL);
    if (ws && agreed->extensions_len > 0 &&
        ws_conn_set_pmd(ws, &agreed->pmd) != WS_OK) {
        ws_conn_free(ws);
        return NULL;
    }
    return ws;
}

#endif
