/* Encoding of one frame and of many. */
#include "check.h"
#include "memory.h"
#include "wscodec.h"

#include <limits.h>
#include <string.h>

static const unsigned char mask[4] = {1, 2, 3, 4};

static ws_result encode(int opcode, uint32_t flags, size_t len)
{
    static const unsigned char payload[200];
    unsigned char out[256];
    ws_result header, frame;

    header = ws_frame_header(opcode, flags, NULL, len, out, sizeof out);
    frame =
        ws_frame_encode(opcode, flags, NULL, payload, len, out, sizeof out);
    if (frame < 0) {
        CHECK_EQ(header, frame);
    } else {
        CHECK_EQ(header + (ws_result)len, frame);
        CHECK_EQ(out[0], flags | (unsigned)opcode);
    }
    return frame;
}

static void check_opcodes(void)
{
    static const int far[] = {INT_MIN, INT_MIN + 1, INT_MIN + 2, -256, -255,
                              257,     258,         265,         65537,
                              INT_MAX, INT_MAX - 1};
    int opcode;
    size_t i;

    for (opcode = -300; opcode <= 300; opcode++) {
        int data = opcode >= 0 && opcode <= 2;
        int control = opcode >= 8 && opcode <= 10;

        check_case("opcode", (uintmax_t)opcode, 0);
        CHECK_EQ(encode(opcode, WS_FIN, 125) > 0, data || control);
        CHECK_EQ(encode(opcode, WS_FIN, 126) > 0, data);
        CHECK_EQ(encode(opcode, 0, 0) > 0, data);
        if (!data && !control) {
            CHECK_EQ(encode(opcode, WS_FIN, 0), WS_ERR_INVALID_ARGUMENT);
        }
        if (control) {
            CHECK_EQ(encode(opcode, 0, 0), WS_ERR_INVALID_ARGUMENT);
            CHECK_EQ(encode(opcode, WS_FIN, 126), WS_ERR_INVALID_ARGUMENT);
        }
    }
    for (i = 0; i < sizeof far / sizeof *far; i++) {
        check_case("opcode", (uintmax_t)far[i], 0);
        CHECK_EQ(encode(far[i], WS_FIN, 0), WS_ERR_INVALID_ARGUMENT);
    }
}

static void check_flags(void)
{
    uint32_t flags;
    int bit;

    for (flags = 0; flags < 512; flags++) {
        check_case("flags", flags, 0);
        CHECK_EQ(encode(WS_OPCODE_TEXT, flags, 0),
                 (flags & ~UINT32_C(0xf0)) == 0 ? 2 : WS_ERR_INVALID_ARGUMENT);
    }
    for (bit = 8; bit < 32; bit++) {
        check_case("flags bit", (uintmax_t)bit, 0);
        CHECK_EQ(encode(WS_OPCODE_TEXT, WS_FIN | (UINT32_C(1) << bit), 0),
                 WS_ERR_INVALID_ARGUMENT);
    }
}

static void check_out_frame_bytes(void)
{
    ws_out_frame frame;
    unsigned char out[64];
    size_t written;
    int opcode, flags;

    memset(&frame, 0, sizeof frame);
    for (opcode = 0; opcode < 256; opcode++) {
        for (flags = 0; flags < 256; flags++) {
            int control = opcode >= 8 && opcode <= 10;
            int good = (opcode <= 2 || control) &&
                       (!control || (flags & 0x80) != 0) && (flags & 0x0e) == 0;
            int masked = (flags & 1) != 0;

            check_case("out frame", (uintmax_t)opcode, (uintmax_t)flags);
            frame.opcode = (uint8_t)opcode;
            frame.flags = (uint8_t)flags;
            written = 99;
            CHECK_EQ(ws_frames_encode(&frame, 1, out, sizeof out, &written),
                     good ? 1 : WS_ERR_INVALID_ARGUMENT);
            CHECK_EQ(written, !good ? 0 : masked ? 6 : 2);
            if (good) {
                CHECK_EQ(out[0], (flags & 0xf0) | opcode);
                CHECK_EQ(out[1], masked ? 0x80 : 0);
            }
        }
    }
}

