/* One frame. */
#include "calls.h"

static void decode(size_t len) {
    ws_frame frame;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_BINARY, ascii, len);
    wire_arrives();
    CHECK(COUNTED(ws_frame_decode(input, wire_len, WS_SERVER, &frame)) > 0);
}

static void decode_20(void) { decode(20); }
static void decode_1024(void) { decode(1024); }

static void encode(const void *key, size_t len) {
    CHECK(COUNTED(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, key, ascii, len, out, OUT)) > 0);
}

static void encode_20(void) { encode(NULL, 20); }
static void encode_20_masked(void) { encode(mask_key, 20); }
static void encode_1024(void) { encode(NULL, 1024); }

static void header(void) {
    CHECK(COUNTED(ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, 1024, out, OUT)) == 4);
}

static void size(void) { CHECK(COUNTED(ws_frame_size(1024, 1)) == 1032); }

static void encode_16(void) {
    ws_out_frame frames[16];
    size_t written;
    for (int i = 0; i < 16; i++)
        frames[i] = (ws_out_frame){ascii, 20, {0}, WS_OPCODE_BINARY, WS_FIN, {0}};
    CHECK(COUNTED(ws_frames_encode(frames, 16, out, OUT, &written)) == 16);
}

static void mask(size_t from, size_t len) {
    wire_clear();
    wire_add(ascii, len + from);
    count_start();
    ws_mask(wire + from, len, mask_key, 0);
    count_stop();
}

static void mask_20(void) { mask(0, 20); }
static void mask_1024_unaligned(void) { mask(1, 1024); }

static void mask_copy(void) {
    count_start();
    ws_mask_copy(out, ascii, 1024, mask_key, 0);
    count_stop();
}

const struct call frame_calls[] = {
    {"ws_frame_decode", "20 B", decode_20},
    {"ws_frame_decode", "1 KiB", decode_1024},
    {"ws_frame_encode", "20 B", encode_20},
    {"ws_frame_encode", "20 B, masked", encode_20_masked},
    {"ws_frame_encode", "1 KiB", encode_1024},
    {"ws_frame_header", "1 KiB", header},
    {"ws_frame_size", "1 KiB, masked", size},
    {"ws_frames_encode", "16 frames of 20 B", encode_16},
    {"ws_mask", "20 B", mask_20},
    {"ws_mask", "1 KiB, not aligned", mask_1024_unaligned},
    {"ws_mask_copy", "1 KiB", mask_copy},
    {0},
};
