#include "decoded.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

static void log_bytes(struct decoded *o, const void *bytes, size_t len)
{
    if (len > LOG_ROOM - o->log_len) {
        abort();
    }
    memcpy(o->log + o->log_len, bytes, len);
    o->log_len += len;
}

/* The description of a frame must be the same in all its chunks: it is logged
 * with the first chunk and compared with the others. */
static void log_chunk(struct decoded *o, ws_frame *frame, const unsigned char *piece)
{
    int begins = (frame->flags & WS_BEGIN) != 0;
    int ends = (frame->flags & WS_END) != 0;
    ws_frame described = *frame;

    CHECK_EQ(begins, frame->chunk_pos == 0);
    CHECK_EQ(ends, frame->chunk_pos + frame->chunk_len == frame->payload_len);
    CHECK(frame->chunk_len != 0 || frame->payload_len == 0);
    CHECK_EQ(begins, o->frames == o->ended);
    described.chunk_pos = described.chunk_off = described.chunk_len = 0;
    described.flags = (uint8_t)(described.flags & ~(unsigned)(WS_BEGIN | WS_END));
    if (begins) {
        o->frames++;
        log_bytes(o, &described, sizeof described);
    } else {
        CHECK(o->log_len >= sizeof described + frame->chunk_pos);
        CHECK_MEM(o->log + o->log_len - frame->chunk_pos - sizeof described, &described,
                  sizeof described);
    }
    log_bytes(o, piece + frame->chunk_off, (size_t)frame->chunk_len);
    if (ends) {
        o->ended++;
    }
}

void decoded_start(struct decoded *o, ws_decoder *decoder, uint32_t flags,
                   uint64_t max_payload)
{
    memset(o, 0, sizeof *o);
    CHECK_EQ(ws_decoder_init(decoder, flags, max_payload), 0);
}

void decoded_feed(struct decoded *o, ws_decoder *decoder, unsigned char *piece,
                  size_t len, size_t cap, uint32_t flags)
{
    unsigned char *before = malloc(len != 0 ? len : 1);
    ws_frame frames[MOST_FRAMES];
    size_t done = 0;

    if (len != 0) {
        memcpy(before, piece, len);
    }
    for (;;) {
        size_t used = 12345, payload_end = done, i, at;
        unsigned char *rest = done != 0 ? piece + done : piece; /* or NULL */
        ws_result n =
            ws_decoder_feed(decoder, rest, len - done, frames, cap, &used);

        if (n < 0) {
            CHECK_EQ(used, 0);
            CHECK(o->error == 0 || o->error == n);
            o->error = n;
            break;
        }
        CHECK_EQ(o->error, 0);
        CHECK((size_t)n <= cap);
        CHECK(used <= len - done);
        for (i = 0; i < (size_t)n; i++) {
            size_t start = done + (size_t)frames[i].chunk_off;

            CHECK(start >= payload_end && start <= done + used);
            CHECK_EQ(memcmp(piece + payload_end, before + payload_end,
                            start - payload_end),
                     0);
            payload_end = start + (size_t)frames[i].chunk_len;
            CHECK(payload_end <= done + used);
            for (at = start; at < payload_end; at++) {
                size_t pos = (size_t)frames[i].chunk_pos + at - start;
                unsigned key = (flags & WS_KEEP_MASKED) != 0
                                   ? 0
                                   : frames[i].mask_key[pos % 4];

                CHECK_EQ(piece[at], before[at] ^ key);
            }
            log_chunk(o, &frames[i], piece + done);
        }
        /* Bytes other than payload must not change. */
        if (payload_end != len) {
            CHECK_EQ(memcmp(piece + payload_end, before + payload_end,
                            len - payload_end),
                     0);
        }
        done += used;
        if ((size_t)n < cap && done != len) {
            /* Only an error can follow. */
            CHECK(ws_decoder_finish(decoder) < 0);
            CHECK(ws_decoder_finish(decoder) != WS_ERR_EOF);
        }
        if (n == 0) {
            CHECK_EQ(done, len);
            break;
        }
    }
    free(before);
}

void decoded_end(struct decoded *o, const ws_decoder *decoder)
{
    o->finish = ws_decoder_finish(decoder);
    if (o->error != 0) {
        CHECK_EQ(o->finish, o->error);
    }
}
