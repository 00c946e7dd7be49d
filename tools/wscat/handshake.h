/* The opening handshake (RFC 6455, 4.1). It ends the program if it fails. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "output.h"
#include "transport.h"

enum { INPUT_SIZE = 128 << 10, SHOWN_BODY = 300, BODY_TIMEOUT = 1000000 };

/* Bytes that have arrived and were not processed yet. A head fits into it. */
static uint8_t input[INPUT_SIZE];

static inline ws_bytes bytes_of(const char *text) {
    return (ws_bytes){text, text ? strlen(text) : 0};
}

__attribute__((noreturn)) static inline void fail(const url *u, ws_result error) {
    report_error(ws_errname(error), ws_strerror(error));
    die(u->text, ws_strerror(error));
}

__attribute__((noreturn)) static inline void fail_because(const url *u,
                                                          const char *why) {
    report_error(NULL, why);
    die(u->text, why);
}

/* ---- the request ---- */

typedef struct request {
    ws_pmd_params pmd;
    const ws_pmd_params *offer; /* `pmd`, or NULL */
    uint8_t head[WS_MAX_HEAD];
    size_t len;
} request;

/* Finds the reason why a request was not valid: adds one part after another. */
__attribute__((noreturn)) static inline void
reject_request(const ws_request_spec *spec) {
    static uint8_t head[WS_MAX_HEAD];
    ws_request_spec part = {
        .host = spec->host, .target = spec->target, .key = spec->key};
    if (ws_build_request(&part, sizeof part, head, sizeof head) < 0)
        reject(options.host ? "--header" : "URL",
               options.host ? "not a valid Host"
                            : "contains a character that is not valid");
    part.origin = spec->origin;
    if (ws_build_request(&part, sizeof part, head, sizeof head) < 0)
        reject("--origin", "not a valid value of a header field");
    part.protocols = spec->protocols;
    if (ws_build_request(&part, sizeof part, head, sizeof head) < 0)
        reject("--subprotocol", "not a list of names like \"chat, superchat\"");
    reject("--header", "a header field is not valid, or belongs to the handshake");
}

static inline void build_request(const url *u, request *r) {
    uint8_t key[WS_KEY_LEN], extensions[256];
    r->pmd = (ws_pmd_params){
        .client_no_context_takeover = !options.compression.keeps_context,
        .server_no_context_takeover = !options.compression.keeps_context};
    r->offer = options.compression.on ? &r->pmd : NULL;
    ws_result n = r->offer ? ws_pmd_offer(r->offer, extensions, sizeof extensions) : 0;
    ws_request_spec spec = {
        .host = bytes_of(options.host ? options.host : u->authority),
        .target = bytes_of(u->target),
        .key = {key, sizeof key},
        .origin = bytes_of(options.origin),
        .protocols = bytes_of(options.protocols),
        .extensions = {extensions, n > 0 ? (size_t)n : 0},
        .headers = {options.headers.data, options.headers.len},
    };
    if (n >= 0)
        n = ws_make_key(key, sizeof key);
    if (n > 0)
        n = ws_build_request(&spec, sizeof spec, r->head, sizeof r->head);
    if (n == WS_ERR_INVALID_ARGUMENT)
        reject_request(&spec);
    if (n < 0)
        fail(u, n);
    r->len = (size_t)n;
}

/* ---- a refusal ---- */

static inline bool find_value(const uint8_t *head, size_t len, const char *name,
                              ws_span *value) {
    return ws_find_header(head, len, name, strlen(name), value) == 1 && value->len > 0;
}

/* Returns what has arrived of the body, of which `have` bytes follow the head already.
 */
static inline size_t receive_body(transport *t, uint8_t *body, size_t have) {
    const int64_t deadline = clock_microseconds() + BODY_TIMEOUT;
    while (have < SHOWN_BODY) {
        ssize_t n = transport_read_until(t, body + have, SHOWN_BODY - have, deadline);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    return have < SHOWN_BODY ? have : SHOWN_BODY;
}

static inline void json_refusal(const url *u, const ws_response *r, const uint8_t *body,
                                size_t len) {
    json_begin("refused");
    json_name(stdout, "url", u->text);
    json_number(stdout, "status", r->status);
    json_text(stdout, "reason", input + r->reason.off, r->reason.len);
    json_headers(stdout, input, r->head_len);
    json_text(stdout, "body", body, len);
    json_end();
}

/* Shows the status, where a redirection leads, and the start of the body. */
__attribute__((noreturn)) static inline void
fail_of_status(transport *t, const url *u, const ws_response *r, size_t have) {
    uint8_t *body = input + r->head_len;
    ws_span location = {0, 0};
    size_t len = receive_body(t, body, have - r->head_len);
    if (options.json)
        json_refusal(u, r, body, len);
    fflush(stdout);
    fprintf(stderr, "%s: %s: refused with status %d%s", program, u->text, r->status,
            r->reason.len > 0 ? " " : "");
    print_escaped(stderr, input + r->reason.off, r->reason.len, "");
    if (find_value(input, r->head_len, "Location", &location)) {
        fputs(", see ", stderr);
        print_escaped(stderr, input + location.off, location.len, "");
    }
    fputc('\n', stderr);
    print_escaped(stderr, body, len, "\n\t");
    if (len > 0 && body[len - 1] != '\n')
        fputc('\n', stderr);
    exit(1);
}

/* ---- the response ---- */

/* Reads until `input` has a head. The first frames may follow it. */
static inline void receive_head(transport *t, const url *u, int64_t deadline,
                                size_t *have) {
    size_t scanned = 0;
    ws_result n;
    while ((n = ws_head_length(input, *have, &scanned)) == 0) {
        ssize_t got =
            transport_read_until(t, input + *have, sizeof input - *have, deadline);
        if (got <= 0)
            fail_because(u, got == 0 ? "closed before the response was complete"
                            : got == IO_FAILED
                                ? t->error
                                : "no response to the opening handshake");
        *have += (size_t)got;
    }
    if (n < 0)
        fail(u, n);
}

/* Returns the connection. `input` holds *have bytes: the head of the response, and what
 * follows it. */
static inline ws_conn *opening_handshake(transport *t, const url *u, const request *r,
                                         int64_t deadline, ws_response *response,
                                         size_t *have) {
    size_t skip = 0;
    ws_conn *ws = NULL;
    ws_result n;
    if (!transport_write_until(t, r->head, r->len, deadline))
        fail_because(u, t->error);
    do { /* a head with status 1xx is not the last one */
        *have -= skip;
        memmove(input, input + skip, *have);
        receive_head(t, u, deadline, have);
        n = ws_conn_confirm(input, *have, r->head, r->len, r->offer, NULL, &ws,
                            response, sizeof *response);
        skip = response->head_len;
    } while (n == WS_ERR_HANDSHAKE_STATUS && response->status < 200);
    if (n == WS_ERR_HANDSHAKE_STATUS)
        fail_of_status(t, u, response, *have);
    if (n <= 0)
        fail(u, n);
    return ws;
}

#endif
