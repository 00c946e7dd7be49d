/* Many frames. */
#include "calls.h"

enum { BATCH = 16 };

static void init(void) {
    ws_decoder decoder;
    CHECK(COUNTED(ws_decoder_init(&decoder, WS_CLIENT, 1 << 20)) == WS_OK);
}

static void feed(size_t len, int count) {
    ws_decoder decoder = {{0}};
    ws_frame frames[BATCH];
    size_t used;
    wire_clear();
    for (int i = 0; i < count; i++)
        wire_frame(WS_FIN | WS_OPCODE_BINARY, ascii, len);
    wire_arrives();
    CHECK(COUNTED(ws_decoder_feed(&decoder, input, wire_len, frames, BATCH, &used)) == count);
}

static void feed_one(void) { feed(20, 1); }
static void feed_16(void) { feed(20, BATCH); }
static void feed_1024(void) { feed(1024, 1); }

/* The second part of a frame. */
static void feed_rest(void) {
    ws_decoder decoder = {{0}};
    ws_frame frame;
    size_t used;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_BINARY, ascii, 1024);
    wire_arrives();
    CHECK(ws_decoder_feed(&decoder, input, 500, &frame, 1, &used) == 1);
    CHECK(COUNTED(ws_decoder_feed(&decoder, input + 500, wire_len - 500, &frame, 1,
                                  &used)) == 1);
}

static void finish(void) {
    ws_decoder decoder = {{0}};
    CHECK(COUNTED(ws_decoder_finish(&decoder)) == WS_OK);
}

const struct call decoder_calls[] = {
    {"ws_decoder_init", "a client with a limit", init},
    {"ws_decoder_feed", "a frame of 20 B", feed_one},
    {"ws_decoder_feed", "16 frames of 20 B", feed_16},
    {"ws_decoder_feed", "a frame of 1 KiB", feed_1024},
    {"ws_decoder_feed", "the second half of a frame of 1 KiB", feed_rest},
    {"ws_decoder_finish", "between frames", finish},
    {0},
};
