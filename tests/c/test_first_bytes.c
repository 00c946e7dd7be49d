/* All 65,536 pairs of first bytes, for both sides, inside a message and between
 * messages, compared with rules from RFC 6455, 5.1 to 5.5. */
#include "check.h"
#include "wscodec.h"

#include <string.h>

enum place { ANYWHERE, BETWEEN, INSIDE };

/* One letter for each opcode: Continuation, Data, control (K), reserved (-). */
static const char kinds[] = "CDD-----KKK-----";

static int expected_of_first(unsigned byte, uint32_t flags, enum place place)
{
    char kind = kinds[byte & 15];

    if ((byte & 0x30) != 0) {
        return WS_ERR_RESERVED_BITS;
    }
    if ((byte & 0x40) != 0 && !((flags & WS_DEFLATE) != 0 && kind == 'D')) {
        return WS_ERR_RESERVED_BITS;
    }
    if (kind == '-') {
        return WS_ERR_OPCODE;
    }
    if (kind == 'K' && (byte & 0x80) == 0) {
        return WS_ERR_CONTROL_FRAME;
    }
    if ((place == BETWEEN && kind == 'C') || (place == INSIDE && kind == 'D')) {
        return WS_ERR_FRAGMENTATION;
    }
    return 0;
}

static int expected_of_second(unsigned first, unsigned second, uint32_t flags)
{
    int masked = (second & 0x80) != 0;
    int must_be = (flags & WS_CLIENT) == 0;

    if ((flags & WS_ANY_MASK) == 0 && masked != must_be) {
        return WS_ERR_MASK;
    }
    if (kinds[first & 15] == 'K' && (second & 0x7f) > 125) {
        return WS_ERR_CONTROL_FRAME;
    }
    return 0;
}

/* A decoder at this place of a stream. */
static ws_decoder decoder_at(enum place place, uint32_t flags)
{
    unsigned char start[] = {0x01, 0x80, 0, 0, 0, 0};
    ws_decoder decoder;
    ws_frame frame;
    size_t used;

    CHECK_EQ(ws_decoder_init(&decoder, flags, 0), 0);
    if (place == INSIDE) {
        size_t len = (flags & WS_CLIENT) != 0 ? 2 : 6;

        start[1] = (flags & WS_CLIENT) != 0 ? 0 : 0x80;
        CHECK_EQ(ws_decoder_feed(&decoder, start, len, &frame, 1, &used), 1);
        CHECK_EQ(ws_decoder_finish(&decoder), WS_ERR_EOF);
    }
    return decoder;
}

static ws_result feed(ws_decoder decoder, const unsigned char *bytes,
                      size_t len, size_t *used)
{
    unsigned char copy[16];
    ws_frame frame;
    ws_result result;

    memcpy(copy, bytes, len);
    result = ws_decoder_feed(&decoder, copy, len, &frame, 1, used);
    if (result < 0) {
        /* The error is permanent, and nothing was consumed. */
        CHECK_EQ(*used, 0);
        CHECK_EQ(ws_decoder_finish(&decoder), result);
        copy[0] = 0x81;
        CHECK_EQ(ws_decoder_feed(&decoder, copy, 1, &frame, 1, used), result);
    }
    return result;
}

/* Completes the header with valid bytes; returns its length. */
static size_t complete(unsigned char *bytes)
{
    size_t len = 2;

    if ((bytes[1] & 0x7f) == 126) {
        bytes[len++] = 0;
        bytes[len++] = 126;
    } else if ((bytes[1] & 0x7f) == 127) {
        memset(bytes + len, 0, 8);
        bytes[len + 5] = 1;
        len += 8;
    }
    if ((bytes[1] & 0x80) != 0) {
        memcpy(bytes + len, "\x11\x22\x33\x44", 4);
        len += 4;
    }
    return len;
}

static void check_header(const unsigned char *bytes, size_t len, uint32_t flags)
{
    unsigned char copy[16];
    unsigned code = bytes[1] & 0x7f;
    uint64_t payload_len = code < 126 ? code : code == 126 ? 126 : 65536;
    ws_frame frame;
    ws_result result;

    memcpy(copy, bytes, len);
    result = ws_frame_decode(copy, len, flags, &frame);
    CHECK_EQ(result, payload_len == 0 ? len : 0);
    CHECK_EQ(frame.header_len, len);
    CHECK_U64(frame.payload_len, payload_len);
    CHECK_EQ(frame.opcode, bytes[0] & 15);
    CHECK_EQ(frame.flags & 0xf0, bytes[0] & 0xf0);
    CHECK_EQ((frame.flags & WS_MASKED) != 0, bytes[1] >> 7);
}

static void check_pair(unsigned first, unsigned second, uint32_t flags,
                       const ws_decoder *between, const ws_decoder *inside)
{
    unsigned char bytes[16];
    enum place place;
    size_t len, used;

    memset(bytes, 0, sizeof bytes);
    bytes[0] = (unsigned char)first;
    bytes[1] = (unsigned char)second;
    len = complete(bytes);
    for (place = ANYWHERE; place <= INSIDE; place++) {
        int want = expected_of_first(first, flags, place);
        int empty = (second & 0x7f) == 0;

        if (want == 0) {
            want = expected_of_second(first, second, flags);
        }
        if (place == ANYWHERE) {
            unsigned char copy[16];
            ws_frame frame;

            memcpy(copy, bytes, 2);
            CHECK_EQ(ws_frame_decode(copy, 2, flags, &frame),
                     want == 0 && empty && len == 2 ? 2 : want);
            if (want == 0) {
                check_header(bytes, len, flags);
            } else {
                CHECK_EQ(frame.header_len, 0);
            }
        } else {
            const ws_decoder *decoder = place == INSIDE ? inside : between;

            CHECK_EQ(feed(*decoder, bytes, 2, &used),
                     want == 0 && empty && len == 2 ? 1 : want);
            CHECK_EQ(feed(*decoder, bytes, len, &used),
                     want == 0 && empty ? 1 : want);
            CHECK_EQ(used, want == 0 ? len : 0);
        }
    }
}

int main(int argc, char **argv)
{
    static const uint32_t rules[] = {
        WS_SERVER, WS_CLIENT, WS_SERVER | WS_DEFLATE,
        WS_CLIENT | WS_DEFLATE | WS_ANY_MASK};
    size_t i, used;
    unsigned first, second;

    (void)argc;
    for (i = 0; i < sizeof rules / sizeof *rules; i++) {
        ws_decoder between = decoder_at(BETWEEN, rules[i]);
        ws_decoder inside = decoder_at(INSIDE, rules[i]);

        for (first = 0; first < 256; first++) {
            unsigned char byte = (unsigned char)first;
            ws_frame frame;

            /* The first byte is judged alone. */
            check_case("first byte", first, rules[i]);
            CHECK_EQ(ws_frame_decode(&byte, 1, rules[i], &frame),
                     expected_of_first(first, rules[i], ANYWHERE));
            CHECK_EQ(feed(between, &byte, 1, &used),
                     expected_of_first(first, rules[i], BETWEEN));
            CHECK_EQ(feed(inside, &byte, 1, &used),
                     expected_of_first(first, rules[i], INSIDE));
            for (second = 0; second < 256; second++) {
                check_case("first two bytes, flags", first << 8 | second,
                           rules[i]);
                check_pair(first, second, rules[i], &between, &inside);
            }
        }
    }
    return check_done(argv[0]);
}