/* Three frames of 7, 11 and 2 bytes: only whole frames are written. */
static void check_many(void)
{
    static const char wire[] = "\x81\x05Hello"
                               "\x82\x85\x01\x02\x03\x04\x49\x67\x6f\x68\x6e"
                               "\x8a\x00";
    ws_out_frame frames[4];
    size_t cap, written;

    memset(frames, 0, sizeof frames);
    frames[0].payload = frames[1].payload = "Hello";
    frames[0].payload_len = frames[1].payload_len = 5;
    frames[0].opcode = WS_OPCODE_TEXT;
    frames[0].flags = WS_FIN;
    frames[1].opcode = WS_OPCODE_BINARY;
    frames[1].flags = WS_FIN | WS_MASKED;
    memcpy(frames[1].mask_key, mask, 4);
    frames[2].opcode = WS_OPCODE_PONG;
    frames[2].flags = WS_FIN;
    frames[3].opcode = 3; /* reserved */
    frames[3].flags = WS_FIN;

    for (cap = 0; cap <= 24; cap++) {
        unsigned char *out = guarded(cap);
        int fit = cap < 7 ? 0 : cap < 18 ? 1 : cap < 20 ? 2 : 3;
        size_t used = fit == 0 ? 0 : fit == 1 ? 7 : fit == 2 ? 18 : 20;

        check_case("room", cap, 0);
        written = 99;
        CHECK_EQ(ws_frames_encode(frames, 3, out, cap, &written),
                 fit != 0 ? fit : WS_ERR_BUFFER_TOO_SMALL);
        CHECK_EQ(written, used);
        CHECK_MEM(out, wire, used);
        CHECK_FILL(out + used, GUARD_BYTE, cap - used);
        CHECK(guards_intact(out, cap));
        /* An invalid frame is an error only if it is the first. */
        CHECK_EQ(ws_frames_encode(frames, 4, out, cap, &written),
                 fit != 0 ? fit : WS_ERR_BUFFER_TOO_SMALL);
        CHECK_EQ(written, used);
        CHECK_EQ(ws_frames_encode(frames + 3, 1, out, cap, &written),
                 WS_ERR_INVALID_ARGUMENT);
        CHECK_EQ(written, 0);
        CHECK_EQ(ws_frames_encode(frames, 0, out, cap, &written), 0);
        CHECK_EQ(written, 0);
        guarded_free(out);
    }
}

/* ws_frame_encode(), ws_frame_header() with ws_mask_copy(), and
 * ws_frame_decode() agree for every small length. */
static void check_round_trips(void)
{
    enum { LONGEST = 700 };
    static unsigned char payload[LONGEST], whole[LONGEST + 14],
        parts[LONGEST + 14];
    size_t len, i;
    int masked;
    ws_frame frame;

    for (i = 0; i < LONGEST; i++) {
        payload[i] = (unsigned char)(i * 31 + 7);
    }
    for (len = 0; len <= LONGEST; len++) {
        for (masked = 0; masked <= 1; masked++) {
            const void *key = masked ? mask : NULL;
            size_t total = (size_t)ws_frame_size(len, masked);
            ws_result header;

            check_case("length", len, (uintmax_t)masked);
            CHECK_EQ(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, key, payload,
                                     len, whole, sizeof whole),
                     total);
            header = ws_frame_header(WS_OPCODE_BINARY, WS_FIN, key, len, parts,
                                     sizeof parts);
            CHECK_EQ(header, total - len);
            memcpy(parts + header, payload, len);
            if (masked) {
                ws_mask_copy(parts + header, payload, len, mask, 0);
            }
            CHECK_MEM(whole, parts, total);
            CHECK_EQ(ws_frame_decode(whole, total,
                                     masked ? WS_SERVER : WS_CLIENT, &frame),
                     total);
            CHECK_U64(frame.chunk_len, len);
            CHECK_U64(frame.chunk_off, header);
            CHECK_MEM(whole + frame.chunk_off, payload, len);
            if (len > 0) {
                CHECK_EQ(ws_frame_decode(parts, total - 1,
                                         masked ? WS_SERVER : WS_CLIENT,
                                         &frame),
                         0);
                CHECK_EQ(frame.header_len, header);
                CHECK_U64(frame.payload_len, len);
                CHECK_U64(frame.chunk_len, 0);
            }
        }
    }
}

/* A header may be written directly before its payload. */
static void check_header_in_front(void)
{
    static const size_t lens[] = {0, 1, 125, 126, 65535, 65536};
    static unsigned char room[WS_MAX_HEADER + 65536], whole[WS_MAX_HEADER + 65536];
    unsigned char *payload = room + WS_MAX_HEADER;
    size_t i;

    memset(payload, 'x', 65536);
    for (i = 0; i < sizeof lens / sizeof *lens; i++) {
        size_t len = lens[i], n = (size_t)ws_frame_size(len, 0) - len;

        check_case("in front", len, n);
        CHECK_EQ(ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, len,
                                 payload - n, n),
                 n);
        CHECK_EQ(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, NULL, payload, len,
                                 whole, sizeof whole),
                 n + len);
        CHECK_MEM(payload - n, whole, n + len);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    check_opcodes();
    check_flags();
    check_out_frame_bytes();
    check_many();
    check_round_trips();
    check_header_in_front();
    return check_done(argv[0]);
}
