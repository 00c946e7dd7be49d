/* The client's side of the opening handshake. */
#include "check.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST_HEAD                                   \
    "GET /chat HTTP/1.1\r\n"                           \
    "Host: a\r\n"                                      \
    "Upgrade: websocket\r\n"                           \
    "Connection: Upgrade\r\n"                          \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"  \
    "Sec-WebSocket-Version: 13\r\n"

#define STATUS "HTTP/1.1 101 Switching Protocols\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define FIELDS UPGRADE CONNECTION ACCEPT
#define PROTOCOL "Sec-WebSocket-Protocol: "
#define EXTENSIONS "Sec-WebSocket-Extensions: "
#define END "\r\n"
#define OK 1

static char request[512];

static const struct {
    const char *text;
    int want;
} rows[] = {
    {STATUS FIELDS END, OK},
    {"HTTP/1.1 101 \r\n" FIELDS END, OK},
    {STATUS "upgrade: WEBSOCKET\r\nconnection: keep-alive, UPGRADE\r\n" ACCEPT END, OK},
    {STATUS FIELDS PROTOCOL "chat\r\n" END, OK},
    {STATUS FIELDS PROTOCOL "superchat\r\n" END, OK},
    {STATUS FIELDS EXTENSIONS "permessage-deflate\r\n" END, OK},
    {STATUS FIELDS EXTENSIONS "permessage-deflate; server_no_context_takeover\r\n" END,
     OK},
    {STATUS FIELDS EXTENSIONS "permessage-deflate\r\n" EXTENSIONS "x-other\r\n" END,
     OK},

    {"HTTP/1.1 101 Switching Protocols\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"HTTP/1.1  101 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"HTTP/1.1 1010 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"HTTP/1.1 10 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"HTTP/1.1 1x1 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"HTTP/11 101 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {"ICY 101 x\r\n" FIELDS END, WS_ERR_HTTP_SYNTAX},
    {STATUS FIELDS "X : y\r\n" END, WS_ERR_HTTP_SYNTAX},
    {STATUS FIELDS "X: y\r\n z\r\n" END, WS_ERR_HTTP_SYNTAX},
    /* RFC 9112, 6.3 (1): a client ignores them in a 101. */
    {STATUS FIELDS "Transfer-Encoding: chunked\r\n" END, OK},
    {STATUS FIELDS "Content-Length: 5\r\n" END, OK},

    {"HTTP/1.1 100 Continue\r\n" END, WS_ERR_HANDSHAKE_STATUS},
    {"HTTP/1.1 200 OK\r\n" FIELDS END, WS_ERR_HANDSHAKE_STATUS},
    {"HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n" END, WS_ERR_HANDSHAKE_STATUS},
    {"HTTP/1.0 403 Forbidden\r\n" END, WS_ERR_HANDSHAKE_STATUS},

    {"HTTP/1.0 101 x\r\n" FIELDS END, WS_ERR_HTTP_VERSION},
    {"HTTP/1.0 101 x\r\n" END, WS_ERR_HTTP_VERSION},

    {STATUS END, WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS CONNECTION ACCEPT END, WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS UPGRADE ACCEPT END, WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS UPGRADE CONNECTION END, WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS "Upgrade: websocketx\r\n" CONNECTION ACCEPT END, WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS UPGRADE CONNECTION
     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo\r\n" END,
     WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS UPGRADE CONNECTION
     "Sec-WebSocket-Accept: S3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" END,
     WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS UPGRADE CONNECTION "Sec-WebSocket-Accept: dGhlIHNhbXBsZSBub25jZQ==\r\n" END,
     WS_ERR_HANDSHAKE_ACCEPT},
    {STATUS FIELDS ACCEPT END, WS_ERR_HANDSHAKE_ACCEPT},

    {STATUS FIELDS PROTOCOL "other\r\n" END, WS_ERR_HANDSHAKE_PROTOCOL},
    {STATUS FIELDS PROTOCOL "Chat\r\n" END, WS_ERR_HANDSHAKE_PROTOCOL},
    {STATUS FIELDS PROTOCOL "chat, superchat\r\n" END, WS_ERR_HANDSHAKE_PROTOCOL},
    {STATUS FIELDS PROTOCOL "chat\r\n" PROTOCOL "chat\r\n" END,
     WS_ERR_HANDSHAKE_PROTOCOL},
    {STATUS FIELDS PROTOCOL "other\r\n" EXTENSIONS "x\r\n" END,
     WS_ERR_HANDSHAKE_PROTOCOL},

    {STATUS FIELDS EXTENSIONS "x-unasked\r\n" END, WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "permessage\r\n" END, WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "x-other2\r\n" END, WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "client_max_window_bits\r\n" END, WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "permessage-deflate, x-unasked\r\n" END,
     WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "permessage-deflate;\r\n" END, WS_ERR_EXTENSION},
    {STATUS FIELDS EXTENSIONS "permessage-deflate; a=\"\\\r\n" END, WS_ERR_EXTENSION},
};

static void check_row(const char *text, int want)
{
    size_t len = strlen(text), n;
    ws_response response, zero;
    ws_result last = 0;

    memset(&zero, 0, sizeof zero);
    for (n = 0; n <= len; n++) {
        unsigned char *buf = malloc(n != 0 ? n : 1);
        ws_result result;

        check_case(text, n, len);
        memcpy(buf, text, n);
        memset(&response, 0xcc, sizeof response);
        result = ws_parse_response(buf, n, request, strlen(request), &response,
                                   sizeof response);
        CHECK(last == 0 || result == last);
        CHECK_EQ(result != 0 && result != want, want == OK && n == len);
        if (result <= 0 && result != WS_ERR_HANDSHAKE_STATUS) {
            CHECK_MEM(&response, &zero, sizeof response);
        } else {
            CHECK_EQ(response.head_len, len);
            CHECK_EQ(response.status, atoi(text + 9));
            CHECK_EQ(response.http_version,
                     10 * (text[5] - '0') + text[7] - '0');
            CHECK(response.reason.len <= len);
        }
        last = result;
        free(buf);
    }
    CHECK_EQ(last, want == OK ? (ws_result)len : want);
}

static void check_spans(void)
{
    static const char text[] = STATUS FIELDS PROTOCOL
        "chat\r\n" EXTENSIONS "permessage-deflate; a=1\r\n" END "\x81";
    ws_response response;

    check_case("spans", 0, 0);
    CHECK_EQ(ws_parse_response(text, strlen(text), request, strlen(request),
                               &response, sizeof response),
             strlen(text) - 1);
    CHECK_EQ(response.protocol.len, 4);
    CHECK_MEM(text + response.protocol.off, "chat", 4);
    CHECK_EQ(response.extensions.len, 23);
    CHECK_MEM(text + response.extensions.off, "permessage-deflate; a=1", 23);
}

static void check_invalid_own_request(void)
{
    static const char reply[] = STATUS FIELDS END;
    static const char *const bad[] = {
        "", "GET / HTTP/1.1\r\n\r\n", REQUEST_HEAD,
        /* Without a key. */
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
         "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n")};
    ws_response response;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_case(bad[i], i, 0);
        CHECK_EQ(ws_parse_response(reply, strlen(reply), bad[i], strlen(bad[i]),
                                   &response, sizeof response),
                 WS_ERR_INVALID_ARGUMENT);
    }
}

