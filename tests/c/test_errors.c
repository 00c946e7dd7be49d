/* Names, texts, close codes and HTTP statuses of every result. */
#include "check.h"
#include "wscodec.h"

#include <string.h>

static const struct {
    ws_result code;
    int value;
    const char *name;
    int close_code;
    int status;
} rows[] = {
#define ROW(name, value, close_code, status) \
    {name, value, #name, close_code, status}
    ROW(WS_ERR_INVALID_ARGUMENT, -1, 1011, 500),
    ROW(WS_ERR_BUFFER_TOO_SMALL, -2, 1011, 500),
    ROW(WS_ERR_INVALID_STATE, -3, 1011, 500),
    ROW(WS_ERR_NO_MEMORY, -4, 1011, 500),
    ROW(WS_ERR_UNSUPPORTED, -5, 1011, 500),
    ROW(WS_ERR_RANDOM, -6, 1011, 500),
    ROW(WS_ERR_HTTP_SYNTAX, -20, 1002, 400),
    ROW(WS_ERR_HTTP_TOO_LARGE, -21, 1002, 431),
    ROW(WS_ERR_NOT_UPGRADE, -22, 1002, 426),
    ROW(WS_ERR_HTTP_METHOD, -23, 1002, 405),
    ROW(WS_ERR_HTTP_VERSION, -24, 1002, 505),
    ROW(WS_ERR_HANDSHAKE_HOST, -25, 1002, 400),
    ROW(WS_ERR_HANDSHAKE_KEY, -26, 1002, 400),
    ROW(WS_ERR_HANDSHAKE_VERSION, -27, 1002, 426),
    ROW(WS_ERR_HANDSHAKE_STATUS, -28, 1002, 400),
    ROW(WS_ERR_HANDSHAKE_ACCEPT, -29, 1002, 400),
    ROW(WS_ERR_HANDSHAKE_PROTOCOL, -30, 1002, 400),
    ROW(WS_ERR_EXTENSION, -31, 1002, 400),
    ROW(WS_ERR_HANDSHAKE_ORIGIN, -32, 1002, 403),
    ROW(WS_ERR_RESERVED_BITS, -40, 1002, 400),
    ROW(WS_ERR_OPCODE, -41, 1002, 400),
    ROW(WS_ERR_LENGTH, -42, 1002, 400),
    ROW(WS_ERR_MASK, -43, 1002, 400),
    ROW(WS_ERR_CONTROL_FRAME, -44, 1002, 400),
    ROW(WS_ERR_FRAGMENTATION, -45, 1002, 400),
    ROW(WS_ERR_CLOSE_PAYLOAD, -46, 1002, 400),
    ROW(WS_ERR_UTF8, -47, 1007, 400),
    ROW(WS_ERR_TOO_BIG, -48, 1009, 400),
    ROW(WS_ERR_COMPRESSION, -49, 1007, 400),
    ROW(WS_ERR_EOF, -50, 1002, 400),
};

static int is_known(ws_result code)
{
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == code) {
            return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    static const ws_result counts[] = {0, 1, 42, 1000, 65536, PTRDIFF_MAX};
    /* Results must not be truncated to int. */
    static const ws_result odd[] = {
        PTRDIFF_MIN, PTRDIFF_MIN + 1, -1000,
#if PTRDIFF_MAX > 0xffffffff
        -47 - (ws_result)0x100000000, /* -47 in its lower 32 bits */
#endif
    };
    ws_result code;
    size_t i, j;

    (void)argc;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_case(rows[i].name, 0, 0);
        CHECK_EQ(rows[i].code, rows[i].value);
        CHECK_STR(ws_errname(rows[i].code), rows[i].name);
        CHECK_EQ(ws_close_code_for(rows[i].code), rows[i].close_code);
        CHECK_EQ(ws_http_status(rows[i].code), rows[i].status);
        CHECK(strlen(ws_strerror(rows[i].code)) > 10);
        for (j = 0; j < i; j++) {
            CHECK(strcmp(ws_strerror(rows[i].code), ws_strerror(rows[j].code)));
        }
    }
    check_case("count", 0, 0);
    for (i = 0; i < sizeof counts / sizeof *counts; i++) {
        CHECK_STR(ws_errname(counts[i]), "WS_OK");
        CHECK_EQ(ws_close_code_for(counts[i]), 1000);
        CHECK_STR(ws_strerror(counts[i]), ws_strerror(0));
    }
    for (code = -300; code < 0; code++) {
        if (!is_known(code)) {
            check_case("unknown", (uintmax_t)-code, 0);
            CHECK(strncmp(ws_errname(code), "WS_OK", 5) != 0);
            CHECK(ws_strerror(code) != NULL && *ws_strerror(code) != '\0');
            CHECK_EQ(ws_close_code_for(code), 1011);
            CHECK(ws_http_status(code) >= 400);
        }
    }
    for (i = 0; i < sizeof odd / sizeof *odd; i++) {
        check_case("odd", i, 0);
        CHECK_STR(ws_errname(odd[i]), ws_errname(-300));
        CHECK_STR(ws_strerror(odd[i]), ws_strerror(-300));
        CHECK_EQ(ws_close_code_for(odd[i]), 1011);
    }
    return check_done(argv[0]);
}
