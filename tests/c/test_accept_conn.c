/* ws_conn_accept() and ws_conn_confirm(). */
#include "tracker.h"
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT

static unsigned char out[2048];

static ws_result accept_text(const char *text, const ws_accept_spec *spec,
                             ws_accepted *accepted)
{
    memset(accepted, 0xcc, sizeof *accepted);
    memset(out, 0, sizeof out);
    return ws_conn_accept(text, strlen(text), spec,
                          spec != NULL ? sizeof *spec : 0, accepted,
                          sizeof *accepted, out, sizeof out);
}

/* A request with this origin; without one if it is NULL. */
static const char *request_from(const char *origin)
{
    static char text[1024];
    const char *field = strstr(request_text, "Origin:");
    const char *end = strstr(field, "\r\n") + 2;

    sprintf(text, "%.*s%s%s%s%s", (int)(field - request_text), request_text,
            origin != NULL ? "Origin: " : "", origin != NULL ? origin : "",
            origin != NULL ? "\r\n" : "", end);
    return text;
}

static int response_has_status(const char *status)
{
    return strncmp((const char *)out + 9, status, 3) == 0;
}

static void check_refusal(const char *text, const ws_accept_spec *spec,
                          ws_result error, const char *status)
{
    ws_accepted accepted;

    check_case(text, 0, 0);
    CHECK(accept_text(text, spec, &accepted) > 0);
    CHECK_EQ(accepted.error, error);
    CHECK(accepted.conn == NULL);
    CHECK(response_has_status(status));
    CHECK_EQ(accepted.protocol.len, 0);
    if (error == WS_ERR_HTTP_SYNTAX || error == WS_ERR_HTTP_TOO_LARGE) {
        CHECK_EQ(accepted.head_len, 0);
    } else {
        CHECK_EQ(accepted.head_len, strlen(text));
    }
    ws_conn_free(accepted.conn);
}

static void check_acceptance(const char *text, const ws_accept_spec *spec)
{
    ws_accepted accepted;

    check_case(text, 1, 0);
    CHECK(accept_text(text, spec, &accepted) > 0);
    CHECK_EQ(accepted.error, WS_OK);
    CHECK(accepted.conn != NULL);
    CHECK(response_has_status("101"));
    ws_conn_free(accepted.conn);
}

/* Frames may follow the request; they start at head_len. */
static void check_frames_after_the_head(void)
{
    char text[1024];
    ws_accept_spec spec;
    ws_accepted accepted;
    size_t len = strlen(request_text), used;
    ws_event ev[2];

    check_case("frames after the head", 0, 0);
    memset(&spec, 0, sizeof spec);
    spec.protocols = bytes_of("superchat, chat");
    memcpy(text, request_text, len);
    memcpy(text + len, "\x81\x82\0\0\0\0hi", 8);
    CHECK(ws_conn_accept(text, len + 8, &spec, sizeof spec, &accepted,
                         sizeof accepted, out, sizeof out) > 0);
    CHECK_EQ(accepted.head_len, len);
    CHECK_EQ(accepted.protocol.off, 0);
    CHECK_EQ(accepted.protocol.len, 9);
    CHECK_EQ(ws_conn_recv(accepted.conn, text + accepted.head_len, 8, ev, 2,
                          &used),
             1);
    CHECK_EQ(ev[0].len, 2);
    ws_conn_free(accepted.conn);
    /* All defaults. */
    check_acceptance(request_text, NULL);
}

static void check_origins(void)
{
    static const char *const good[] = {"https://a.example",
                                       "HTTPS://A.example:443",
                                       "http://b.example:8080", "file://"};
    static const char *const bad[] = {"https://a.example.evil",
                                      "http://a.example",
                                      "http://b.example",
                                      "https://a.example:8443",
                                      "",
                                      "null",
                                      "https://a.example/",
                                      "a.example"};
    ws_accept_spec spec;
    size_t i;

    memset(&spec, 0, sizeof spec);
    check_acceptance(request_from("https://evil.example"), &spec);
    spec.origins =
        bytes_of("https://a.example http://b.example:8080 file://");
    check_acceptance(request_from(NULL), &spec); /* not a browser */
    for (i = 0; i < sizeof good / sizeof *good; i++) {
        check_acceptance(request_from(good[i]), &spec);
    }
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_refusal(request_from(bad[i]), &spec, WS_ERR_HANDSHAKE_ORIGIN,
                      "403");
    }
}

static void check_need_protocol(void)
{
    ws_accept_spec spec;
    ws_accepted accepted;

    memset(&spec, 0, sizeof spec);
    spec.protocols = bytes_of("other");
    check_acceptance(request_text, &spec);
    spec.flags = WS_ACCEPT_NEED_PROTOCOL;
    check_refusal(request_text, &spec, WS_ERR_HANDSHAKE_PROTOCOL, "400");
    spec.protocols = bytes_of("other, chat");
    check_acceptance(request_text, &spec);
    spec.protocols = bytes_of("");
    check_case("NEED_PROTOCOL without protocols", 0, 0);
    CHECK_EQ(accept_text(request_text, &spec, &accepted), INVALID);
}