static void check_request_builder(void)
{
    static const char minimal[] = REQUEST_HEAD END;
    static const char *const bad[][4] = {
        /* host, target, key, headers */
        {"", "/", "", ""},
        {"a b", "/", "", ""},
        {"a\r\nX: y", "/", "", ""},
        {"a/b", "/", "", ""},
        {"u@a", "/", "", ""},
        {"a", "", "", ""},
        {"a", "/a b", "", ""},
        {"a", "/\r\n", "", ""},
        {"a", "/ HTTP/1.1\r\nX: y", "", ""},
        {"a", "/#fragment", "", ""},
        {"a", "/\xc3\xa4", "", ""},
        {"a", "/", "x", ""},
        {"a", "/", "dGhlIHNhbXBsZSBub25jZ===", ""},
        {"a", "/", "", "X: y"},
        {"a", "/", "", "X: y\r\n\r\n"},
        {"a", "/", "", "\r\n"},
        {"a", "/", "", "Host: b\r\n"},
        {"a", "/", "", "hOST: b\r\n"},
        {"a", "/", "", "Upgrade: b\r\n"},
        {"a", "/", "", "Connection: b\r\n"},
        {"a", "/", "", "sec-websocket-x: b\r\n"},
        {"a", "/", "", "Content-Length: 0\r\n"},
        {"a", "/", "", "X: y\r\nTransfer-Encoding: b\r\n"},
    };
    static const char *const bad_protocols[] = {"a b", "a,,b", "a,", "a, a",
                                                "a\r\nX: y", "\xff"};
    static const char *const bad_origins[] = {"a\r\nX: y", "a b", "\xff"};
    unsigned char out[512];
    ws_request_spec spec;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_case("bad request", i, 0);
        memset(&spec, 0, sizeof spec);
        spec.host = bytes_of(bad[i][0]);
        spec.target = bytes_of(bad[i][1]);
        spec.key = bytes_of(*bad[i][2] ? bad[i][2] : "dGhlIHNhbXBsZSBub25jZQ==");
        spec.headers = bytes_of(bad[i][3]);
        CHECK_EQ(ws_build_request(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    memset(&spec, 0, sizeof spec);
    spec.host = bytes_of("a");
    spec.target = bytes_of("/chat");
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    check_case("minimal", 0, 0);
    CHECK_EQ(ws_build_request(&spec, sizeof spec, out, sizeof out),
             strlen(minimal));
    CHECK_MEM(out, minimal, strlen(minimal));

    for (i = 0; i < sizeof bad_protocols / sizeof *bad_protocols; i++) {
        check_case("protocols", i, 0);
        spec.protocols = bytes_of(bad_protocols[i]);
        CHECK_EQ(ws_build_request(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    spec.protocols = bytes_of("");
    for (i = 0; i < sizeof bad_origins / sizeof *bad_origins; i++) {
        check_case("origin", i, 0);
        spec.origin = bytes_of(bad_origins[i]);
        CHECK_EQ(ws_build_request(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    /* Origin may be in `headers` unless `origin` is set. */
    check_case("origin", 99, 0);
    spec.headers = bytes_of("Origin: null\r\n");
    spec.origin = bytes_of("");
    CHECK(ws_build_request(&spec, sizeof spec, out, sizeof out) > 0);
    spec.origin = bytes_of("http://a");
    CHECK_EQ(ws_build_request(&spec, sizeof spec, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
}

/* A handshake of both sides, with the library alone. */
static void check_both_sides(void)
{
    static const char supported[] = "superchat";
    char key[WS_KEY_LEN], request_head[512], reply[512];
    ws_request_spec request_spec;
    ws_response_spec response_spec;
    ws_handshake hs;
    ws_response response;
    ws_span chosen;
    ws_result request_len, response_len;

    check_case("both sides", 0, 0);
    CHECK_EQ(ws_make_key(key, sizeof key), WS_KEY_LEN);
    memset(&request_spec, 0, sizeof request_spec);
    request_spec.host = bytes_of("example.com:8080");
    request_spec.target = bytes_of("/chat?room=1");
    request_spec.key.data = key;
    request_spec.key.len = sizeof key;
    request_spec.origin = bytes_of("https://example.com");
    request_spec.protocols = bytes_of("chat, superchat");
    request_spec.extensions = bytes_of("x-one; a=1, x-two");
    request_spec.headers = bytes_of("Cookie: a=b\r\n");
    request_len = ws_build_request(&request_spec, sizeof request_spec, request_head,
                                   sizeof request_head);
    CHECK(request_len > 0);

    CHECK_EQ(ws_parse_handshake(request_head, (size_t)request_len, &hs, sizeof hs),
             request_len);
    CHECK_EQ(ws_origin_allowed(request_head + hs.origin.off, hs.origin.len,
                               "https://example.com", 19),
             1);
    CHECK_EQ(ws_select_protocol(request_head, (size_t)request_len, supported, 9,
                                &chosen),
             1);
    memset(&response_spec, 0, sizeof response_spec);
    response_spec.key.data = request_head + hs.key.off;
    response_spec.key.len = hs.key.len;
    response_spec.protocol.data = supported + chosen.off;
    response_spec.protocol.len = chosen.len;
    response_spec.extensions = bytes_of("x-two");
    response_len =
        ws_build_response(&response_spec, sizeof response_spec, reply, sizeof reply);
    CHECK(response_len > 0);

    CHECK_EQ(ws_parse_response(reply, (size_t)response_len, request_head,
                               (size_t)request_len, &response, sizeof response),
             response_len);
    CHECK_EQ(response.status, 101);
    CHECK_EQ(response.protocol.len, 9);
    CHECK_MEM(reply + response.protocol.off, "superchat", 9);
    CHECK_EQ(response.extensions.len, 5);
    CHECK_MEM(reply + response.extensions.off, "x-two", 5);

    /* The response to another key is refused. */
    CHECK_EQ(ws_parse_response(reply, (size_t)response_len, request, strlen(request),
                               &response, sizeof response),
             WS_ERR_HANDSHAKE_ACCEPT);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    strcpy(request, REQUEST_HEAD PROTOCOL "chat, superchat\r\n" EXTENSIONS
           "permessage-deflate; client_max_window_bits, x-other\r\n" END);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(rows[i].text, rows[i].want);
    }
    check_spans();
    check_invalid_own_request();
    check_request_builder();
    check_both_sides();
    return check_done(argv[0]);
}
