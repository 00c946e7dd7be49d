/* Arguments that no caller should pass: NULL, lengths that no object has,
 * unknown flags, misaligned structs. Each is refused and changes nothing. */
#include "check.h"
#include "pieces.h"

#include <limits.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT

static const size_t too_long[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1,
                                  SIZE_MAX - 1};
enum { TOO_LONG = sizeof too_long / sizeof *too_long };

static const unsigned char mask[4] = {1, 2, 3, 4};
static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
static char in[64];
static unsigned char out[512];

/* An address that no struct may have. */
static void *odd(void)
{
    static uint64_t room[64];

    memset(room, 0xcc, sizeof room);
    return (unsigned char *)room + 1;
}

static int untouched(void)
{
    static unsigned char clean[sizeof out];

    memset(clean, 0xcc, sizeof clean);
    return memcmp(out, clean, sizeof out) == 0;
}

/* Every call in here takes a buffer as (p, n), which is unusable. */
static void check_unusable(const void *p, size_t n)
{
    ws_frame frame;
    ws_out_frame out_frame;
    ws_handshake hs;
    ws_response response;
    ws_span span, name;
    ws_decoder decoder, before;
    ws_request_spec ask;
    ws_response_spec answer;
    ws_bytes *fields;
    size_t used, pos = 0, i, len = strlen(request_text);
    uint32_t state = 0;
    uint16_t code;
    void *q = (void *)(uintptr_t)p;

    check_case(p == NULL ? "NULL with a length" : "length", n, 0);
    memset(out, 0xcc, sizeof out);

    /* Input. */
    CHECK_EQ(ws_accept_key(p, n, out, sizeof out), INVALID);
    CHECK_EQ(ws_parse_handshake(p, n, &hs, sizeof hs), INVALID);
    CHECK_EQ(ws_next_header(p, n, &pos, &name, &span), INVALID);
    CHECK_EQ(pos, 0);
    CHECK_EQ(ws_find_header(p, n, "a", 1, &span), INVALID);
    CHECK_EQ(ws_find_header(request_text, len, p, n, &span), INVALID);
    CHECK_EQ(ws_select_protocol(p, n, "a", 1, &span), INVALID);
    CHECK_EQ(ws_select_protocol(request_text, len, p, n, &span), INVALID);
    CHECK_EQ(ws_origin_allowed(p, n, "http://a", 8), 0);
    CHECK_EQ(ws_origin_allowed("http://a", 8, p, n), 0);
    CHECK_EQ(ws_build_reply(200, p, n, NULL, 0, out, sizeof out), INVALID);
    CHECK_EQ(ws_build_reply(200, NULL, 0, p, n, out, sizeof out), INVALID);
    CHECK_EQ(ws_parse_response(p, n, request_text, len, &response,
                               sizeof response),
             INVALID);
    CHECK_EQ(ws_parse_response(response_text, strlen(response_text), p, n,
                               &response, sizeof response),
             INVALID);
    CHECK_EQ(ws_frame_decode(q, n, WS_SERVER, &frame), INVALID);
    CHECK_EQ(ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, NULL, p, n, out,
                             sizeof out),
             INVALID);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
    before = decoder;
    CHECK_EQ(ws_decoder_feed(&decoder, q, n, &frame, 1, &used), INVALID);
    CHECK_EQ(used, 0);
    CHECK_MEM(&decoder, &before, sizeof decoder);
    CHECK_EQ(ws_utf8_validate(&state, p, n), INVALID);
    CHECK_EQ(state, 0);
    CHECK_EQ(ws_close_parse(p, n, &code), INVALID);
    CHECK_EQ(code, 0);
    CHECK_EQ(ws_close_build(1000, p, n, out, sizeof out), INVALID);
    memset(&out_frame, 0, sizeof out_frame);
    out_frame.payload = p;
    out_frame.payload_len = n;
    out_frame.opcode = WS_OPCODE_BINARY;
    out_frame.flags = WS_FIN;
    CHECK_EQ(ws_frames_encode(&out_frame, 1, out, sizeof out, &used), INVALID);
    CHECK_EQ(used, 0);

    /* Each field of a spec. */
    for (i = 0; i < sizeof ask / sizeof(ws_bytes); i++) {
        memset(&ask, 0, sizeof ask);
        ask.host = bytes_of("a");
        ask.target = bytes_of("/");
        ask.key = bytes_of(key);
        fields = (ws_bytes *)(void *)&ask;
        fields[i].data = p;
        fields[i].len = n;
        CHECK_EQ(ws_build_request(&ask, sizeof ask, out, sizeof out), INVALID);
    }
    for (i = 0; i < sizeof answer / sizeof(ws_bytes); i++) {
        memset(&answer, 0, sizeof answer);
        answer.key = bytes_of(key);
        fields = (ws_bytes *)(void *)&answer;
        fields[i].data = p;
        fields[i].len = n;
        CHECK_EQ(ws_build_response(&answer, sizeof answer, out, sizeof out),
                 INVALID);
    }
    CHECK(untouched());

    /* Output. */
    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, n, p != NULL);
        CHECK_EQ(writers[i].run(q, n), INVALID);
    }

    /* Arrays: as many structs as would be that many bytes, and that many. */
    check_case("array", n, p != NULL);
    CHECK_EQ(ws_decoder_feed(&decoder, in, 0, q, n, &used), INVALID);
    CHECK_EQ(ws_frames_encode(q, n, out, sizeof out, &used), INVALID);
    CHECK_EQ(used, 0);
    if (n > PTRDIFF_MAX) {
        CHECK_EQ(ws_decoder_feed(&decoder, in, 0, &frame,
                                 n / sizeof(ws_frame) + 1, &used),
                 INVALID);
        CHECK_EQ(ws_frames_encode(&out_frame, n / sizeof out_frame + 1, out,
                                  sizeof out, &used),
                 INVALID);
        CHECK_EQ(ws_parse_handshake(request_text, len, &hs, n), INVALID);
        CHECK_EQ(ws_parse_response(response_text, strlen(response_text),
                                   request_text, len, &response, n),
                 INVALID);
        CHECK_EQ(ws_build_request(&ask, n, out, sizeof out), INVALID);
        CHECK_EQ(ws_build_response(&answer, n, out, sizeof out), INVALID);
    }
    CHECK_MEM(&decoder, &before, sizeof decoder);
    CHECK(untouched());

    /* Nothing to return: nothing is done. */
    ws_mask(q, n, mask, 0);
    ws_mask_copy(q, out, n, mask, 0);
    ws_mask_copy(out, p, n, mask, 0);
    CHECK(untouched());
}