/* An invalid spec is refused at every call, whatever the head. */
static void check_invalid_spec(const ws_accept_spec *spec, const char *what)
{
    static const char *const heads[] = {"", "GET / HT", "GET /\r\n\r\n",
                                        "GET / HTTP/1.1\r\nHost: a\r\n\r\n"};
    static const ws_accepted nothing;
    ws_accepted accepted;
    size_t i;

    for (i = 0; i <= sizeof heads / sizeof *heads; i++) {
        const char *head = i > 0 ? heads[i - 1] : request_text;

        check_case(what, i, 0);
        CHECK_EQ(accept_text(head, spec, &accepted), INVALID);
        CHECK_MEM(&accepted, &nothing, sizeof nothing);
        CHECK_FILL(out, 0, sizeof out);
    }
    CHECK_EQ(ws_conn_accept(NULL, 0, spec, sizeof *spec, &accepted,
                            sizeof accepted, NULL, 0),
             INVALID);
}

static void check_invalid_specs(void)
{
    static const char *const origins[] = {
        "",          " ",          "https://a.example/", "https://a.example,b",
        "https://*", "a.example",  "null",               "https://",
        "https://a.example https://b.example/"};
    static const char *const headers[] = {"X", "X: y", "Upgrade: x\r\n",
                                          "Sec-WebSocket-Accept: x\r\n"};
    static const char *const protocols[] = {"a b", "a,,b", "a, a"};
    ws_accept_spec fresh, spec;
    ws_accepted accepted;
    ws_allocator allocator;
    struct tracker tracker;
    size_t i;

    memset(&fresh, 0, sizeof fresh);
    for (i = 0; i < sizeof origins / sizeof *origins; i++) {
        spec = fresh;
        spec.origins = bytes_of(origins[i]);
        check_invalid_spec(&spec, origins[i]);
    }
    for (i = 0; i < sizeof headers / sizeof *headers; i++) {
        spec = fresh;
        spec.headers = bytes_of(headers[i]);
        check_invalid_spec(&spec, headers[i]);
    }
    for (i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        spec = fresh;
        spec.protocols = bytes_of(protocols[i]);
        check_invalid_spec(&spec, protocols[i]);
    }
    for (i = 1; i < 32; i++) {
        spec = fresh;
        spec.protocols = bytes_of("chat");
        spec.flags = UINT32_C(1) << i;
        check_invalid_spec(&spec, "flags");
    }
#ifndef WITHOUT_DEFLATE
    {
        static const ws_pmd_params narrow = {0, 0, 7, 0, 0, 0, {0, 0}};

        spec = fresh;
        spec.pmd = &narrow;
        check_invalid_spec(&spec, "pmd");
    }
#endif
    allocator = tracking_allocator(&tracker, 1);
    allocator.alloc = NULL;
    spec = fresh;
    spec.allocator = &allocator;
    check_invalid_spec(&spec, "allocator");
    /* 0 means valid. */
    check_case("a valid spec", 0, 0);
    spec = fresh;
    spec.protocols = bytes_of("chat, superchat");
    spec.origins = bytes_of("https://a.example");
    CHECK_EQ(ws_conn_accept(NULL, 0, &spec, sizeof spec, &accepted,
                            sizeof accepted, NULL, 0),
             0);
    CHECK_EQ(ws_conn_accept(NULL, 0, NULL, 0, &accepted, sizeof accepted, NULL,
                            0),
             0);
}

static void check_refusals(void)
{
    ws_accept_spec spec;

    memset(&spec, 0, sizeof spec);
    check_refusal("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &spec,
                  WS_ERR_NOT_UPGRADE, "426");
    CHECK(strstr((const char *)out, "Connection: Upgrade, close\r\n") != NULL);
    check_refusal("GET /\r\n\r\n", &spec, WS_ERR_HTTP_SYNTAX, "400");
    check_refusal("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                  "Connection: upgrade\r\n\r\n",
                  &spec, WS_ERR_HTTP_METHOD, "405");
    check_refusal("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
                  "Connection: upgrade\r\nSec-WebSocket-Version: 8\r\n\r\n",
                  &spec, WS_ERR_HANDSHAKE_VERSION, "426");
}

/* ---- a client ---- */

static const char response_start[] =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
static unsigned char request[1024];
static size_t request_len;

static void build_request(const ws_pmd_params *offered)
{
    unsigned char offer[256];
    ws_result n = offered != NULL ? ws_pmd_offer(offered, offer, sizeof offer)
                                  : 0;
    ws_request_spec spec;

    memset(&spec, 0, sizeof spec);
    spec.host = bytes_of("a");
    spec.target = bytes_of("/");
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    spec.protocols = bytes_of("chat");
    spec.extensions.data = offer;
    spec.extensions.len = (size_t)n;
    n = ws_build_request(&spec, sizeof spec, request, sizeof request);
    CHECK(n > 0);
    request_len = n > 0 ? (size_t)n : 0;
}

