/* Close payloads and close codes. */
#include "check.h"
#include "memory.h"
#include "wscodec.h"

#include <string.h>

/* RFC 6455, 7.4, and codes that IANA registered later; 3000 to 4999 are for
 * libraries and applications. */
static int may_be_sent(unsigned code)
{
    switch (code) {
    case 1000: case 1001: case 1002: case 1003:
    case 1007: case 1008: case 1009: case 1010: case 1011:
    case 1012: case 1013: case 1014:
        return 1;
    default:
        return code >= 3000 && code <= 4999;
    }
}

static void check_every_code(void)
{
    unsigned code;

    for (code = 0; code <= 65535; code++) {
        unsigned char payload[4] = {0, 0, 'o', 'k'}, out[8];
        int good = may_be_sent(code);
        uint16_t parsed = 99;

        check_case("code", code, 0);
        CHECK_EQ(ws_close_code_valid((uint16_t)code), good);
        payload[0] = (unsigned char)(code >> 8);
        payload[1] = (unsigned char)(code & 255);
        CHECK_EQ(ws_close_parse(payload, 2, &parsed),
                 good ? 0 : WS_ERR_CLOSE_PAYLOAD);
        CHECK_EQ(parsed, good ? code : 0);
        CHECK_EQ(ws_close_parse(payload, 4, &parsed),
                 good ? 2 : WS_ERR_CLOSE_PAYLOAD);
        CHECK_EQ(parsed, good ? code : 0);
        CHECK_EQ(ws_close_build((uint16_t)code, "ok", 2, out, sizeof out),
                 good ? 4 : WS_ERR_INVALID_ARGUMENT);
        if (good) {
            CHECK_MEM(out, payload, 4);
        }
        if (code != WS_CLOSE_NO_STATUS) {
            CHECK_EQ(ws_close_build((uint16_t)code, NULL, 0, out, sizeof out),
                     good ? 2 : WS_ERR_INVALID_ARGUMENT);
        }
    }
}

static void check_lengths(void)
{
    unsigned char payload[200], out[200];
    uint16_t code;
    size_t len;

    memset(payload, 'r', sizeof payload);
    payload[0] = 0x03;
    payload[1] = 0xe8;
    for (len = 0; len <= 130; len++) {
        ws_result want = len == 0    ? 0
                         : len == 1  ? WS_ERR_CLOSE_PAYLOAD
                         : len > 125 ? WS_ERR_CONTROL_FRAME
                                     : (ws_result)len - 2;

        check_case("length", len, 0);
        CHECK_EQ(ws_close_parse(payload, len, &code), want);
        CHECK_EQ(code, len == 0 ? WS_CLOSE_NO_STATUS : want < 0 ? 0 : 1000);
        CHECK_EQ(ws_close_build(1000, payload + 2, len, out, sizeof out),
                 len <= 123 ? (ws_result)len + 2 : WS_ERR_INVALID_ARGUMENT);
    }
    CHECK_EQ(ws_close_build(WS_CLOSE_NO_STATUS, NULL, 0, NULL, 0), 0);
    CHECK_EQ(ws_close_build(WS_CLOSE_NO_STATUS, "r", 1, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
}

static void check_reasons(void)
{
    static const char *const bad[] = {"\xff", "\xc0\x80", "\xed\xa0\x80",
                                      "ok \xe2\x82", "\xf4\x90\x80\x80", "\x80"};
    static const char good[] = "\xce\xba\xe1\xbd\xb9 \xf0\x9f\x98\x80";
    unsigned char payload[32] = {0x0f, 0xa0}, out[32];
    uint16_t code;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        check_case("reason", i, 0);
        strcpy((char *)payload + 2, bad[i]);
        CHECK_EQ(ws_close_parse(payload, 2 + strlen(bad[i]), &code),
                 WS_ERR_UTF8);
        CHECK_EQ(code, 0);
        memset(out, GUARD_BYTE, sizeof out);
        CHECK_EQ(ws_close_build(4000, bad[i], strlen(bad[i]), out, sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
        CHECK_FILL(out, GUARD_BYTE, sizeof out);
    }
    check_case("good reason", 0, 0);
    strcpy((char *)payload + 2, good);
    CHECK_EQ(ws_close_parse(payload, 2 + strlen(good), &code), strlen(good));
    CHECK_EQ(code, 4000);
    CHECK_EQ(ws_close_build(4000, good, strlen(good), out, sizeof out),
             2 + strlen(good));
    CHECK_MEM(out, payload, 2 + strlen(good));
}

int main(int argc, char **argv)
{
    (void)argc;
    check_every_code();
    check_lengths();
    check_reasons();
    return check_done(argv[0]);
}
