/* The opening handshake from parsed fields, and ws_head_length(). */
#include "check.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* ---- ws_check_request() ---- */

static ws_request_fields good_request(uint32_t version)
{
    ws_request_fields f;

    memset(&f, 0, sizeof f);
    f.http_version = version;
    f.host = bytes_of("a.example");
    f.version = bytes_of("13");
    if (version >= 20) {
        f.method = bytes_of("CONNECT");
        f.connect_protocol = bytes_of("websocket");
    } else {
        f.method = bytes_of("GET");
        f.upgrade = bytes_of("websocket");
        f.connection = bytes_of("keep-alive, Upgrade");
        f.key = bytes_of(KEY);
    }
    return f;
}

struct change {
    size_t field; /* Its offset. */
    const char *value; /* NULL if it is absent. */
    ws_result http1, http2;
};
#define AT(field) offsetof(ws_request_fields, field)

static const struct change changes[] = {
    {AT(method), "POST", WS_ERR_HTTP_METHOD, WS_ERR_HTTP_METHOD},
    {AT(host), "", 0, 0},
    {AT(host), NULL, WS_ERR_HANDSHAKE_HOST, WS_ERR_HANDSHAKE_HOST},
    {AT(host), "a, b", WS_ERR_HANDSHAKE_HOST, WS_ERR_HANDSHAKE_HOST},
    {AT(host), "user@a", WS_ERR_HANDSHAKE_HOST, WS_ERR_HANDSHAKE_HOST},
    {AT(upgrade), NULL, WS_ERR_NOT_UPGRADE, 0},
    {AT(upgrade), "h2c, WebSocket", 0, 0},
    {AT(upgrade), "h2c", WS_ERR_NOT_UPGRADE, 0},
    {AT(connection), "close", WS_ERR_NOT_UPGRADE, 0},
    {AT(key), NULL, WS_ERR_HANDSHAKE_KEY, 0},
    {AT(key), KEY ", " KEY, WS_ERR_HANDSHAKE_KEY, 0},
    {AT(key), " \t" KEY "\t ", 0, 0},
    {AT(version), NULL, WS_ERR_HANDSHAKE_VERSION, WS_ERR_HANDSHAKE_VERSION},
    {AT(version), "13, 13", WS_ERR_HANDSHAKE_VERSION, WS_ERR_HANDSHAKE_VERSION},
    {AT(version), "8", WS_ERR_HANDSHAKE_VERSION, WS_ERR_HANDSHAKE_VERSION},
    {AT(extensions), "permessage-deflate; x=\"a b\", foo", 0, 0},
    {AT(extensions), "a b", WS_ERR_EXTENSION, WS_ERR_EXTENSION},
    {AT(extensions), "", 0, 0}, /* like an absent one */
    {AT(extensions), ",", WS_ERR_EXTENSION, WS_ERR_EXTENSION},
    {AT(content_length), "0", 0, 0},
    {AT(content_length), "5", WS_ERR_HTTP_SYNTAX, 0},
    {AT(content_length), "0, 0", WS_ERR_HTTP_SYNTAX, 0},
    {AT(transfer_encoding), "chunked", WS_ERR_HTTP_SYNTAX, 0},
    {AT(connect_protocol), NULL, 0, WS_ERR_NOT_UPGRADE},
    {AT(connect_protocol), "WebSocket", 0, 0},
    {AT(connect_protocol), "connect-udp", 0, WS_ERR_NOT_UPGRADE},
    {AT(origin), "https://a.example", 0, 0},
    {AT(origin), "https://a.example, https://a.example", WS_ERR_HTTP_SYNTAX,
     WS_ERR_HTTP_SYNTAX},
    {AT(host), "a\rb", WS_ERR_HTTP_SYNTAX, WS_ERR_HTTP_SYNTAX},
    {AT(version), "13\n", WS_ERR_HTTP_SYNTAX, WS_ERR_HTTP_SYNTAX},
};

static ws_request_fields changed(uint32_t version, const struct change *c)
{
    ws_request_fields f = good_request(version);
    ws_bytes value = {NULL, 0};

    if (c->value != NULL) {
        value = bytes_of(c->value);
    }
    memcpy((unsigned char *)&f + c->field, &value, sizeof value);
    return f;
}

