/* Nothing is read or written beyond a buffer: each is next to an inaccessible
 * page, so that a stray access ends the program. */
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

typedef void *(*placement)(size_t len);
static const placement placements[] = {before_wall, after_wall};
enum { PLACES = 2 };

/* Every prefix of the sample has the same result as in ordinary memory. */
static void check_reader(const struct reader *reader, placement place)
{
    size_t n;

    for (n = 0; n <= reader->len; n++) {
        unsigned char *plain = malloc(n != 0 ? n : 1);
        unsigned char *walled = place(n);
        ws_result want;

        check_case(reader->name, n, place == after_wall);
        memcpy(plain, reader->sample, n);
        want = reader->run(plain, n);
        memcpy(walled, reader->sample, n);
        CHECK_EQ(reader->run(walled, n), want);
        CHECK_MEM(walled, plain, n);
        if (n == reader->len) {
            CHECK_EQ(want, reader->want);
        }
        free(plain);
    }
}

static void check_writer(const struct writer *writer, placement place)
{
    size_t cap;

    for (cap = 0; cap <= writer->size; cap++) {
        unsigned char *out = place(cap);

        check_case(writer->name, cap, place == after_wall);
        CHECK_EQ(writer->run(out, cap), cap < writer->size
                                            ? WS_ERR_BUFFER_TOO_SMALL
                                            : (ws_result)writer->size);
        if (cap == writer->size && writer->text != NULL) {
            CHECK_MEM(out, writer->text, cap);
        }
    }
}

enum { LONGEST = 300 };

static void check_lengths(placement place)
{
    static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};
    unsigned char plain[LONGEST], wire[LONGEST + 14];
    ws_decoder decoder;
    ws_frame frame;
    size_t len, i, used;

    for (i = 0; i < LONGEST; i++) {
        plain[i] = (unsigned char)(i * 59 + 3);
    }
    for (len = 0; len <= LONGEST; len++) {
        size_t total = (size_t)ws_frame_size(len, 1);
        unsigned char *buf = place(len);

        check_case("length", len, place == after_wall);
        /* Masking: in place, from the buffer, to the buffer. */
        memcpy(buf, plain, len);
        ws_mask(buf, len, mask, len);
        ws_mask(buf, len, mask, len);
        CHECK_MEM(buf, plain, len);
        ws_mask_copy(wire, buf, len, mask, 1);
        memset(buf, 0, len);
        ws_mask_copy(buf, wire, len, mask, 1);
        CHECK_MEM(buf, plain, len);

        /* Encoding: from the buffer, to the buffer. */
        CHECK_EQ(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, mask, buf, len,
                                 wire, sizeof wire),
                 total);
        buf = place(total);
        CHECK_EQ(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, mask, plain, len,
                                 buf, total),
                 total);
        CHECK_MEM(buf, wire, total);

        /* Decoding: at once and in halves. */
        CHECK_EQ(ws_frame_decode(buf, total, WS_SERVER, &frame), total);
        CHECK_MEM(buf + frame.chunk_off, plain, len);
        CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
        buf = place(total / 2);
        memcpy(buf, wire, total / 2);
        CHECK(ws_decoder_feed(&decoder, buf, total / 2, &frame, 1, &used) >= 0);
        CHECK_EQ(used, total / 2);
        buf = place(total - total / 2);
        memcpy(buf, wire + total / 2, total - total / 2);
        CHECK_EQ(ws_decoder_feed(&decoder, buf, total - total / 2, &frame, 1,
                                 &used),
                 1);
        CHECK_MEM(buf + frame.chunk_off, plain + frame.chunk_pos,
                  (size_t)frame.chunk_len);
        CHECK_EQ(ws_decoder_finish(&decoder), WS_OK);
    }
}

/* Text of every length, so that wide reads end at every position. */
static void check_text(placement place)
{
    size_t len;

    for (len = 0; len <= LONGEST; len++) {
        unsigned char *buf = place(len);
        uint32_t state = 0;

        check_case("text", len, place == after_wall);
        memset(buf, 'x', len);
        CHECK_EQ(ws_utf8_validate(&state, buf, len), WS_OK);
        if (len >= 2) {
            buf[len - 2] = 0xe2;
            buf[len - 1] = 0x82;
            CHECK_EQ(ws_utf8_validate(&state, buf, len), WS_OK);
            CHECK(state != 0);
        }
    }
}

