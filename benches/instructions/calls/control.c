/* Control frames of users of the decoder. */
#include "calls.h"

/* Feeds a frame to `control`; the call counts if `counts`. */
static ws_result feed(ws_control *control, int first, const void *payload, size_t len,
                      bool counts) {
    ws_frame frame;
    wire_clear();
    wire_frame(first, payload, len);
    wire_arrives();
    CHECK(ws_frame_decode(input, wire_len, WS_SERVER, &frame) > 0);
    return counts ? COUNTED(ws_control_feed(control, &frame, input, NULL, out, OUT))
                  : ws_control_feed(control, &frame, input, NULL, out, OUT);
}

static void feed_ping(void) {
    ws_control control = {{0}};
    CHECK(feed(&control, WS_FIN | WS_OPCODE_PING, ascii, 4, true) == 6);
}

static void feed_text(void) {
    ws_control control = {{0}};
    CHECK(feed(&control, WS_FIN | WS_OPCODE_TEXT, ascii, 20, true) == 0);
}

static void feed_close(void) {
    ws_control control = {{0}};
    CHECK(feed(&control, WS_FIN | WS_OPCODE_CLOSE, "\x03\xe9going away", 12, true) > 0);
}

static void send_close(void) {
    ws_control control = {{0}};
    CHECK(COUNTED(ws_control_close(&control, WS_CLOSE_GOING_AWAY, "going away", 10, NULL, out,
                                   OUT)) > 0);
}

static ws_control closed(void) {
    ws_control control = {{0}};
    CHECK(feed(&control, WS_FIN | WS_OPCODE_CLOSE, "\x03\xe9going away", 12, false) > 0);
    return control;
}

static void close_code(void) {
    ws_control control = closed();
    CHECK(COUNTED(ws_control_close_code(&control)) == 1001);
}

static void reason(void) {
    ws_control control = closed();
    CHECK(COUNTED(ws_control_reason(&control, out, OUT)) == 10);
}

const struct call control_calls[] = {
    {"ws_control_feed", "a ping of 4 B", feed_ping},
    {"ws_control_feed", "a text", feed_text},
    {"ws_control_feed", "a close with 10 B", feed_close},
    {"ws_control_close", "10 B", send_close},
    {"ws_control_close_code", "", close_code},
    {"ws_control_reason", "10 B", reason},
    {0},
};
