/* Answers to plain HTTP requests: of people who look, of load balancers, and of clients whose
 * request for a WebSocket lost its header fields on the way. */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wscodec.h>

static inline ws_result reply(uint16_t status, const char *headers, const char *body, void *out,
                              size_t cap) {
    return ws_build_reply(status, headers, strlen(headers), body, strlen(body), out, cap);
}

static inline bool has_header(const void *head, size_t len, const char *name) {
    ws_span value;
    return ws_find_header(head, len, name, strlen(name), &value) == 1;
}

static inline bool span_is(const void *head, ws_span span, const char *text) {
    const char *bytes = head;
    return span.len == strlen(text) && memcmp(bytes + span.off, text, span.len) == 0;
}

/* Writes the answer to a request that is valid, but asks for no upgrade. */
static inline ws_result answer_plain_request(const void *head, size_t len, void *out,
                                             size_t cap) {
    const char *const type = "Content-Type: text/plain\r\n";
    ws_handshake hs;
    ws_result n = ws_parse_handshake(head, len, &hs, sizeof hs);
    if (n != WS_ERR_NOT_UPGRADE)
        return n < 0 ? n : WS_ERR_INVALID_STATE;
    if (span_is(head, hs.method, "HEAD")) /* as for GET, without the body */
        return reply(200, "Content-Type: text/plain\r\nContent-Length: 14\r\n", "", out, cap);
    if (has_header(head, len, "Sec-WebSocket-Key"))
        return reply(426, type,
                     "This request has a Sec-WebSocket-Key, but lacks \"Upgrade: websocket\" or\n"
                     "\"Connection: Upgrade\". A proxy may have dropped them; nginx needs\n"
                     "    proxy_http_version 1.1;\n"
                     "    proxy_set_header Upgrade $http_upgrade;\n"
                     "    proxy_set_header Connection \"upgrade\";\n",
                     out, cap);
    if (span_is(head, hs.method, "GET"))
        return reply(200, type, "Hello, World!\n", out, cap);
    if (span_is(head, hs.method, "OPTIONS")) /* HAProxy's check */
        return reply(204, "Allow: GET, HEAD, OPTIONS\r\n", "", out, cap);
    return reply(405, "Allow: GET, HEAD, OPTIONS\r\n", "", out, cap);
}

/* The status of an answer. */
static inline int status_of(const void *answer, ws_result len) {
    return len > 12 ? atoi((const char *)answer + 9) : 0;
}

#endif
