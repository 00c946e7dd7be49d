/* ws_control: replies to control frames for users of the decoder. */
#include "check.h"
#include "wire.h"
#include "wscodec.h"

#include <string.h>

enum { ROOM = 1024 };

/* One end of a connection made of a decoder and a control. */
struct end {
    ws_decoder decoder;
    ws_control control;
    const unsigned char *key; /* NULL for a server. */
    unsigned char out[ROOM];  /* Bytes to send. */
    size_t out_len;
};

static void start(struct end *end, uint32_t side)
{
    memset(end, 0, sizeof *end);
    CHECK_EQ(ws_decoder_init(&end->decoder, side, 0), WS_OK);
    end->key = side == WS_CLIENT ? frame_mask : NULL;
}

/* The first error, or 0. */
static ws_result feed(struct end *end, unsigned char *p, size_t len, size_t cap)
{
    ws_frame frames[8];
    size_t used, done = 0;
    ws_result n = 1, i, reply;

    while (n > 0) {
        n = ws_decoder_feed(&end->decoder, p + done, len - done, frames, cap,
                            &used);
        for (i = 0; i < n; i++) {
            reply = ws_control_feed(&end->control, &frames[i], p + done,
                                    end->key, end->out + end->out_len,
                                    ROOM - end->out_len);
            if (reply < 0) {
                return reply;
            }
            end->out_len += (size_t)reply;
        }
        done += used;
    }
    return n;
}

static ws_result feed_frames(struct end *end, const char *frames, uint32_t side,
                             size_t step)
{
    unsigned char wire[ROOM];
    size_t len = frames_of(frames, side, wire, sizeof wire), at;
    ws_result n = 0;

    for (at = 0; at < len && n == 0; at += step) {
        n = feed(end, wire + at, len - at < step ? len - at : step, 3);
    }
    return n;
}

/* A server replies to these frames, however they are cut. */
static void check_replies(const char *frames, const char *replies,
                          ws_result error, uint16_t code, const char *reason)
{
    unsigned char wire[ROOM], want[ROOM];
    size_t len = frames_of(frames, WS_SERVER, wire, sizeof wire), step;
    size_t want_len = unhex(replies, want, sizeof want);

    for (step = 1; step <= len; step++) {
        struct end end;
        char text[WS_MAX_CONTROL];

        check_case(frames, step, 0);
        start(&end, WS_SERVER);
        CHECK_EQ(feed_frames(&end, frames, WS_SERVER, step), error);
        CHECK_U64(end.out_len, want_len);
        CHECK_MEM(end.out, want, want_len);
        CHECK_EQ(ws_control_close_code(&end.control), code);
        CHECK_EQ(ws_control_reason(&end.control, text, sizeof text),
                 strlen(reason));
        CHECK_MEM(text, reason, strlen(reason));
    }
}

/* Pings are answered until the peer's close, even after ours (5.5.2). */
static void check_after_our_close(void)
{
    struct end end;
    unsigned char frame[WS_MAX_OUTPUT];

    check_case("after our close", 0, 0);
    start(&end, WS_SERVER);
    CHECK_EQ(ws_control_close(&end.control, 1001, "bye", 3, NULL, frame,
                              sizeof frame),
             7);
    CHECK_MEM(frame, "\x88\x05\x03\xe9" "bye", 7);
    CHECK_EQ(ws_control_close(&end.control, 1001, NULL, 0, NULL, frame,
                              sizeof frame),
             0);
    CHECK_EQ(feed_frames(&end, "89:70", WS_SERVER, 99), 0);
    CHECK_MEM(end.out, "\x8a\x01p", 3);
    CHECK_EQ(feed_frames(&end, "88:03e9 89:70", WS_SERVER, 99), 0);
    CHECK_U64(end.out_len, 3); /* no second close, and no pong */
    CHECK_EQ(ws_control_close_code(&end.control), 1001);
}

/* An invalid close is a permanent error, and the caller sends the close. */
static void check_invalid_close(const char *frames, ws_result error)
{
    struct end end;
    unsigned char frame[WS_MAX_OUTPUT];

    check_case(frames, 0, 0);
    start(&end, WS_SERVER);
    CHECK_EQ(feed_frames(&end, frames, WS_SERVER, 99), error);
    CHECK_EQ(feed_frames(&end, "89:70", WS_SERVER, 99), error);
    CHECK_EQ(ws_control_close_code(&end.control), 0);
    CHECK_U64(end.out_len, 0);
    CHECK_EQ(ws_control_close(&end.control, ws_close_code_for(error), NULL, 0,
                              NULL, frame, sizeof frame),
             4);
    CHECK_EQ(ws_control_close(&end.control, 1000, NULL, 0, NULL, frame,
                              sizeof frame),
             0);
}

/* A client masks with the given key. */
static void check_client(void)
{
    struct end end;
    unsigned char frame[WS_MAX_OUTPUT];

    check_case("client", 0, 0);
    start(&end, WS_CLIENT);
    CHECK_EQ(feed_frames(&end, "89:70", WS_CLIENT, 1), 0);
    CHECK_U64(end.out_len, 7);
    CHECK_MEM(end.out, "\x8a\x81\x37\xfa\x21\x3d", 6);
    CHECK_EQ(end.out[6], 'p' ^ 0x37);
    CHECK_EQ(ws_control_close(&end.control, 1000, NULL, 0, frame_mask, frame,
                              sizeof frame),
             8);
    CHECK_EQ(frame[6], 0x03 ^ 0x37);
    CHECK_EQ(frame[7], 0xe8 ^ 0xfa);
}

