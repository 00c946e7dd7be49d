/* Payload lengths at every limit, up to 2^63. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "vectors.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define BIG(n) UINT64_C(n)

static void check_encoder(const struct frame_header *v, const unsigned char *header)
{
    unsigned char out[WS_MAX_HEADER];
    int masked = (v->frame.flags & WS_MASKED) != 0;
    const void *key = masked ? v->frame.mask_key : NULL;
    uint64_t len = v->frame.payload_len;
    size_t header_len = v->header.len, cap;
    uint32_t fin = v->frame.flags & WS_FIN;

    CHECK_EQ(ws_frame_header(v->frame.opcode, fin, key, len, out, sizeof out),
             header_len);
    CHECK_MEM(out, header, header_len);
    memset(out, 'x', sizeof out);
    for (cap = 0; cap < header_len; cap++) {
        CHECK_EQ(ws_frame_header(v->frame.opcode, fin, key, len, out, cap),
                 WS_ERR_BUFFER_TOO_SMALL);
    }
    CHECK_FILL(out, 'x', sizeof out);
    CHECK_U64(ws_frame_size(len, masked), len + header_len);
    if (masked) {
        CHECK_U64(ws_frame_size(len, INT_MIN), len + header_len);
        CHECK_U64(ws_frame_size(len, INT_MAX), len + header_len);
        CHECK_U64(ws_frame_size(len, -1), len + header_len);
        CHECK_U64(ws_frame_size(len, 256), len + header_len);
    }
    if (len > WS_MAX_CONTROL) {
        CHECK_EQ(ws_frame_header(WS_OPCODE_PING, WS_FIN, key, len, out,
                                 sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
    }
}

/* An incomplete header returns 0; a complete one is reported. */
static void check_decode(uint64_t len, uint32_t flags,
                         const unsigned char *header, size_t header_len)
{
    ws_frame frame;
    size_t n;

    for (n = 0; n < header_len; n++) {
        unsigned char *copy = malloc(n != 0 ? n : 1);

        memcpy(copy, header, n);
        memset(&frame, 0xcc, sizeof frame);
        CHECK_EQ(ws_frame_decode(copy, n, flags, &frame), 0);
        CHECK_EQ(frame.header_len, 0);
        free(copy);
    }
    if (len != 0) {
        unsigned char copy[WS_MAX_HEADER + 1];

        memcpy(copy, header, header_len);
        copy[header_len] = 'p';
        CHECK_EQ(ws_frame_decode(copy, header_len, flags, &frame), 0);
        CHECK_EQ(frame.header_len, header_len);
        CHECK_U64(frame.payload_len, len);
        CHECK_EQ(frame.flags & (WS_BEGIN | WS_END), 0);
        CHECK_EQ(frame.flags & WS_MASKED, (flags & WS_CLIENT) == 0);
        if (len > 1) {
            CHECK_EQ(
                ws_frame_decode(copy, header_len + 1, flags, &frame), 0);
            CHECK_EQ(copy[header_len], 'p');
        }
        CHECK_MEM(copy, header, header_len);
    }
}

/* A long payload arrives in pieces of 1 GiB. With WS_KEEP_MASKED these are not
 * written to, so all can be the same read-only pages. */
static void check_chunks(uint64_t len, uint32_t flags,
                         const unsigned char *header, size_t header_len,
                         void *pages, size_t pages_len)
{
    unsigned char copy[WS_MAX_HEADER];
    ws_decoder decoder;
    ws_frame frame;
    uint64_t done = 0;
    size_t used, n;
    int calls = 0;

    CHECK_EQ(ws_decoder_init(&decoder, flags | WS_KEEP_MASKED, 0), 0);
    for (n = 0; n + 1 < header_len; n++) {
        copy[n] = header[n];
        CHECK_EQ(ws_decoder_feed(&decoder, copy + n, 1, &frame, 1, &used), 0);
        CHECK_EQ(used, 1);
        CHECK_EQ(ws_decoder_finish(&decoder), WS_ERR_EOF);
    }
    copy[n] = header[n];
    CHECK_EQ(ws_decoder_feed(&decoder, copy + n, 1, &frame, 1, &used),
             len == 0);
    CHECK_EQ(used, 1);
    while (done < len && calls++ < 8) {
        size_t piece = len - done < pages_len ? (size_t)(len - done) : pages_len;
        unsigned place = (done == 0 ? WS_BEGIN : 0) |
                         (done + piece == len ? WS_END : 0);

        CHECK_EQ(ws_decoder_finish(&decoder), WS_ERR_EOF);
        CHECK_EQ(ws_decoder_feed(&decoder, pages, piece, &frame, 1, &used), 1);
        CHECK_EQ(used, piece);
        CHECK_U64(frame.payload_len, len);
        CHECK_U64(frame.chunk_pos, done);
        CHECK_U64(frame.chunk_len, piece);
        CHECK_U64(frame.chunk_off, 0);
        CHECK_EQ(frame.header_len, header_len);
        CHECK_EQ(frame.flags & (WS_BEGIN | WS_END), place);
        done += piece;
    }
    CHECK_EQ(ws_decoder_finish(&decoder), done == len ? WS_OK : WS_ERR_EOF);
}

