/* Close codes. */
#include "check.h"
#include "wscodec.h"

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

int main(int argc, char **argv)
{
    (void)argc;
    check_every_code();
    return check_done(argv[0]);
}