/* Structs that are written or read. */
static void check_structs(placement place)
{
    unsigned char bytes[] = "\x8a\x80\0\0\0\0\x8a\x80\0\0\0\0\x8a\x80";
    size_t len = strlen(request_text), pos = 0, used;
    ws_span other;
    ws_frame frame;
    ws_decoder decoder, *walled;
    ws_out_frame *out_frames;
    unsigned char out[16];
    uint32_t *state = place(sizeof *state);
    uint16_t *code;

    check_case("structs", place == after_wall, 0);
    *state = 0;
    CHECK_EQ(ws_utf8_validate(state, "\xe2\x82", 2), WS_OK);
    code = place(sizeof *code);
    CHECK_EQ(ws_close_parse("\x03\xe8", 2, code), 0);
    CHECK_EQ(*code, 1000);
    CHECK_EQ(ws_parse_handshake(request_text, len, place(sizeof(ws_handshake)),
                                sizeof(ws_handshake)),
             len);
    CHECK_EQ(ws_parse_response(response_text, strlen(response_text),
                               request_text, len, place(sizeof(ws_response)),
                               sizeof(ws_response)),
             strlen(response_text));
    CHECK_EQ(ws_next_header(request_text, len, &pos, place(sizeof other),
                            &other),
             1);
    CHECK_EQ(ws_next_header(request_text, len, &pos, &other,
                            place(sizeof other)),
             1);
    *(size_t *)place(sizeof pos) = 0;
    CHECK_EQ(ws_next_header(request_text, len, place(sizeof pos), &other,
                            &other),
             1);
    CHECK_EQ(ws_find_header(request_text, len, "host", 4, place(sizeof other)),
             1);
    CHECK_EQ(ws_select_protocol(request_text, len, "chat", 4,
                                place(sizeof other)),
             1);
    CHECK_EQ(ws_frame_decode(bytes, 6, WS_SERVER, place(sizeof frame)), 6);
    walled = place(sizeof *walled);
    CHECK_EQ(ws_decoder_init(walled, WS_SERVER, 0), 0);
    CHECK_EQ(ws_decoder_feed(walled, bytes, 14, &frame, 1, &used), 1);
    CHECK_EQ(ws_decoder_finish(walled), WS_OK);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
    CHECK_EQ(ws_decoder_feed(&decoder, bytes, 14, place(sizeof frame), 1,
                             &used),
             1);
    CHECK_EQ(ws_decoder_feed(&decoder, bytes, 12, place(2 * sizeof frame), 2,
                             &used),
             2);
    CHECK_EQ(ws_decoder_feed(&decoder, bytes, 14, &frame, 1,
                             place(sizeof used)),
             1);
    out_frames = place(2 * sizeof *out_frames);
    memset(out_frames, 0, 2 * sizeof *out_frames);
    out_frames[0].opcode = out_frames[1].opcode = WS_OPCODE_PONG;
    out_frames[0].flags = out_frames[1].flags = WS_FIN;
    CHECK_EQ(ws_frames_encode(out_frames, 2, out, sizeof out, &used), 2);
    CHECK_EQ(used, 4);
}

/* A connection, and the structs that it writes and reads. */
static void check_conn(placement place)
{
    unsigned char bytes[] = "\x81\x82\0\0\0\0hi\x88\x80\0\0\0\0";
    unsigned char out[512];
    size_t used;
    uint64_t *value;
    ws_event event;
    ws_conn *conn, **slot;
    ws_accept_spec *spec;

    check_case("connection", place == after_wall, 0);
    conn = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(ws_conn_recv(conn, bytes, 8, place(sizeof event), 1, &used), 1);
    CHECK_EQ(ws_conn_recv(conn, bytes + 8, 3, place(2 * sizeof event), 2,
                          &used),
             0);
    CHECK_EQ(ws_conn_recv(conn, bytes + 11, 3, &event, 1, place(sizeof used)),
             1);
    value = place(sizeof *value);
    CHECK_EQ(ws_conn_get(conn, WS_OPT_AUTO_PONG, value), WS_OK);
    CHECK_U64(*value, 1);
    ws_conn_free(conn);

    spec = place(sizeof *spec);
    memset(spec, 0, sizeof *spec);
    CHECK_EQ(try_to_accept(request_text, strlen(request_text), spec,
                            sizeof *spec, &conn, out, sizeof out),
             129);
    ws_conn_free(conn);
    {
        ws_accept_spec plain;

        memset(&plain, 0, sizeof plain);
        slot = place(sizeof *slot);
        CHECK_EQ(try_to_accept(request_text, strlen(request_text), &plain,
                                sizeof plain, slot, out, sizeof out),
                 129);
        ws_conn_free(*slot);
    }
}

int main(int argc, char **argv)
{
    size_t i, p;

    (void)argc;
    for (p = 0; p < PLACES; p++) {
        for (i = 0; i < readers_len; i++) {
            check_reader(&readers[i], placements[p]);
        }
        for (i = 0; i < writers_len; i++) {
            check_writer(&writers[i], placements[p]);
        }
        check_lengths(placements[p]);
        check_text(placements[p]);
        check_structs(placements[p]);
        check_conn(placements[p]);
    }
    return check_done(argv[0]);
}