/* The limit applies to the announced length. */
static void check_limit(uint64_t len, uint32_t flags,
                        const unsigned char *header, size_t header_len)
{
    unsigned char copy[WS_MAX_HEADER];
    ws_decoder decoder;
    ws_frame frame;
    size_t used;

    memcpy(copy, header, header_len);
    CHECK_EQ(ws_decoder_init(&decoder, flags, len), 0);
    CHECK_EQ(ws_decoder_feed(&decoder, copy, header_len, &frame, 1, &used),
             len == 0);
    if (len > 1) {
        /* Refused before the mask arrives. */
        size_t without_mask = header_len - ((flags & WS_CLIENT) != 0 ? 0 : 4);

        CHECK_EQ(ws_decoder_init(&decoder, flags, len - 1), 0);
        CHECK_EQ(ws_decoder_feed(&decoder, copy, without_mask - 1, &frame, 1,
                                 &used),
                 0);
        CHECK_EQ(ws_decoder_feed(&decoder, copy + without_mask - 1, 1, &frame,
                                 1, &used),
                 WS_ERR_TOO_BIG);
        CHECK_EQ(used, 0);
        CHECK_EQ(ws_decoder_finish(&decoder), WS_ERR_TOO_BIG);
    }
}

/* One buffer of more than 4 GiB, of which only the header is read. */
static void check_one_huge_buffer(void)
{
#if SIZE_MAX > 0xffffffff
    const size_t payload = BIG(0x100000005), len = 14 + payload;
    unsigned char *buf =
        mmap(NULL, len + 2, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    ws_decoder decoder;
    ws_frame frame;
    size_t used;

    check_case("4 GiB in one buffer", 0, 0);
    CHECK(buf != MAP_FAILED);
    if (buf == MAP_FAILED) {
        return;
    }
    (void)unhex("82 ff 0000000100000005 a1b2c3d4", buf, WS_MAX_HEADER);
    CHECK_EQ(ws_frame_decode(buf, 14 + 5, WS_KEEP_MASKED, &frame), 0);
    CHECK_EQ(ws_frame_decode(buf, len - 1, WS_KEEP_MASKED, &frame), 0);
    CHECK_EQ(frame.header_len, 14);
    CHECK_EQ(ws_frame_decode(buf, len + 2, WS_KEEP_MASKED, &frame), len);
    CHECK_U64(frame.chunk_len, payload);
    buf[len] = 0x88;
    buf[len + 1] = 0x80;
    CHECK_EQ(ws_decoder_init(&decoder, WS_KEEP_MASKED, 0), 0);
    CHECK_EQ(ws_decoder_feed(&decoder, buf, len + 2, &frame, 1, &used), 1);
    CHECK_U64(used, len);
    CHECK_U64(frame.chunk_len, payload);
    CHECK_EQ(munmap(buf, len + 2), 0);
#endif
}

int main(int argc, char **argv)
{
    static const uint64_t beyond[] = {BIG(0x8000000000000000),
                                      BIG(0x8000000000000001), UINT64_MAX - 14,
                                      UINT64_MAX - 1, UINT64_MAX};
    const size_t pages_len = (size_t)1 << 30;
    void *pages = mmap(NULL, pages_len, PROT_READ,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    size_t i;

    (void)argc;
    CHECK(pages != MAP_FAILED);
    if (pages == MAP_FAILED) {
        return check_done(argv[0]);
    }
    for (i = 0; i < frame_header_vectors_len; i++) {
        const struct frame_header *v = &frame_header_vectors[i];
        unsigned char header[WS_MAX_HEADER];
        size_t header_len = v->header.len;
        uint64_t len = v->frame.payload_len;

        check_case(v->name, len, 0);
        put_bytes(&v->header, header);
        check_encoder(v, header);
        check_decode(len, v->flags, header, header_len);
        check_chunks(len, v->flags, header, header_len, pages, pages_len);
        check_limit(len, v->flags, header, header_len);
    }
    CHECK_EQ(munmap(pages, pages_len), 0);
    check_one_huge_buffer();

    for (i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        unsigned char out[WS_MAX_HEADER];

        check_case("beyond 2^63 - 1", beyond[i], 0);
        CHECK_EQ(ws_frame_header(WS_OPCODE_BINARY, WS_FIN, NULL, beyond[i], out,
                                 sizeof out),
                 WS_ERR_INVALID_ARGUMENT);
        CHECK_U64(ws_frame_size(beyond[i], 0), UINT64_MAX);
        CHECK_U64(ws_frame_size(beyond[i], 1), UINT64_MAX);
    }
    return check_done(argv[0]);
}