static void check_request(void)
{
    static const uint32_t versions[] = {11, 20, 30};
    size_t i, v;
    uint32_t version;

    for (v = 0; v < 3; v++) {
        ws_request_fields f = good_request(versions[v]);

        check_case("good", versions[v], 0);
        CHECK_EQ(ws_check_request(&f, sizeof f), WS_OK);
        for (i = 0; i < sizeof changes / sizeof *changes; i++) {
            f = changed(versions[v], &changes[i]);
            check_case(changes[i].value != NULL ? changes[i].value : "none",
                       versions[v], i);
            CHECK_EQ(ws_check_request(&f, sizeof f),
                     versions[v] == 11 ? changes[i].http1 : changes[i].http2);
        }
    }
    for (version = 0; version < 100; version++) {
        ws_request_fields f = good_request(11);

        check_case("version", version, 0);
        f.http_version = version;
        CHECK_EQ(ws_check_request(&f, sizeof f),
                 version == 10   ? WS_ERR_HTTP_VERSION
                 : version == 11 ? WS_OK
                 : version == 20 || version == 30 ? WS_ERR_NOT_UPGRADE
                                                  : INVALID);
    }
}

static void check_request_origins(void)
{
    ws_request_fields f = good_request(20);

    check_case("origins", 0, 0);
    f.origins = bytes_of("https://a.example");
    CHECK_EQ(ws_check_request(&f, sizeof f), WS_OK);
    f.origin = bytes_of("https://a.example");
    CHECK_EQ(ws_check_request(&f, sizeof f), WS_OK);
    f.origin = bytes_of("https://b.example");
    CHECK_EQ(ws_check_request(&f, sizeof f), WS_ERR_HANDSHAKE_ORIGIN);
    f.origins = bytes_of("https://a.example/");
    CHECK_EQ(ws_check_request(&f, sizeof f), INVALID);
    f = good_request(11);
    CHECK_EQ(ws_check_request(NULL, sizeof f), INVALID);
    CHECK_EQ(ws_check_request(&f, sizeof f - 1), INVALID);
    f.host.data = NULL;
    CHECK_EQ(ws_check_request(&f, sizeof f), INVALID);
    f = good_request(11);
    f.reserved = 1;
    CHECK(ws_check_request(&f, sizeof f) < 0);
}

/* ---- ws_check_response() ---- */

static ws_response_fields good_response(uint32_t version)
{
    ws_response_fields f;

    memset(&f, 0, sizeof f);
    f.http_version = version;
    f.status = version >= 20 ? 200 : 101;
    if (version < 20) {
        f.upgrade = bytes_of("WebSocket");
        f.connection = bytes_of("upgrade");
        f.accept = bytes_of(ACCEPT);
        f.key = bytes_of(KEY);
    }
    f.offered_protocols = bytes_of("chat, superchat");
    f.offered_extensions = bytes_of("permessage-deflate");
    return f;
}

static void check_response(void)
{
    ws_response_fields f;
    uint32_t version;

    for (version = 11; version <= 30; version += version == 11 ? 9 : 10) {
        int old = version == 11;

        check_case("response", version, 0);
        f = good_response(version);
        CHECK_EQ(ws_check_response(&f, sizeof f), WS_OK);
        f.protocol = bytes_of("superchat");
        f.extensions = bytes_of("permessage-deflate");
        CHECK_EQ(ws_check_response(&f, sizeof f), WS_OK);
        f.extensions = bytes_of("other");
        CHECK_EQ(ws_check_response(&f, sizeof f), WS_ERR_EXTENSION);
        f.protocol = bytes_of("other");
        CHECK_EQ(ws_check_response(&f, sizeof f), WS_ERR_HANDSHAKE_PROTOCOL);
        f.accept = bytes_of("x3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        CHECK_EQ(ws_check_response(&f, sizeof f),
                 old ? WS_ERR_HANDSHAKE_ACCEPT : WS_ERR_HANDSHAKE_PROTOCOL);
        f.status = 404;
        CHECK_EQ(ws_check_response(&f, sizeof f), WS_ERR_HANDSHAKE_STATUS);
        f = good_response(version);
        f.status = 204;
        CHECK_EQ(ws_check_response(&f, sizeof f),
                 old ? WS_ERR_HANDSHAKE_STATUS : WS_OK);
        f = good_response(version);
        f.key = bytes_of("short");
        CHECK_EQ(ws_check_response(&f, sizeof f), old ? INVALID : WS_OK);
        f = good_response(version);
        f.http_version = 12;
        CHECK_EQ(ws_check_response(&f, sizeof f), INVALID);
        CHECK_EQ(ws_check_response(NULL, sizeof f), INVALID);
    }
}

/* ---- values ---- */

static void check_selected(const char *offered, const char *supported,
                           ws_result want, uint32_t off, uint32_t len)
{
    ws_span chosen = {99, 99};

    check_case(offered, 0, 0);
    CHECK_EQ(ws_select_protocol_value(offered, strlen(offered), supported,
                                      strlen(supported), &chosen),
             want);
    if (want >= 0) {
        CHECK_EQ(chosen.off, off);
        CHECK_EQ(chosen.len, len);
    }
}