/* (NULL, 0) is empty, and so is any pointer with 0. */
static void check_empty(void *p)
{
    ws_frame frame;
    ws_handshake hs;
    ws_response response;
    ws_span span;
    ws_decoder decoder;
    size_t used, i;
    uint32_t state = 0;
    uint16_t code;

    check_case("empty", p == NULL, 0);
    CHECK_EQ(ws_accept_key(p, 0, out, sizeof out), WS_ERR_HANDSHAKE_KEY);
    CHECK_EQ(ws_parse_handshake(p, 0, &hs, sizeof hs), 0);
    CHECK_EQ(ws_find_header(request_text, strlen(request_text), p, 0, &span),
             0);
    CHECK_EQ(ws_select_protocol(request_text, strlen(request_text), p, 0,
                                &span),
             0);
    CHECK_EQ(ws_origin_allowed(p, 0, "http://a", 8), 0);
    CHECK_EQ(ws_origin_allowed("http://a", 8, p, 0), 0);
    CHECK(ws_build_reply(200, p, 0, p, 0, out, sizeof out) > 0);
    CHECK_EQ(ws_parse_response(p, 0, request_text, strlen(request_text),
                               &response, sizeof response),
             0);
    CHECK_EQ(ws_frame_decode(p, 0, WS_SERVER, &frame), 0);
    CHECK_EQ(frame.header_len, 0);
    CHECK_EQ(ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, NULL, p, 0, out, 2), 2);
    CHECK_EQ(ws_frame_encode(WS_OPCODE_TEXT, WS_FIN, mask, p, 0, out, 6), 6);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
    CHECK_EQ(ws_decoder_feed(&decoder, p, 0, &frame, 1, &used), 0);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_utf8_validate(&state, p, 0), WS_OK);
    CHECK_EQ(ws_close_parse(p, 0, &code), 0);
    CHECK_EQ(code, WS_CLOSE_NO_STATUS);
    CHECK_EQ(ws_close_build(1000, p, 0, out, sizeof out), 2);
    CHECK_EQ(ws_close_build(WS_CLOSE_NO_STATUS, NULL, 0, p, 0), 0);
    CHECK_EQ(ws_frames_encode(NULL, 0, p, 0, &used), 0);
    CHECK_EQ(used, 0);
    ws_mask(p, 0, mask, 0);
    ws_mask_copy(p, p, 0, mask, 0);
    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, 0, p == NULL);
        CHECK_EQ(writers[i].run(p, 0), WS_ERR_BUFFER_TOO_SMALL);
    }
}

