/* UTF-8 and close payloads. */
#include "calls.h"

static void validate(const unsigned char *text, size_t len) {
    uint32_t state = 0;
    CHECK(COUNTED(ws_utf8_validate(&state, text, len)) == WS_OK);
}

static void validate_20(void) { validate(ascii, 20); }
static void validate_1024(void) { validate(ascii, 1024); }
static void validate_1024_two_byte(void) { validate(two_byte, 1024); }

static void close_parse(void) {
    uint16_t code;
    CHECK(COUNTED(ws_close_parse("\x03\xe9going away", 12, &code)) == 10);
}

static void close_build(void) {
    CHECK(COUNTED(ws_close_build(WS_CLOSE_GOING_AWAY, "going away", 10, out, OUT)) == 12);
}

static void close_code_valid(void) { CHECK(COUNTED(ws_close_code_valid(1001)) == 1); }

const struct call text_calls[] = {
    {"ws_utf8_validate", "20 B, ASCII", validate_20},
    {"ws_utf8_validate", "1 KiB, ASCII", validate_1024},
    {"ws_utf8_validate", "1 KiB, two-byte characters", validate_1024_two_byte},
    {"ws_close_parse", "a code and 10 B", close_parse},
    {"ws_close_build", "a code and 10 B", close_build},
    {"ws_close_code_valid", "1001", close_code_valid},
    {0},
};
