/* ws_next_header(), ws_find_header(), and the limits of a head. */
#include "check.h"
#include "wscodec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is(const char *head, ws_span span, const char *want)
{
    return span.len == strlen(want) &&
           memcmp(head + span.off, want, span.len) == 0;
}

static void check_next_and_find(void)
{
    static const char head[] = "GET / HTTP/1.1\r\n"
                               "Host: a\r\n"
                               "Cookie:  b=c \t\r\n"
                               "Empty:\r\n"
                               "cookie: d\xff\r\n"
                               "\r\n";
    static const char *const want[][2] = {
        {"Host", "a"}, {"Cookie", "b=c"}, {"Empty", ""}, {"cookie", "d\xff"}};
    ws_span name, value;
    size_t pos = 0, len = strlen(head), i;

    for (i = 0; i < 4; i++) {
        check_case("walk", i, 0);
        CHECK_EQ(ws_next_header(head, len, &pos, &name, &value), 1);
        CHECK(is(head, name, want[i][0]));
        CHECK(is(head, value, want[i][1]));
        CHECK(value.off != 0);
    }
    for (i = 0; i < 2; i++) {
        check_case("end", i, 0);
        CHECK_EQ(ws_next_header(head, len, &pos, &name, &value), 0);
        CHECK_EQ(name.off, 0);
        CHECK_EQ(name.len, 0);
        CHECK_EQ(value.off, 0);
        CHECK_EQ(value.len, 0);
    }

    check_case("find", 0, 0);
    CHECK_EQ(ws_find_header(head, len, "COOKIE", 6, &value), 1);
    CHECK(is(head, value, "b=c"));
    CHECK_EQ(ws_find_header(head, len, "empty", 5, &value), 1);
    CHECK_EQ(value.len, 0);
    CHECK(value.off != 0);
    CHECK_EQ(ws_find_header(head, len, "Cooki", 5, &value), 0);
    CHECK_EQ(value.off, 0);
    CHECK_EQ(value.len, 0);
    CHECK_EQ(ws_find_header(head, len, "Cookies", 7, &value), 0);
    CHECK_EQ(ws_find_header(head, len, NULL, 0, &value), 0);
    CHECK_EQ(ws_find_header(head, len, "a", 1, &value), 0);
}

/* Incomplete and malformed heads are refused, and so are positions inside a
 * line. */
static void check_refused(void)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
    static const char malformed[] = "GET / HTTP/1.1\r\nHost: a\r\nX : y\r\n\r\n";
    static const size_t positions[] = {1, 15, 17, 37, 38, 1000, SIZE_MAX};
    ws_span name, value;
    size_t n, pos, i;
    ws_result result;

    for (n = 0; n < strlen(head); n++) {
        check_case("incomplete head", n, 0);
        pos = 0;
        while ((result = ws_next_header(head, n, &pos, &name, &value)) == 1) {
            CHECK(pos <= n);
        }
        CHECK_EQ(result, WS_ERR_INVALID_ARGUMENT);
        CHECK_EQ(name.off, 0);
        CHECK_EQ(value.len, 0);
        CHECK_EQ(ws_find_header(head, n, "absent", 6, &value),
                 WS_ERR_INVALID_ARGUMENT);
    }
    check_case("malformed", 0, 0);
    pos = 0;
    while ((result = ws_next_header(malformed, strlen(malformed), &pos, &name,
                                    &value)) == 1) {
    }
    CHECK_EQ(result, WS_ERR_HTTP_SYNTAX);
    CHECK_EQ(ws_find_header(malformed, strlen(malformed), "absent", 6, &value),
             WS_ERR_HTTP_SYNTAX);
    CHECK_EQ(value.off, 0);
    for (i = 0; i < sizeof positions / sizeof *positions; i++) {
        check_case("position", positions[i], 0);
        pos = positions[i];
        result = ws_next_header(head, strlen(head), &pos, &name, &value);
        CHECK(result == WS_ERR_INVALID_ARGUMENT || result == 0);
        CHECK_U64(pos, positions[i]);
    }
}

/* A head with `fields` fields, padded to `len` bytes unless that is 0. */
static size_t make_head(char *out, int fields, size_t len)
{
    size_t used = (size_t)sprintf(
        out, "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n"
             "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");

    for (fields -= 5; fields > 1; fields--) {
        used += (size_t)sprintf(out + used, "X: y\r\n");
    }
    used += (size_t)sprintf(out + used, "Last: ");
    while (len != 0 && used + 4 < len) {
        out[used++] = 'z';
    }
    return used + (size_t)sprintf(out + used, "\r\n\r\n");
}

static void check_limits(void)
{
    char *head = malloc(2 * WS_MAX_HEAD);
    ws_handshake hs;
    size_t len, n;
    int seen = 0;

    check_case("fields", WS_MAX_FIELDS, 0);
    len = make_head(head, WS_MAX_FIELDS, 0);
    CHECK_EQ(ws_parse_handshake(head, len, &hs, sizeof hs), len);
    check_case("fields", WS_MAX_FIELDS + 1, 0);
    len = make_head(head, WS_MAX_FIELDS + 1, 0);
    CHECK_EQ(ws_parse_handshake(head, len, &hs, sizeof hs),
             WS_ERR_HTTP_TOO_LARGE);
    CHECK_EQ(ws_parse_handshake(head, len - 2, &hs, sizeof hs),
             WS_ERR_HTTP_TOO_LARGE);

    check_case("bytes", WS_MAX_HEAD, 0);
    len = make_head(head, 10, WS_MAX_HEAD);
    CHECK_EQ(len, WS_MAX_HEAD);
    CHECK_EQ(ws_parse_handshake(head, len - 1, &hs, sizeof hs), 0);
    CHECK_EQ(ws_parse_handshake(head, len, &hs, sizeof hs), len);
    CHECK_EQ(ws_parse_handshake(head, len + 1, &hs, sizeof hs), len);
    check_case("bytes", WS_MAX_HEAD + 1, 0);
    len = make_head(head, 10, WS_MAX_HEAD + 1);
    CHECK_EQ(ws_parse_handshake(head, len, &hs, sizeof hs),
             WS_ERR_HTTP_TOO_LARGE);
    CHECK_EQ(ws_parse_handshake(head, WS_MAX_HEAD - 1, &hs, sizeof hs), 0);
    /* Once it is too large, it stays refused as it grows. */
    for (n = WS_MAX_HEAD - 2; n <= len; n++) {
        ws_result result = ws_parse_handshake(head, n, &hs, sizeof hs);

        check_case("growing", n, 0);
        CHECK(result == 0 ? !seen : result == WS_ERR_HTTP_TOO_LARGE);
        seen = result != 0;
    }
    CHECK(seen);

    /* An endless line. */
    memset(head, 'G', 2 * WS_MAX_HEAD);
    CHECK_EQ(ws_parse_handshake(head, WS_MAX_HEAD - 1, &hs, sizeof hs), 0);
    CHECK_EQ(ws_parse_handshake(head, 2 * WS_MAX_HEAD, &hs, sizeof hs),
             WS_ERR_HTTP_TOO_LARGE);
    free(head);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_next_and_find();
    check_refused();
    check_limits();
    return check_done(argv[0]);
}
