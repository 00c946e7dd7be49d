/* The result of a stream does not depend on how it is cut. */
#include "check.h"
#include "decoded.h"

#include <stdlib.h>
#include <string.h>

#define M "11223344"
/* 130 bytes of payload. */
#define TEN "00010203040506070809"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

enum { S = WS_SERVER, C = WS_CLIENT };

static const struct {
    const char *hex;
    uint32_t flags;
    uint64_t max_payload;
    int error;  /* 0 if there is none. */
    int finish; /* If there is no error. */
    size_t frames, ended;
} streams[] = {
    /* Valid. */
    {"", S, 0, 0, 0, 0, 0},
    {"8180" M, S, 0, 0, 0, 1, 1},
    {"8100", C, 0, 0, 0, 1, 1},
    {"8185" M "595047285e", S, 0, 0, 0, 1, 1},
    {"810548656c6c6f", C, 0, 0, 0, 1, 1},
    {"0183" M "594947 8980" M " 8082" M "5d4d", S, 0, 0, 0, 3, 3},
    {"0103 48656c 8a02 6869 0000 8002 6c6f", C, 0, 0, 0, 4, 4},
    {"8180" M "8280" M "8980" M "8a80" M "8880" M "8180" M, S, 0, 0, 0, 6, 6},
    {"0100 0000 0000 8900 8000 8200 8800", C, 0, 0, 0, 7, 7},
    {"82fe0082" M LONG "8181" M "50", S, 0, 0, 0, 2, 2},
    {"827e0082" LONG "8a03" "112233", C, 0, 0, 0, 2, 2},
    {"c103 414243 8103 414243", C | WS_DEFLATE, 0, 0, 0, 2, 2},
    {"4180" M "0080" M "8080" M, S | WS_DEFLATE, 0, 0, 0, 3, 3},
    {"8103414243 8183" M "505172 8203313233", S | WS_ANY_MASK, 0, 0, 0, 3, 3},
    {"8103414243 8183" M "505172", C | WS_ANY_MASK, 0, 0, 0, 2, 2},
    {"0183" M "505172 8083" M "505172", S | WS_KEEP_MASKED, 0, 0, 0, 2, 2},
    {"8105 48656c6c6f", C, 5, 0, 0, 1, 1},

    /* Truncated. */
    {"81", S, 0, 0, WS_ERR_EOF, 0, 0},
    {"8185" M, S, 0, 0, WS_ERR_EOF, 0, 0},
    {"8185" M "59504728", S, 0, 0, WS_ERR_EOF, 1, 0},
    {"0180" M, S, 0, 0, WS_ERR_EOF, 1, 1},
    {"0180" M "8980" M, S, 0, 0, WS_ERR_EOF, 2, 2},
    {"827f0000000000010000 616263", C, 0, 0, WS_ERR_EOF, 1, 0},
    {"82ff7fffffffffffffff" M "616263", S, 0, 0, WS_ERR_EOF, 1, 0},
    {"827f0000000100000005", C, 0, 0, WS_ERR_EOF, 0, 0},
    {"827f0000000100000005 61", C, 0, 0, WS_ERR_EOF, 1, 0},
    {"8900 827e007e", C, 0, 0, WS_ERR_EOF, 1, 1},

    /* Invalid, at once and after valid frames. */
    {"9180" M, S, 0, WS_ERR_RESERVED_BITS, 0, 0, 0},
    {"c180" M, S, 0, WS_ERR_RESERVED_BITS, 0, 0, 0},
    {"8900 a100", C, 0, WS_ERR_RESERVED_BITS, 0, 1, 1},
    {"c180" M "c980" M, S | WS_DEFLATE, 0, WS_ERR_RESERVED_BITS, 0, 1, 1},
    {"4100 c000", C | WS_DEFLATE, 0, WS_ERR_RESERVED_BITS, 0, 1, 1},
    {"8380" M, S, 0, WS_ERR_OPCODE, 0, 0, 0},
    {"810161 8f00", C, 0, WS_ERR_OPCODE, 0, 1, 1},
    {"810161 8105 48656c6c6f 8b00 8100", C, 0, WS_ERR_OPCODE, 0, 2, 2},
    {"0980" M, S, 0, WS_ERR_CONTROL_FRAME, 0, 0, 0},
    {"89fe007e" M, S, 0, WS_ERR_CONTROL_FRAME, 0, 0, 0},
    {"8180" M "88ff0000000000010000" M, S, 0, WS_ERR_CONTROL_FRAME, 0, 1, 1},
    {"8180" M "8105 48656c6c6f", S, 0, WS_ERR_MASK, 0, 1, 1},
    {"8100 8180" M, C, 0, WS_ERR_MASK, 0, 1, 1},
    {"8080" M, S, 0, WS_ERR_FRAGMENTATION, 0, 0, 0},
    {"8180" M "0080" M, S, 0, WS_ERR_FRAGMENTATION, 0, 1, 1},
    {"0101 61 8101 62", C, 0, WS_ERR_FRAGMENTATION, 0, 1, 1},
    {"0101 61 8900 0201 62", C, 0, WS_ERR_FRAGMENTATION, 0, 2, 2},
    {"0101 61 8001 62 8001 63", C, 0, WS_ERR_FRAGMENTATION, 0, 2, 2},
    {"82fe007d" M, S, 0, WS_ERR_LENGTH, 0, 0, 0},
    {"8101 61 827e0000", C, 0, WS_ERR_LENGTH, 0, 1, 1},
    {"82ff000000000000ffff" M, S, 0, WS_ERR_LENGTH, 0, 0, 0},
    {"8101 61 827f8000000000000000", C, 0, WS_ERR_LENGTH, 0, 1, 1},
    {"82fffffffffffffffffc" M, S, 0, WS_ERR_LENGTH, 0, 0, 0},
    {"82fffffffffffffffff2" M, S, 0, WS_ERR_LENGTH, 0, 0, 0},
    {"827ffffffffffffffff6", C, 0, WS_ERR_LENGTH, 0, 0, 0},
    {"8105 48656c6c6f 8106 48656c6c6f21", C, 5, WS_ERR_TOO_BIG, 0, 1, 1},
    {"8185" M "595047285e 82fe0082" M, S, 129, WS_ERR_TOO_BIG, 0, 1, 1},
    {"82ff7fffffffffffffff" M, S, 1000, WS_ERR_TOO_BIG, 0, 0, 0},
    /* The first invalid byte determines the error. */
    {"b380" M, S, 0, WS_ERR_RESERVED_BITS, 0, 0, 0},
    {"0b00", S, 0, WS_ERR_OPCODE, 0, 0, 0},
    {"8000", S, 0, WS_ERR_FRAGMENTATION, 0, 0, 0},
    {"897e0001", S, 0, WS_ERR_MASK, 0, 0, 0},
    {"82fe0001" M, S, 0, WS_ERR_LENGTH, 0, 0, 0},
};