/* Too little room has no effect, and the same frame may be fed again.
 * WS_MAX_OUTPUT is always enough. */
static void check_room(void)
{
    ws_control control;
    unsigned char wire[WS_MAX_OUTPUT + 8], out[WS_MAX_OUTPUT];
    char frames[3 + 2 * WS_MAX_CONTROL + 1] = "89:";
    ws_frame frame;
    size_t len, cap;

    for (cap = 0; cap < WS_MAX_CONTROL; cap++) {
        strcat(frames, "61");
    }
    len = frames_of(frames, WS_CLIENT, wire, sizeof wire);
    CHECK_EQ(ws_frame_decode(wire, len, WS_CLIENT, &frame), len);
    memset(&control, 0, sizeof control);
    for (cap = 0; cap < WS_MAX_CONTROL + 6; cap++) {
        check_case("room", cap, 0);
        CHECK_EQ(ws_control_feed(&control, &frame, wire, frame_mask, out, cap),
                 WS_ERR_BUFFER_TOO_SMALL);
    }
    CHECK_EQ(ws_control_feed(&control, &frame, wire, frame_mask, out,
                             WS_MAX_OUTPUT),
             WS_MAX_CONTROL + 6);
}

static void check_arguments(void)
{
    static const ws_control fresh;
    uint64_t space[20] = {0};
    unsigned char wire[64], out[WS_MAX_OUTPUT];
    size_t len = frames_of("89:7071", WS_CLIENT, wire, sizeof wire);
    ws_control control = fresh;
    ws_frame frame, second;
    void *odd = (unsigned char *)space + 1;

    check_case("arguments", 0, 0);
    CHECK_EQ(ws_frame_decode(wire, len, WS_CLIENT, &frame), len);
    CHECK_EQ(ws_control_feed(NULL, &frame, wire, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_feed(odd, &frame, wire, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_feed(&control, NULL, wire, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_feed(&control, &frame, wire, NULL, NULL, 5),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_feed(&control, &frame, NULL, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    /* A chunk out of order. */
    second = frame;
    second.chunk_pos = 1;
    second.chunk_len = 1;
    second.flags &= (uint8_t)~(unsigned)WS_BEGIN;
    CHECK_EQ(ws_control_feed(&control, &second, wire, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_feed(&control, &frame, wire, NULL, out, sizeof out), 4);
    /* Without a control there is no state. */
    CHECK_EQ(ws_control_close(NULL, 1000, NULL, 0, NULL, out, sizeof out), 4);
    CHECK_EQ(ws_control_close(NULL, 1000, NULL, 0, NULL, out, sizeof out), 4);
    CHECK_EQ(ws_control_close(&control, 999, NULL, 0, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_control_close(&control, 1000, NULL, 0, NULL, out, 3),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_control_close(&control, 1000, NULL, 0, NULL, out, 4), 4);
    CHECK_EQ(ws_control_close_code(NULL), 0);
    CHECK_EQ(ws_control_reason(&fresh, out, sizeof out), 0);
}

/* After a failed init a decoder refuses all input; WS_ANY_RSV reports reserved
 * bits of data frames only. */
static void check_decoder(void)
{
    ws_decoder decoder;
    ws_frame frames[4];
    unsigned char wire[64];
    size_t len, used;

    check_case("decoder", 0, 0);
    CHECK_EQ(ws_decoder_init(&decoder, 0x8000, 0), WS_ERR_INVALID_ARGUMENT);
    len = frames_of("81:61", WS_SERVER, wire, sizeof wire);
    CHECK_EQ(ws_decoder_feed(&decoder, wire, len, frames, 4, &used),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER | WS_ANY_RSV, 0), WS_OK);
    len = frames_of("71:61 a0:62", WS_SERVER, wire, sizeof wire);
    CHECK_EQ(ws_decoder_feed(&decoder, wire, len, frames, 4, &used), 2);
    CHECK_EQ(frames[0].flags & 0x70, 0x70);
    CHECK_EQ(frames[0].message_opcode, WS_OPCODE_TEXT);
    CHECK_EQ(frames[1].flags & 0x70, 0x20);
    CHECK_EQ(frames[1].message_opcode, WS_OPCODE_TEXT);
    len = frames_of("c9:", WS_SERVER, wire, sizeof wire);
    CHECK_EQ(ws_decoder_feed(&decoder, wire, len, frames, 4, &used),
             WS_ERR_RESERVED_BITS);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_replies("81:61 82:", "", 0, 0, "");
    check_replies("89: 89:7071 8a:72", "8a00 8a027071", 0, 0, "");
    check_replies("01:61 89:70 80:62", "8a0170", 0, 0, "");
    check_replies("89:70 88:03e8627965 89:71", "8a0170 880203e8", 0, 1000,
                  "bye");
    check_replies("88:", "8800", 0, WS_CLOSE_NO_STATUS, "");
    check_replies("88:0fa0", "88020fa0", 0, 4000, "");
    check_replies("89:70 88:03", "8a0170", WS_ERR_CLOSE_PAYLOAD, 0, "");
    check_replies("89:70 =83", "8a0170", WS_ERR_OPCODE, 0, "");
    check_after_our_close();
    check_invalid_close("88:03", WS_ERR_CLOSE_PAYLOAD);
    check_invalid_close("88:03ed", WS_ERR_CLOSE_PAYLOAD);
    check_invalid_close("88:03e8ff", WS_ERR_UTF8);
    check_client();
    check_room();
    check_arguments();
    check_decoder();
    return check_done(argv[0]);
}
