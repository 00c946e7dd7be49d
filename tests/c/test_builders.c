/* Requests and responses that are written: valid ones, refused contents, and a whole
 * opening handshake. */
#include "check.h"
#include "samples.h"

#include <string.h>

#define REQUEST_HEAD                                   \
    "GET /chat HTTP/1.1\r\n"                           \
    "Host: a\r\n"                                      \
    "Upgrade: websocket\r\n"                           \
    "Connection: Upgrade\r\n"                          \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"  \
    "Sec-WebSocket-Version: 13\r\n"
#define END "\r\n"

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

static void check_invalid_own_request(void)
{
    static const char reply[] =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
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
    static const char supported[] = "superchat", other[] = REQUEST_HEAD END;
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
    CHECK_EQ(ws_parse_response(reply, (size_t)response_len, other, strlen(other), &response,
                               sizeof response),
             WS_ERR_HANDSHAKE_ACCEPT);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_response_builder();
    check_request_builder();
    check_invalid_own_request();
    check_both_sides();
    return check_done(argv[0]);
}
