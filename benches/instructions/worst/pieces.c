/* Layers 1 and 2, without heads. */
#include "worst.h"

/* ---- one frame ---- */

static size_t decode_each(void) {
    size_t at = 0;
    wire_arrives();
    count_start();
    while (at < wire_len) {
        ws_frame frame;
        ws_result n = ws_frame_decode(input + at, wire_len - at, WS_SERVER, &frame);
        CHECK(n > 0);
        at += (size_t)n;
    }
    count_stop();
    return wire_len;
}

static size_t decode_one(size_t size) {
    wire_one(size);
    return decode_each();
}

static size_t decode_empty(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_BINARY, NULL, 0, size);
    return decode_each();
}

/* ---- masking ---- */

static size_t mask_by(size_t step, size_t size) {
    count_start();
    for (size_t at = 0; at < size; at += step)
        ws_mask(input + at, step, mask_key, at);
    count_stop();
    return size;
}

static size_t mask_whole(size_t size) { return mask_by(size, size); }
static size_t mask_bytes(size_t size) { return mask_by(1, size); }

/* ---- many frames ---- */

static size_t feed_by(size_t step, bool controls) {
    ws_decoder decoder = {{0}};
    ws_control control = {{0}};
    ws_frame frames[64];
    wire_arrives();
    count_start();
    for (size_t at = 0, used; at < wire_len; at += used) {
        size_t len = wire_len - at < step ? wire_len - at : step;
        ws_result n = ws_decoder_feed(&decoder, input + at, len, frames, 64, &used);
        CHECK(n >= 0);
        for (ws_result i = 0; controls && i < n; i++)
            CHECK(ws_control_feed(&control, &frames[i], input + at, NULL, out, OUT) >= 0);
    }
    count_stop();
    return wire_len;
}

static size_t feed_one(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_BINARY, ascii, QUARTER, size);
    return feed_by(64 << 10, false);
}

static size_t feed_empty(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_BINARY, NULL, 0, size);
    return feed_by(64 << 10, false);
}

static size_t feed_bytes(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_BINARY, NULL, 0, size);
    return feed_by(1, false);
}

static size_t control_pings(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_PING, NULL, 0, size);
    return feed_by(64 << 10, true);
}

static size_t control_bytes(size_t size) {
    wire_clear();
    wire_repeat(WS_FIN | WS_OPCODE_PING, NULL, 0, size);
    return feed_by(1, true);
}

/* ---- UTF-8 ---- */

static size_t validate(const char *character, size_t len, size_t step, size_t size) {
    uint32_t state = 0;
    wire_clear();
    wire_add(character, len);
    while (2 * wire_len <= size)
        wire_add(wire, wire_len);
    count_start();
    for (size_t at = 0; at < wire_len; at += step)
        CHECK(ws_utf8_validate(&state, wire + at,
                               wire_len - at < step ? wire_len - at : step) == WS_OK);
    count_stop();
    return wire_len;
}

static size_t validate_ascii(size_t size) { return validate("a", 1, ENDLESS, size); }
static size_t validate_two(size_t size) { return validate("\xc3\xa9", 2, ENDLESS, size); }
static size_t validate_four(size_t size) {
    return validate("\xf0\x9f\x98\x80", 4, ENDLESS, size);
}
static size_t validate_bytes(size_t size) {
    return validate("\xf0\x9f\x98\x80", 4, 1, size);
}

/* ---- close payloads ---- */

static size_t close_parse(const unsigned char *text, size_t size) {
    unsigned char payload[WS_MAX_CONTROL] = "\x03\xe8";
    uint16_t code;
    for (int i = 2; i < WS_MAX_CONTROL; i++)
        payload[i] = text[i];
    count_start();
    for (size_t at = 0; at < size; at += 124)
        CHECK(ws_close_parse(payload, 124, &code) == 122);
    count_stop();
    return size / 124 * 124;
}

static size_t close_ascii(size_t size) { return close_parse(ascii, size); }
static size_t close_two_byte(size_t size) { return close_parse(two_byte, size); }

#define PLAIN "binary frames of 16 KiB"

const struct worst piece_worst[] = {
    {"ws_frame_decode", "one binary frame", .run = decode_one, .size = ENDLESS},
    {"ws_frame_decode", "empty frames", "one binary frame", decode_empty, SMALL_FRAME,
     .endless = true},
    {"ws_mask", "one payload", .run = mask_whole, .size = ENDLESS},
    {"ws_mask", "payloads of 1 B", "one payload", mask_bytes,
     .argument = "a call for each payload, whose frame has a header of 6 B"},
    {"ws_decoder_feed", PLAIN, .run = feed_one, .size = ENDLESS},
    {"ws_decoder_feed", "empty frames", PLAIN, feed_empty, SMALL_FRAME, .endless = true},
    {"ws_decoder_feed", "empty frames, byte by byte", PLAIN, feed_bytes, .argument = EACH_BYTE},
    {"ws_decoder_feed ws_control_feed", "empty pings", PLAIN, control_pings,
     "for each ping a frame is decoded and a pong is written", .endless = true},
    {"ws_decoder_feed ws_control_feed", "empty pings, byte by byte", PLAIN, control_bytes,
     .argument = EACH_BYTE},
    {"ws_utf8_validate", "ASCII", .run = validate_ascii, .size = ENDLESS},
    {"ws_utf8_validate", "two-byte characters", "ASCII", .run = validate_two,
     .size = ENDLESS},
    {"ws_utf8_validate", "four-byte characters", "ASCII", .run = validate_four,
     .size = ENDLESS},
    {"ws_utf8_validate", "four-byte characters, byte by byte", "ASCII", validate_bytes,
     .argument = EACH_BYTE},
    {"ws_close_parse", "reasons of 122 B, ASCII", .run = close_ascii},
    {"ws_close_parse", "reasons of 122 B, two-byte characters", "reasons of 122 B, ASCII",
     .run = close_two_byte},
    {0},
};