/* A struct at this address (NULL or odd) is refused. */
static void check_struct(void *p)
{
    static const char frame_bytes[] = "\x81\x80\0\0\0\0";
    ws_frame frame;
    ws_span span;
    ws_decoder decoder, before;
    ws_request_spec ask;
    ws_response_spec answer;
    ws_out_frame out_frame;
    size_t used, pos = 0, len = strlen(request_text);
    unsigned char copy[600];

    check_case("struct", p == NULL, 0);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_parse_handshake(request_text, len, p, sizeof(ws_handshake)),
             INVALID);
    CHECK_EQ(ws_parse_response(response_text, strlen(response_text),
                               request_text, len, p, sizeof(ws_response)),
             INVALID);
    CHECK_EQ(ws_next_header(request_text, len, p, &span, &span), INVALID);
    CHECK_EQ(ws_next_header(request_text, len, &pos, p, &span), INVALID);
    CHECK_EQ(ws_next_header(request_text, len, &pos, &span, p), INVALID);
    CHECK_EQ(pos, 0);
    CHECK_EQ(ws_find_header(request_text, len, "host", 4, p), INVALID);
    CHECK_EQ(ws_select_protocol(request_text, len, "chat", 4, p), INVALID);

    memcpy(in, frame_bytes, 6);
    CHECK_EQ(ws_frame_decode(in, 6, WS_SERVER, p), INVALID);
    CHECK_EQ(ws_decoder_init(p, WS_SERVER, 0), INVALID);
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
    before = decoder;
    CHECK_EQ(ws_decoder_feed(p, in, 6, &frame, 1, &used), INVALID);
    CHECK_EQ(ws_decoder_feed(&decoder, in, 6, p, 1, &used), INVALID);
    CHECK_EQ(used, 0);
    CHECK_EQ(ws_decoder_feed(&decoder, in, 6, &frame, 1, p), INVALID);
    CHECK_MEM(&decoder, &before, sizeof decoder);
    CHECK_EQ(ws_decoder_finish(p), INVALID);
    CHECK_EQ(ws_close_parse("\x03\xe8", 2, p), INVALID);
    CHECK_EQ(ws_utf8_validate(p, "a", 1), INVALID);

    memset(&out_frame, 0, sizeof out_frame);
    out_frame.opcode = WS_OPCODE_PONG;
    out_frame.flags = WS_FIN;
    CHECK_EQ(ws_frames_encode(&out_frame, 1, out, sizeof out, p), INVALID);
    CHECK_EQ(ws_frames_encode(p, 1, out, sizeof out, &used), INVALID);

    memset(&ask, 0, sizeof ask);
    ask.host = bytes_of("a");
    ask.target = bytes_of("/");
    ask.key = bytes_of(key);
    memset(&answer, 0, sizeof answer);
    answer.key = bytes_of(key);
    if (p != NULL) {
        memcpy(copy, p, sizeof ask);
        memcpy(p, &ask, sizeof ask);
    }
    CHECK_EQ(ws_build_request(p, sizeof ask, out, sizeof out), INVALID);
    if (p != NULL) {
        memcpy(p, &answer, sizeof answer);
    }
    CHECK_EQ(ws_build_response(p, sizeof answer, out, sizeof out), INVALID);
    if (p != NULL) {
        memcpy(p, copy, sizeof ask);
        CHECK_FILL(p, 0xcc, 200);
    }
    CHECK(untouched());
}

