/* Results, close payloads, UTF-8 and masks. */
#include "program.h"

static void check_results(void)
{
    CHECK_STR(ws_errname(WS_ERR_UTF8), "WS_ERR_UTF8");
    CHECK(strlen(ws_strerror(WS_ERR_UTF8)) > 0);
    CHECK_EQ(ws_close_code_for(WS_ERR_UTF8), WS_CLOSE_INVALID_DATA);
    CHECK_EQ(ws_http_status(WS_ERR_HTTP_METHOD), 405);
}

static void check_close_payload(void)
{
    unsigned char payload[WS_MAX_CONTROL];
    uint16_t code = 0;

    CHECK_EQ(ws_close_build(WS_CLOSE_GOING_AWAY, STR("bye"), payload, sizeof payload), 5);
    CHECK_EQ(ws_close_parse(payload, 5, &code), 3);
    CHECK_EQ(code, WS_CLOSE_GOING_AWAY);
    CHECK_MEM(payload + 2, "bye", 3);
    CHECK_EQ(ws_close_code_valid(WS_CLOSE_NORMAL), 1);
    CHECK_EQ(ws_close_code_valid(WS_CLOSE_NO_STATUS), 0);
}

static void check_utf8(void)
{
    uint32_t state = 0;

    CHECK_EQ(ws_utf8_validate(&state, "\xce", 1), WS_OK);
    CHECK(state != 0);
    CHECK_EQ(ws_utf8_validate(&state, "\xba", 1), WS_OK);
    CHECK_EQ(state, 0);
    CHECK_EQ(ws_utf8_validate(&state, "\xff", 1), WS_ERR_UTF8);
}

static void check_masks(void)
{
    static const char key[4] = {0x37, (char)0xfa, 0x21, 0x3d};
    char text[] = "Hello", copy[5];

    ws_mask_copy(copy, text, 5, key, 0);
    CHECK_MEM(copy, "\x7f\x9f\x4d\x51\x58", 5);
    ws_mask(copy, 2, key, 0);
    ws_mask(copy + 2, 3, key, 2);
    CHECK_MEM(copy, "Hello", 5);
}

void check_text(void)
{
    check_results();
    check_close_payload();
    check_utf8();
    check_masks();
}
