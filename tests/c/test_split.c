/* The vectors of streams: a decoder reports the same, however they are cut. */
#include "check.h"
#include "decoded.h"
#include "memory.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

/* A stream, its result, and how many frames it has. */
struct stream {
    const char *name;
    uint32_t flags;
    uint64_t max_payload;
    const struct vector_frame *frames;
    size_t frames_len;
    int error;
    size_t error_at;
    int end;
};

enum { LONGEST = 512 };
static unsigned char bytes[LONGEST];
static size_t bytes_len;

static void log_expected(struct decoded *want, const void *data, size_t len)
{
    memcpy(want->log + want->log_len, data, len);
    want->log_len += len;
}

/* What decoded.c logs for a frame: its description, and its payload. */
static void expect_frame(struct decoded *want, const struct vector_frame *frame)
{
    int masked = (frame->flags & WS_MASKED) != 0;
    void *payload = new_bytes(&frame->payload);
    ws_frame described;

    memset(&described, 0, sizeof described);
    described.payload_len = frame->payload_len;
    memcpy(described.mask_key, frame->mask_key, 4);
    described.opcode = frame->opcode;
    described.flags = (uint8_t)(frame->flags & ~WS_END);
    described.header_len =
        (uint8_t)(ws_frame_size(frame->payload_len, masked) - frame->payload_len);
    described.message_opcode = frame->message_opcode;
    log_expected(want, &described, sizeof described);
    log_expected(want, payload, frame->payload.len);
    want->frames++;
    want->ended += (frame->flags & WS_END) != 0;
    free(payload);
}

static void expect(struct decoded *want, const struct stream *stream)
{
    size_t i;

    memset(want, 0, sizeof *want);
    want->error = stream->error;
    want->finish = stream->end;
    for (i = 0; i < stream->frames_len; i++) {
        expect_frame(want, &stream->frames[i]);
    }
}

/* Feeds bytes[from..to], before an inaccessible page. */
static void feed_part(struct decoded *o, ws_decoder *decoder, size_t from, size_t to,
                      size_t cap, uint32_t flags)
{
    unsigned char *piece = memcpy(before_wall(to - from), bytes + from, to - from);

    decoded_feed(o, decoder, piece, to - from, cap, flags);
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

static void check_cuts(const struct stream *stream, size_t cap, const struct decoded *want)
{
    uint32_t flags = stream->flags;
    struct decoded got;
    ws_decoder decoder, copy;
    size_t a, b, most = bytes_len <= 40 ? bytes_len : 0;

    /* In one, in two and, if it is short, in three pieces. */
    for (a = 0; a <= bytes_len; a++) {
        for (b = a; b <= (most > a ? most : a); b++) {
            check_case(stream->name, a, b);
            decoded_start(&got, &decoder, flags, stream->max_payload);
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
    check_case(stream->name, cap, 1000);
    decoded_start(&got, &decoder, flags, stream->max_payload);
    for (a = 0; a < bytes_len; a++) {
        CHECK_EQ(got.error, a > stream->error_at ? stream->error : 0);
        feed_part(&got, &decoder, a, a + 1, cap, flags);
        decoded_feed(&got, &decoder, NULL, 0, cap, flags);
    }
    decoded_end(&got, &decoder);
    compare(&got, want);
}

static void check_stream(const struct stream *stream, const struct bytes *input)
{
    static const size_t caps[] = {1, 2, MOST_FRAMES};
    struct decoded want;
    size_t c;

    if (input->len > LONGEST) {
        return;
    }
    bytes_len = input->len;
    put_bytes(input, bytes);
    expect(&want, stream);
    for (c = 0; c < sizeof caps / sizeof *caps; c++) {
        check_cuts(stream, caps[c], &want);
    }
}

static void check_streams(void)
{
    size_t i;

    for (i = 0; i < decoder_stream_vectors_len; i++) {
        const struct decoder_stream *v = &decoder_stream_vectors[i];
        struct stream stream = {v->name, v->flags, v->max_payload, v->frames,
                                v->frames_len, v->error, v->error_at, v->end};

        check_stream(&stream, &v->input);
    }
}

/* An invalid frame alone, unless it would have to continue a message. */
static void check_invalid_frames(void)
{
    size_t i;

    for (i = 0; i < frame_vectors_len; i++) {
        const struct frame *v = &frame_vectors[i];
        struct stream stream = {v->name, v->flags, 0, NULL, 0, v->error, v->error_at,
                                v->error};
        int is_continuation = (v->wire.parts[0].data[0] & 0x0f) == 0;

        if (v->error != 0 && !is_continuation) {
            check_stream(&stream, &v->wire);
        }
    }
}

int main(int argc, char **argv)
{
    ws_decoder zero, fresh;

    (void)argc;
    check_streams();
    check_invalid_frames();

    check_case("a zeroed decoder is a fresh one of a server", 0, 0);
    memset(&zero, 0, sizeof zero);
    CHECK_EQ(ws_decoder_init(&fresh, WS_SERVER, 0), 0);
    CHECK_EQ(ws_decoder_finish(&zero), WS_OK);
    CHECK_MEM(&zero, &fresh, sizeof zero);
    return check_done(argv[0]);
}