static void check_flags(void)
{
    ws_frame frame;
    ws_decoder decoder;
    uint32_t flags;
    size_t used;
    int bit;

    memset(&frame, 0xcc, sizeof frame);
    for (bit = 0; bit < 32; bit++) {
        int known = bit < 5;

        check_case("flag bit", (uintmax_t)bit, 0);
        flags = UINT32_C(1) << bit;
        memset(&decoder, 0xcc, sizeof decoder);
        CHECK_EQ(ws_frame_decode(in, 0, flags, &frame), known ? 0 : INVALID);
        CHECK_EQ(ws_frame_decode(in, 0, flags | WS_CLIENT, &frame),
                 known ? 0 : INVALID);
        CHECK_EQ(ws_decoder_init(&decoder, flags, 0), known ? 0 : INVALID);
        if (!known) {
            /* It refuses all input, rather than know no limit. */
            CHECK_EQ(ws_decoder_feed(&decoder, in, 0, &frame, 1, &used),
                     INVALID);
            CHECK_EQ(ws_decoder_finish(&decoder), INVALID);
        }
    }
    CHECK_EQ(ws_decoder_init(&decoder, 0x1f, UINT64_MAX), 0);
    CHECK_EQ(ws_decoder_init(&decoder, UINT32_MAX, 0), INVALID);
    CHECK_EQ(ws_frame_decode(in, 0, UINT32_MAX, &frame), INVALID);
}

/* Any bytes at all are taken for a decoder, or a UTF-8 state, without harm. */
static void check_any_state(void)
{
    unsigned char bytes[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    uint32_t seed = 1, state;
    ws_decoder decoder;
    ws_frame frames[4];
    size_t used, i, at;

    for (i = 0; i < 20000; i++) {
        unsigned char *raw = (unsigned char *)&decoder;

        check_case("any state", i, 0);
        for (at = 0; at < sizeof decoder; at++) {
            seed = seed * 1664525 + 1013904223;
            raw[at] = (unsigned char)(i % 3 == 0 || (seed >> 30) == 0
                                          ? seed >> 24
                                          : 0);
        }
        used = 99;
        if (ws_decoder_feed(&decoder, bytes, 11, frames, 4, &used) > 0) {
            CHECK(frames[0].chunk_off <= 11);
            CHECK(frames[0].chunk_off + frames[0].chunk_len <= 11);
        }
        CHECK(used <= 11);
        CHECK(ws_decoder_finish(&decoder) <= 0);
        state = seed;
        CHECK(ws_utf8_validate(&state, "a\x80", 2) <= 0);
    }
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    check_unusable(NULL, 1);
    check_unusable(NULL, 100);
    for (i = 0; i < TOO_LONG; i++) {
        check_unusable(NULL, too_long[i]);
        check_unusable(in, too_long[i]);
    }
    check_empty(NULL);
    check_empty(in);
    check_empty((void *)(uintptr_t)1);
    check_struct(NULL);
    check_struct(odd());
    check_flags();
    check_any_state();

    /* Arrays without room, and a mask without a key. */
    {
        ws_decoder decoder;
        ws_frame frame;
        size_t used;

        check_case("the rest", 0, 0);
        CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER, 0), 0);
        CHECK_EQ(ws_decoder_feed(&decoder, in, 0, &frame, 0, &used), INVALID);
        CHECK_EQ(ws_decoder_feed(&decoder, in, 0, NULL, 0, &used), INVALID);
        memset(out, 0xcc, sizeof out);
        ws_mask(out, sizeof out, NULL, 0);
        ws_mask_copy(out, in, sizeof in, NULL, 0);
        CHECK(untouched());
    }
    return check_done(argv[0]);
}