static void check_values(void)
{
    ws_span chosen;

    check_selected("superchat, chat", "chat, superchat", 1, 0, 4);
    check_selected("superchat", "chat, superchat", 1, 6, 9);
    check_selected("Chat", "chat", 0, 0, 0);
    check_selected("", "chat", 0, 0, 0);
    check_selected("a b, chat", "chat", 1, 0, 4); /* not a token: skipped */
    check_selected("chat", "a b", INVALID, 0, 0);
    CHECK_EQ(ws_select_protocol_value(NULL, 0, "chat", 4, &chosen), 0);
    CHECK_EQ(ws_select_protocol_value(NULL, 1, "chat", 4, &chosen), INVALID);
    CHECK_EQ(ws_select_protocol_value("chat", 4, "chat", 4, NULL), INVALID);
#ifndef WITHOUT_DEFLATE
    {
        static const ws_pmd_params fresh;
        ws_pmd_params params = fresh;
        char out[200];
        const char *offers = "x, permessage-deflate; server_max_window_bits=9";
        ws_result n = ws_pmd_accept_value(offers, strlen(offers), &params, out,
                                          sizeof out);

        check_case("pmd values", 0, 0);
        CHECK_EQ(n, strlen(offers) - 3);
        CHECK_MEM(out, offers + 3, strlen(offers) - 3);
        CHECK_EQ(params.server_max_window_bits, 9);
        params = fresh;
        CHECK_EQ(ws_pmd_accept_value(NULL, 0, &params, out, sizeof out), 0);
        CHECK_EQ(ws_pmd_accept_value("a b", 3, &params, out, sizeof out),
                 WS_ERR_EXTENSION);
        CHECK_MEM(&params, &fresh, sizeof params);
        CHECK_EQ(ws_pmd_confirm_value("permessage-deflate", 18, &params), 1);
        CHECK_EQ(params.server_max_window_bits, 15);
        params = fresh;
        CHECK_EQ(ws_pmd_confirm_value(NULL, 0, &params), 0);
        CHECK_EQ(ws_pmd_confirm_value("permessage-deflate; x", 21, &params),
                 WS_ERR_EXTENSION);
        CHECK_MEM(&params, &fresh, sizeof params);
    }
#endif
}

/* ---- ws_head_length() ---- */

static void check_head_length(void)
{
    size_t len = strlen(request_text), step, at, scanned;
    char *moved;

    for (step = 1; step <= len; step++) {
        check_case("head length", step, 0);
        scanned = 0;
        for (at = 0; at < len; at += step) {
            size_t have = len - at < step ? len : at + step;

            /* The buffer may move and grow. */
            moved = malloc(have);
            memcpy(moved, request_text, have);
            CHECK_EQ(ws_head_length(moved, have, &scanned),
                     have == len ? len : 0);
            CHECK(scanned <= have);
            free(moved);
        }
    }
    check_case("bytes after the head", 0, 0);
    scanned = 0;
    CHECK_EQ(ws_head_length("HTTP/1.1 101 x\r\n\r\n\x81\x00", 20, &scanned),
             18);
}

static void check_head_errors(void)
{
    char *big = malloc(WS_MAX_HEAD + 10);
    size_t scanned = 0, at;

    check_case("TLS", 0, 0);
    CHECK_EQ(ws_head_length("\x16\x03\x01", 3, &scanned), WS_ERR_HTTP_SYNTAX);
    check_case("a bare LF", 0, 0);
    scanned = 0;
    CHECK_EQ(ws_head_length("GET / HTTP/1.1\n", 15, &scanned),
             WS_ERR_HTTP_SYNTAX);
    check_case("too large", 0, 0);
    memset(big, 'x', WS_MAX_HEAD + 10);
    scanned = 0;
    CHECK_EQ(ws_head_length(big, WS_MAX_HEAD - 1, &scanned), 0);
    CHECK_EQ(ws_head_length(big, WS_MAX_HEAD + 1, &scanned),
             WS_ERR_HTTP_TOO_LARGE);
    memcpy(big + WS_MAX_HEAD - 4, "\r\n\r\n", 4);
    scanned = 0;
    CHECK_EQ(ws_head_length(big, WS_MAX_HEAD + 10, &scanned), WS_MAX_HEAD);
    check_case("arguments", 0, 0);
    at = 5;
    CHECK_EQ(ws_head_length("GET", 3, &at), INVALID);
    CHECK_EQ(ws_head_length("GET", 3, NULL), INVALID);
    scanned = 0;
    CHECK_EQ(ws_head_length(NULL, 3, &scanned), INVALID);
    CHECK_EQ(ws_head_length(NULL, 0, &scanned), 0);
    free(big);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_request();
    check_request_origins();
    check_response();
    check_values();
    check_head_length();
    check_head_errors();
    return check_done(argv[0]);
}