static ws_result confirm(const char *fields, const ws_pmd_params *offered,
                         ws_conn **conn, ws_response *response)
{
    char text[1024];

    sprintf(text, "%s%s\r\n", response_start, fields);
    check_case(text, 0, 0);
    return ws_conn_confirm(text, strlen(text), request, request_len, offered,
                           NULL, conn, response, sizeof *response);
}

static void check_confirm(void)
{
    static unsigned char nowhere;
    ws_conn *conn = (ws_conn *)(void *)&nowhere;
    ws_response response;
    unsigned char buf[32];
    size_t len = strlen(response_start);
    ws_result n;

    build_request(NULL);
    n = confirm("Sec-WebSocket-Protocol: chat\r\n", NULL, &conn, &response);
    CHECK(n > 0);
    CHECK_EQ(response.head_len, n);
    CHECK_EQ(response.status, 101);
    CHECK_EQ(response.http_version, 11);
    CHECK_EQ(response.reason.len, 19);
    CHECK_EQ(response.protocol.len, 4);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
    /* A client masks. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, buf, sizeof buf), 7);
    ws_conn_free(conn);

    /* No connection for an incomplete or refused response. */
    conn = (ws_conn *)(void *)&nowhere;
    CHECK_EQ(ws_conn_confirm(response_start, len, request, request_len, NULL, NULL,
                             &conn, &response, sizeof response),
             0);
    CHECK(conn == NULL);
    conn = (ws_conn *)(void *)&nowhere;
    CHECK_EQ(confirm("Sec-WebSocket-Protocol: other\r\n", NULL, &conn,
                     &response),
             WS_ERR_HANDSHAKE_PROTOCOL);
    CHECK(conn == NULL);
    CHECK_EQ(ws_conn_confirm("HTTP/1.1 404 Not Here\r\n\r\n", 25, request,
                             request_len, NULL, NULL, &conn, &response,
                             sizeof response),
             WS_ERR_HANDSHAKE_STATUS);
    CHECK(conn == NULL);
    CHECK_EQ(response.status, 404);
    CHECK_EQ(response.reason.off, 13);
    CHECK_EQ(response.reason.len, 8);
    CHECK_EQ(confirm("", NULL, NULL, &response), INVALID);
    CHECK_EQ(confirm("Sec-WebSocket-Extensions: x\r\n", NULL, &conn, &response),
             WS_ERR_EXTENSION);
}

#ifndef WITHOUT_DEFLATE
static void check_confirm_compression(void)
{
    const ws_pmd_params offered = {1, 0, 0, 10, 3, 0, {0, 0}};
    ws_pmd_params agreed;
    ws_conn *conn;
    ws_response response;

    build_request(&offered);
    CHECK(confirm("Sec-WebSocket-Extensions: permessage-deflate; "
                  "server_no_context_takeover; client_max_window_bits=9\r\n",
                  &offered, &conn, &response) > 0);
    CHECK_EQ(ws_conn_get_pmd(conn, &agreed), 1);
    CHECK_EQ(agreed.server_no_context_takeover, 1);
    CHECK_EQ(agreed.client_no_context_takeover, 0);
    CHECK_EQ(agreed.client_max_window_bits, 9);
    CHECK_EQ(agreed.level, 3);
    CHECK_EQ(offered.client_max_window_bits, 10);
    ws_conn_free(conn);
    /* Declined. */
    CHECK(confirm("", &offered, &conn, &response) > 0);
    CHECK_EQ(ws_conn_get_pmd(conn, &agreed), 0);
    ws_conn_free(conn);
    /* `offered` and the request must agree. */
    CHECK_EQ(confirm("", NULL, &conn, &response), INVALID);
    CHECK(conn == NULL);
    build_request(NULL);
    CHECK_EQ(confirm("", &offered, &conn, &response), INVALID);
    CHECK(conn == NULL);
}
#endif

static void check_confirm_without_memory(void)
{
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    char text[1024];
    ws_conn *conn;
    ws_response response;

    build_request(NULL);
    sprintf(text, "%s\r\n", response_start);
    check_case("without memory", 0, 0);
    tracker.fails = 1;
    CHECK_EQ(ws_conn_confirm(text, strlen(text), request, request_len, NULL,
                             &allocator, &conn, &response, sizeof response),
             WS_ERR_NO_MEMORY);
    CHECK(conn == NULL);
    CHECK(ws_conn_confirm(text, strlen(text), request, request_len, NULL,
                          &allocator, &conn, &response, sizeof response) > 0);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_frames_after_the_head();
    check_origins();
    check_need_protocol();
    check_invalid_specs();
    check_refusals();
    check_confirm();
    check_confirm_without_memory();
#ifndef WITHOUT_DEFLATE
    check_confirm_compression();
#endif
    return check_done(argv[0]);
}
