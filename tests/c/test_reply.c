/* ws_build_reply(). */
#include "check.h"
#include "wscodec.h"

#include <stdio.h>
#include <string.h>

static char out[512];

static ws_result reply(int status, const char *headers, const char *body)
{
    ws_result len = ws_build_reply((uint16_t)status, headers, strlen(headers),
                                   body, strlen(body), out, sizeof out - 1);

    out[len > 0 ? len : 0] = '\0';
    return len;
}

static void check_text(int status, const char *headers, const char *body,
                       const char *want)
{
    check_case(want, (uintmax_t)status, 0);
    CHECK_EQ(reply(status, headers, body), strlen(want));
    CHECK_STR(out, want);
}

int main(int argc, char **argv)
{
    static const char *const bad_headers[] = {
        "X", "X: y", "X: y\r\n\r\n", "\r\n", "X: y\nZ: a\r\n", "X: a\rb\r\n",
        "Content-Length: x\r\n", "Content-Length: 5, 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n", "connection: keep-alive\r\n",
        "Upgrade: websocket\r\n", "Sec-WebSocket-Version: 8\r\n",
        "Transfer-Encoding: chunked\r\n", " X: y\r\n"};
    size_t i;
    int status;

    (void)argc;
    check_text(404, "", "",
               "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n"
               "Connection: close\r\n\r\n");
    check_text(200, "Content-Type: text/plain\r\n", "Hello, 12",
               "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n"
               "Content-Type: text/plain\r\n\r\nHello, 12");
    check_text(426, "", "",
               "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n"
               "Connection: Upgrade, close\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\n\r\n");
    check_text(405, "", "",
               "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n"
               "Connection: close\r\nAllow: GET\r\n\r\n");
    check_text(405, "allow: GET, HEAD\r\n", "",
               "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n"
               "Connection: close\r\nallow: GET, HEAD\r\n\r\n");
    check_text(204, "", "",
               "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    check_text(304, "ETag: x\r\n", "",
               "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n"
               "ETag: x\r\n\r\n");
    check_text(599, "", "x",
               "HTTP/1.1 599 \r\nContent-Length: 1\r\nConnection: close\r\n"
               "\r\nx");

    for (status = 0; status <= 65535; status++) {
        char start[16];

        check_case("status", (uintmax_t)status, 0);
        if (status < 200 || status > 599) {
            CHECK_EQ(reply(status, "", ""), WS_ERR_INVALID_ARGUMENT);
            continue;
        }
        CHECK(reply(status, "", "") > 0);
        snprintf(start, sizeof start, "HTTP/1.1 %d ", status);
        CHECK_MEM(out, start, strlen(start));
        CHECK_STR(out + strlen(out) - 4, "\r\n\r\n");
    }
    /* The caller's length: the body follows in pieces, or not at all, as for
     * HEAD. */
    check_text(200, "Content-Length: 5\r\n", "",
               "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n"
               "\r\n");
    CHECK_EQ(reply(200, "Content-Length: 5\r\n", "Hello"),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(reply(204, "Content-Length: 0\r\n", ""), WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(reply(205, "", "x"), WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(reply(204, "", "x"), WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(reply(304, "", "x"), WS_ERR_INVALID_ARGUMENT);
    for (i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
        check_case(bad_headers[i], i, 0);
        CHECK_EQ(reply(400, bad_headers[i], ""), WS_ERR_INVALID_ARGUMENT);
    }

    /* Every error of a handshake has a reply. */
    for (i = 1; i <= 50; i++) {
        check_case("error", i, 0);
        status = ws_http_status(-(ws_result)i);
        CHECK(reply(status, "", "") > 0);
    }
    return check_done(argv[0]);
}
