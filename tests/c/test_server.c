/* The server's side of the opening handshake. */
#include "check.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define START "GET /chat HTTP/1.1\r\n"
#define HOST "Host: a.example\r\n"
#define UPGRADE "Upgrade: websocket\r\n"
#define CONNECTION "Connection: Upgrade\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define WEBSOCKET UPGRADE CONNECTION VERSION KEY
#define END "\r\n"
#define OK 1 /* Any count above 0. */

static const struct {
    const char *text;
    int want;
} rows[] = {
    {START HOST WEBSOCKET END, OK},
    {START WEBSOCKET HOST END, OK},
    /* Names and tokens in any case, lists, several fields. */
    {START "hOST:a\r\nUPGRADE:WebSocket\r\nconnection:keep-alive, upGRADE\r\n"
     VERSION KEY END, OK},
    {START HOST "Upgrade: h2c, websocket\r\n" CONNECTION VERSION KEY END, OK},
    {START HOST UPGRADE "Connection: keep-alive\r\n" CONNECTION VERSION KEY END,
     OK},
    {START HOST UPGRADE "Connection: ,,Upgrade ,\r\n" VERSION KEY END, OK},
    {START HOST UPGRADE "Connection:\tUpgrade \t\r\n" VERSION KEY END, OK},
    {START "Host: [::1]:80\r\n" WEBSOCKET END, OK},
    {START HOST WEBSOCKET "Content-Length: 0\r\n" END, OK},
    {START HOST WEBSOCKET "X:\r\n" END, OK},
    {START HOST WEBSOCKET "X: \x80\xff\ty\r\n" END, OK},
    {START HOST WEBSOCKET "Origin: null\r\n" END, OK},
    {"GET http://a.example/chat HTTP/1.1\r\n" HOST WEBSOCKET END, OK},

    /* The grammar of HTTP. */
    {"GET / HTTP/1.1\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START "Host: a\n" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START "Host: a\r" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START "Host: a\r\n b\r\n" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START "Host: a\r\n\tb\r\n" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START " Host: a\r\n" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START "Host : a\r\n" WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET ": x\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X(: y\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X\xc3: y\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X: \x01\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X: \x7f\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "X: a\rTransfer-Encoding: chunked\r\n" END,
     WS_ERR_HTTP_SYNTAX},
    {"\r\n" START HOST WEBSOCKET END, OK},
    {"\r\n\r\n" START HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET  / HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET /  HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET / HTTP/1.1 \r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {" GET / HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET\t/ HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET /\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET / http/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET / HTTP/1.10\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET / HTTP/1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET /\xc3\xa4 HTTP/1.1\r\n" HOST WEBSOCKET END, OK},
    {"GET /\xc3 HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"GET /#a HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},
    {"G@T / HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_SYNTAX},

    /* Requests that are not an upgrade, whatever else they contain. */
    {START HOST END, WS_ERR_NOT_UPGRADE},
    {START HOST UPGRADE END, WS_ERR_NOT_UPGRADE},
    {START HOST CONNECTION END, WS_ERR_NOT_UPGRADE},
    {START HOST "Upgrade: websocketx\r\n" CONNECTION VERSION KEY END,
     WS_ERR_NOT_UPGRADE},
    {START HOST "Upgrade: websocket/13\r\n" CONNECTION VERSION KEY END,
     WS_ERR_NOT_UPGRADE},
    {START HOST UPGRADE "Connection: close, notUpgrade\r\n" VERSION KEY END,
     WS_ERR_NOT_UPGRADE},
    {"POST / HTTP/1.0\r\nContent-Length: 5\r\n" END, WS_ERR_NOT_UPGRADE},
    {"GET / HTTP/1.0\r\nSec-WebSocket-Key: x\r\n" END, WS_ERR_NOT_UPGRADE},

    /* An upgrade with a fault. */
    {START HOST WEBSOCKET "Origin: http://a\r\nOrigin: http://a\r\n" END,
     WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "Transfer-Encoding: chunked\r\n" END,
     WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "Content-Length: 5\r\n" END, WS_ERR_HTTP_SYNTAX},
    {START HOST WEBSOCKET "Content-Length: 00\r\nContent-Length: 10\r\n" END,
     WS_ERR_HTTP_SYNTAX},
    {"POST / HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_METHOD},
    {"get / HTTP/1.1\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_METHOD},
    {"GET / HTTP/1.0\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_VERSION},
    {"GET / HTTP/2.0\r\n" HOST WEBSOCKET END, WS_ERR_HTTP_VERSION},
    {START WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START "Host:\r\n" WEBSOCKET END, OK},
    {START "Host: a b\r\n" WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START "Host: a/b\r\n" WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START "Host: u@b\r\n" WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START "Host: a:x\r\n" WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START HOST HOST WEBSOCKET END, WS_ERR_HANDSHAKE_HOST},
    {START HOST UPGRADE CONNECTION KEY END, WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 12\r\n" END,
     WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 013\r\n" END,
     WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: +13\r\n" END,
     WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 13, 8\r\n" END,
     WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION KEY "Sec-WebSocket-Version: 777\r\n" END,
     WS_ERR_HANDSHAKE_VERSION},
    {START HOST WEBSOCKET VERSION END, WS_ERR_HANDSHAKE_VERSION},
    {START HOST UPGRADE CONNECTION VERSION END, WS_ERR_HANDSHAKE_KEY},
    {START HOST WEBSOCKET KEY END, WS_ERR_HANDSHAKE_KEY},
    {START HOST UPGRADE CONNECTION VERSION "Sec-WebSocket-Key:\r\n" END,
     WS_ERR_HANDSHAKE_KEY},
    {START HOST UPGRADE CONNECTION VERSION
     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n" END,
     OK},
    {START HOST WEBSOCKET "Sec-WebSocket-Extensions: a b\r\n" END,
     WS_ERR_EXTENSION},
    {START HOST WEBSOCKET "Sec-WebSocket-Extensions: ,\r\n" END,
     WS_ERR_EXTENSION},
    /* Some clients send it empty, which is like an absent one. */
    {START HOST WEBSOCKET "Sec-WebSocket-Extensions:\r\n" END, OK},

    /* The order of faults. */
    {"POST / HTTP/1.0\r\n" UPGRADE CONNECTION END, WS_ERR_HTTP_METHOD},
    {"GET / HTTP/1.0\r\n" UPGRADE CONNECTION END, WS_ERR_HTTP_VERSION},
    {START UPGRADE CONNECTION END, WS_ERR_HANDSHAKE_HOST},
    {START HOST UPGRADE CONNECTION END, WS_ERR_HANDSHAKE_VERSION},
    {"POST / HTTP/1.0\r\n" UPGRADE CONNECTION "Content-Length: 1\r\n" END,
     WS_ERR_HTTP_SYNTAX},
};

/* The whole text has this result, and each prefix 0 or the same result. Bytes
 * after the head do not matter. */
static void check_row(const char *text, int want)
{
    size_t len = strlen(text), n;
    ws_handshake hs, zero;
    ws_result last = 0;

    memset(&zero, 0, sizeof zero);
    for (n = 0; n <= len; n++) {
        unsigned char *buf = malloc(n != 0 ? n : 1);
        ws_result result;

        check_case(text, n, len);
        memcpy(buf, text, n);
        memset(&hs, 0xcc, sizeof hs);
        result = ws_parse_handshake(buf, n, &hs, sizeof hs);
        CHECK(last == 0 || result == last);
        CHECK_EQ(result != 0 && result != want, want == OK && n == len);
        if (result <= 0 && result != WS_ERR_NOT_UPGRADE) {
            CHECK_MEM(&hs, &zero, sizeof hs);
        } else {
            CHECK_EQ(hs.head_len, len);
            CHECK(hs.http_version == 10 || hs.http_version == 11 ||
                  want == WS_ERR_NOT_UPGRADE);
        }
        last = result;
        free(buf);
    }
    CHECK_EQ(last, want == OK ? (ws_result)len : want);
    if (want == OK) {
        char *more = malloc(len + 3);

        memcpy(more, text, len);
        memcpy(more + len, "\x81\n\r", 3);
        CHECK_EQ(ws_parse_handshake(more, len + 3, &hs, sizeof hs), len);
        free(more);
    }
}

static void check_span(const char *text, ws_span span, const char *want)
{
    CHECK_EQ(span.len, strlen(want));
    CHECK_MEM(text + span.off, want, strlen(want));
}

static void check_spans(void)
{
    static const char text[] =
        "GET /chat?room=1 HTTP/1.1\r\n"
        "Host: \t example.com:8080 \r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Origin: https://example.com\r\n"
        "\r\nframes";
    static const char plain[] = "PUT /x HTTP/1.0\r\nOrigin:\r\n"
                                "Sec-WebSocket-Key: unchecked\r\n\r\nbody";
    ws_handshake hs;

    check_case("spans", 0, 0);
    CHECK_EQ(ws_parse_handshake(text, strlen(text), &hs, sizeof hs),
             strlen(text) - 6);
    check_span(text, hs.method, "GET");
    check_span(text, hs.target, "/chat?room=1");
    check_span(text, hs.host, "example.com:8080");
    check_span(text, hs.origin, "https://example.com");
    check_span(text, hs.key, "dGhlIHNhbXBsZSBub25jZQ==");
    CHECK_EQ(hs.head_len, strlen(text) - 6);
    CHECK_EQ(hs.http_version, 11);

    check_case("spans", 1, 0);
    CHECK_EQ(ws_parse_handshake(plain, strlen(plain), &hs, sizeof hs),
             WS_ERR_NOT_UPGRADE);
    check_span(plain, hs.method, "PUT");
    check_span(plain, hs.target, "/x");
    check_span(plain, hs.key, "unchecked");
    CHECK_EQ(hs.host.off, 0);
    CHECK_EQ(hs.host.len, 0);
    CHECK(hs.origin.off != 0);
    CHECK_EQ(hs.origin.len, 0);
    CHECK_EQ(hs.head_len, strlen(plain) - 4);
}

static void check_response_builder(void)
{
    static const char minimal[] =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "\r\n";
    static const char *const bad_keys[] = {"", "x", "dGhlIHNhbXBsZSBub25jZ==="};
    static const char *const bad_protocols[] = {
        "a,b", "a b", "chat\r\nSet-Cookie: a=b", "chat\n", "\xff", " chat"};
    static const char *const bad_headers[] = {
        "X: y", "X: y\n", "X: y\r\n\r\n", "\r\n", "X y\r\n", " X: y\r\n",
        "Upgrade: x\r\n", "connection: x\r\n", "Sec-WebSocket-Accept: x\r\n",
        "sec-websocket-anything: x\r\n", "Content-Length: 0\r\n",
        "Transfer-Encoding: chunked\r\n", "X: y\r\nUpgrade: x\r\n",
        "X: a\rb\r\n", "X: \x7f\r\n"};
    unsigned char out[512];
    ws_response_spec spec;
    size_t i;

    memset(&spec, 0, sizeof spec);
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    check_case("minimal", 0, 0);
    CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
             strlen(minimal));
    CHECK_MEM(out, minimal, strlen(minimal));
    for (i = 0; i < sizeof bad_keys / sizeof *bad_keys; i++) {
        check_case("key", i, 0);
        spec.key = bytes_of(bad_keys[i]);
        CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    for (i = 0; i < sizeof bad_protocols / sizeof *bad_protocols; i++) {
        check_case("protocol", i, 0);
        spec.protocol = bytes_of(bad_protocols[i]);
        CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    spec.protocol = bytes_of("");
    spec.extensions = bytes_of("a\r\nX: y");
    CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    spec.extensions = bytes_of("");
    for (i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        check_case(bad_headers[i], i, 0);
        spec.headers = bytes_of(bad_headers[i]);
        CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
    /* Fields that are left out are absent, not empty. */
    spec.headers = bytes_of("Server: x\r\nSet-Cookie: a=b\r\n");
    check_case("headers", 0, 0);
    CHECK_EQ(ws_build_response(&spec, sizeof spec, out, sizeof out),
             strlen(minimal) + 28);
    CHECK_MEM(out + strlen(minimal) - 2,
              "Server: x\r\nSet-Cookie: a=b\r\n\r\n", 30);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_row(rows[i].text, rows[i].want);
    }
    check_spans();
    check_response_builder();
    return check_done(argv[0]);
}