static unsigned char bytes[512];
static size_t bytes_len;

/* Feeds bytes[from..to] in a buffer of exactly that size. */
static void feed_part(struct decoded *o, ws_decoder *decoder, size_t from, size_t to,
                      size_t cap, uint32_t flags)
{
    unsigned char *piece = malloc(to > from ? to - from : 1);

    memcpy(piece, bytes + from, to - from);
    decoded_feed(o, decoder, piece, to - from, cap, flags);
    free(piece);
}

static void compare(const struct decoded *got, const struct decoded *want)
{
    CHECK_EQ(got->error, want->error);
    CHECK_EQ(got->finish, want->finish);
    CHECK_EQ(got->frames, want->frames);
    CHECK_EQ(got->ended, want->ended);
    CHECK_EQ(got->log_len, want->log_len);
    CHECK_MEM(got->log, want->log, want->log_len);
}

static void check_cuts(size_t index, size_t cap, const struct decoded *want)
{
    uint32_t flags = streams[index].flags;
    uint64_t max = streams[index].max_payload;
    struct decoded got;
    ws_decoder decoder, copy;
    size_t a, b, most = bytes_len <= 40 ? bytes_len : 0;

    /* In one, in two and, if it is short, in three pieces. */
    for (a = 0; a <= bytes_len; a++) {
        for (b = a; b <= (most > a ? most : a); b++) {
            check_case(streams[index].hex, a, b);
            decoded_start(&got, &decoder, flags, max);
            feed_part(&got, &decoder, 0, a, cap, flags);
            /* A decoder can be copied and moved. */
            copy = decoder;
            memset(&decoder, 0xff, sizeof decoder);
            feed_part(&got, &copy, a, b, cap, flags);
            feed_part(&got, &copy, b, bytes_len, cap, flags);
            decoded_end(&got, &copy);
            compare(&got, want);
        }
    }
    /* Byte by byte, with empty pieces between. */
    check_case(streams[index].hex, cap, 1000);
    decoded_start(&got, &decoder, flags, max);
    for (a = 0; a < bytes_len; a++) {
        feed_part(&got, &decoder, a, a + 1, cap, flags);
        decoded_feed(&got, &decoder, NULL, 0, cap, flags);
    }
    decoded_end(&got, &decoder);
    compare(&got, want);
}

int main(int argc, char **argv)
{
    static const size_t caps[] = {1, 2, MOST_FRAMES};
    size_t i, c;

    (void)argc;
    for (i = 0; i < sizeof streams / sizeof *streams; i++) {
        struct decoded whole;
        ws_decoder decoder;

        bytes_len = unhex(streams[i].hex, bytes, sizeof bytes);
        check_case(streams[i].hex, 0, 0);
        decoded_start(&whole, &decoder, streams[i].flags, streams[i].max_payload);
        feed_part(&whole, &decoder, 0, bytes_len, MOST_FRAMES,
                  streams[i].flags);
        decoded_end(&whole, &decoder);
        CHECK_EQ(whole.error, streams[i].error);
        CHECK_EQ(whole.finish, streams[i].error != 0 ? streams[i].error
                                                     : streams[i].finish);
        CHECK_EQ(whole.frames, streams[i].frames);
        CHECK_EQ(whole.ended, streams[i].ended);
        for (c = 0; c < sizeof caps / sizeof *caps; c++) {
            check_cuts(i, caps[c], &whole);
        }
    }

    /* A zeroed decoder is a fresh one of a server. */
    {
        ws_decoder zero, fresh;

        check_case("zero", 0, 0);
        memset(&zero, 0, sizeof zero);
        CHECK_EQ(ws_decoder_init(&fresh, WS_SERVER, 0), 0);
        CHECK_EQ(ws_decoder_finish(&zero), WS_OK);
        CHECK_MEM(&zero, &fresh, sizeof zero);
    }
    return check_done(argv[0]);
}
