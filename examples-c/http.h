/* Responses to plain HTTP requests: from a person with a browser, from a load balancer
 * that checks the server, and from a client behind a proxy that removed the upgrade. */
#ifndef HTTP_H
#define HTTP_H

#include "program.h"

#define TEXT_PLAIN "Content-Type: text/plain\r\n"
#define HELLO "Hello, World!\n"

/* A file that a program serves. `headers` are lines that end with CRLF. */
typedef struct http_file {
    const char *path, *headers;
    const void *body;
    size_t len;
} http_file;

static const http_file *files; /* the last one has no path; NULL: none */

static const http_file GREETING = {"/", TEXT_PLAIN, HELLO, sizeof HELLO - 1};

static inline ws_result build_reply(uint16_t status, const char *headers,
                                    const char *body, void *out, size_t cap) {
    return ws_build_reply(status, headers, strlen(headers), body, strlen(body), out,
                          cap);
}

static inline bool has_header(const void *head, size_t len, const char *name) {
    ws_span value;
    return ws_find_header(head, len, name, strlen(name), &value) == 1;
}

static inline bool span_equals(const void *head, ws_span span, const char *text) {
    const char *bytes = head;
    return span.len == strlen(text) && memcmp(bytes + span.off, text, span.len) == 0;
}

/* The file of a target; the greeting for any other one. */
static inline const http_file *find_file(const char *head, ws_span target) {
    const char *query = memchr(head + target.off, '?', target.len);
    if (query)
        target.len = (uint32_t)(query - head) - target.off;
    for (const http_file *f = files; f && f->path; f++)
        if (span_equals(head, target, f->path))
            return f;
    return &GREETING;
}

/* How much longer than MAX_REPLY a response may be. */
static inline size_t longest_file(void) {
    size_t longest = 0;
    for (const http_file *f = files; f && f->path; f++)
        longest = f->len > longest ? f->len : longest;
    return longest;
}

static inline ws_result build_file_reply(const http_file *f, void *out, size_t cap) {
    return ws_build_reply(200, f->headers, strlen(f->headers), f->body, f->len, out,
                          cap);
}

/* The response to HEAD has the length of the body, but not the body. */
static inline ws_result build_head_reply(const http_file *f, void *out, size_t cap) {
    char headers[640];
    snprintf(headers, sizeof headers, "%sContent-Length: %zu\r\n", f->headers, f->len);
    return build_reply(200, headers, "", out, cap);
}

static const char LOST_UPGRADE[] =
    "This request has a Sec-WebSocket-Key, but lacks \"Upgrade: websocket\" or\n"
    "\"Connection: Upgrade\". A proxy may have removed them; nginx needs\n"
    "    proxy_http_version 1.1;\n"
    "    proxy_set_header Upgrade $http_upgrade;\n"
    "    proxy_set_header Connection \"upgrade\";\n";

/* Writes the response to a valid request that asks for no upgrade. */
static inline ws_result build_plain_reply(const void *head, size_t len, void *out,
                                          size_t cap) {
    ws_handshake hs;
    ws_result n = ws_parse_handshake(head, len, &hs, sizeof hs);
    if (n != WS_ERR_NOT_UPGRADE)
        return n < 0 ? n : WS_ERR_INVALID_STATE;
    const http_file *file = find_file(head, hs.target);
    if (span_equals(head, hs.method, "HEAD"))
        return build_head_reply(file, out, cap);
    if (has_header(head, len, "Sec-WebSocket-Key"))
        return build_reply(426, TEXT_PLAIN, LOST_UPGRADE, out, cap);
    if (span_equals(head, hs.method, "GET"))
        return build_file_reply(file, out, cap);
    if (span_equals(head, hs.method, "OPTIONS")) /* the check of HAProxy */
        return build_reply(204, "Allow: GET, HEAD, OPTIONS\r\n", "", out, cap);
    return build_reply(405, "Allow: GET, HEAD, OPTIONS\r\n", "", out, cap);
}

/* Returns the status of a response that was built, or 0. No '\0' ends it, which atoi()
 * would need. */
static inline int status_of(const uint8_t *response, ws_result len) {
    const uint8_t *digits = response + strlen("HTTP/1.1 ");
    if (len <= 12)
        return 0;
    return (digits[0] - '0') * 100 + (digits[1] - '0') * 10 + digits[2] - '0';
}

/* Ends the program if ws_conn_accept() would reject this configuration. Only the list
 * of origins comes from the command line. */
static inline void check_accept_spec(const ws_accept_spec *spec) {
    ws_accepted none;
    if (ws_conn_accept(NULL, 0, spec, sizeof *spec, &none, sizeof none, NULL, 0) < 0)
        reject("--origin", "not a list of origins like \"https://a.example\"");
}

#endif
