/* Invalid arguments: NULL, lengths that no object can have, unknown flags,
 * misaligned structs. Each is refused without effect. */
#include "check.h"
#include "samples.h"

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

/* An address that is misaligned for every struct. */
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

/* (p, n) is invalid as a buffer. */
static void check_invalid_buffer(const void *p, size_t n)
{
    ws_frame frame;
    ws_out_frame out_frame;
    ws_handshake hs;
    ws_response response;
    ws_span span, name;
    ws_decoder decoder, before;
    ws_request_spec request_spec;
    ws_response_spec response_spec;
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
    for (i = 0; i < sizeof request_spec / sizeof(ws_bytes); i++) {
        memset(&request_spec, 0, sizeof request_spec);
        request_spec.host = bytes_of("a");
        request_spec.target = bytes_of("/");
        request_spec.key = bytes_of(key);
        fields = (ws_bytes *)(void *)&request_spec;
        fields[i].data = p;
        fields[i].len = n;
        CHECK_EQ(ws_build_request(&request_spec, sizeof request_spec, out, sizeof out),
                 INVALID);
    }
    for (i = 0; i < sizeof response_spec / sizeof(ws_bytes); i++) {
        memset(&response_spec, 0, sizeof response_spec);
        response_spec.key = bytes_of(key);
        fields = (ws_bytes *)(void *)&response_spec;
        fields[i].data = p;
        fields[i].len = n;
        CHECK_EQ(ws_build_response(&response_spec, sizeof response_spec, out,
                                   sizeof out),
                 INVALID);
    }
    CHECK(untouched());

    /* Output. */
    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, n, p != NULL);
        CHECK_EQ(writers[i].run(q, n), INVALID);
    }

    /* Arrays of n structs, and of structs that need n bytes. */
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
        CHECK_EQ(ws_build_request(&request_spec, n, out, sizeof out), INVALID);
        CHECK_EQ(ws_build_response(&response_spec, n, out, sizeof out), INVALID);
    }
    CHECK_MEM(&decoder, &before, sizeof decoder);
    CHECK(untouched());

    /* Functions without a result do nothing. */
    ws_mask(q, n, mask, 0);
    ws_mask_copy(q, out, n, mask, 0);
    ws_mask_copy(out, p, n, mask, 0);
    CHECK(untouched());
}

/* Any pointer with length 0 is empty, NULL included. */
static void check_empty_buffer(void *p)
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

/* A struct at this address, NULL or misaligned, is refused. */
static void check_struct_address(void *p)
{
    static const char frame_bytes[] = "\x81\x80\0\0\0\0";
    ws_frame frame;
    ws_span span;
    ws_decoder decoder, before;
    ws_request_spec request_spec;
    ws_response_spec response_spec;
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

    memset(&request_spec, 0, sizeof request_spec);
    request_spec.host = bytes_of("a");
    request_spec.target = bytes_of("/");
    request_spec.key = bytes_of(key);
    memset(&response_spec, 0, sizeof response_spec);
    response_spec.key = bytes_of(key);
    if (p != NULL) {
        memcpy(copy, p, sizeof request_spec);
        memcpy(p, &request_spec, sizeof request_spec);
    }
    CHECK_EQ(ws_build_request(p, sizeof request_spec, out, sizeof out), INVALID);
    if (p != NULL) {
        memcpy(p, &response_spec, sizeof response_spec);
    }
    CHECK_EQ(ws_build_response(p, sizeof response_spec, out, sizeof out), INVALID);
    if (p != NULL) {
        memcpy(p, copy, sizeof request_spec);
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
            /* It refuses all input: it must not read without a limit. */
            CHECK_EQ(ws_decoder_feed(&decoder, in, 0, &frame, 1, &used),
                     INVALID);
            CHECK_EQ(ws_decoder_finish(&decoder), INVALID);
        }
    }
    CHECK_EQ(ws_decoder_init(&decoder, 0x1f, UINT64_MAX), 0);
    CHECK_EQ(ws_decoder_init(&decoder, UINT32_MAX, 0), INVALID);
    CHECK_EQ(ws_frame_decode(in, 0, UINT32_MAX, &frame), INVALID);
}

/* Any bytes are a harmless decoder or UTF-8 state. */
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
    check_invalid_buffer(NULL, 1);
    check_invalid_buffer(NULL, 100);
    for (i = 0; i < TOO_LONG; i++) {
        check_invalid_buffer(NULL, too_long[i]);
        check_invalid_buffer(in, too_long[i]);
    }
    check_empty_buffer(NULL);
    check_empty_buffer(in);
    check_empty_buffer((void *)(uintptr_t)1);
    check_struct_address(NULL);
    check_struct_address(odd());
    check_flags();
    check_any_state();

    /* Arrays without slots, and a mask without a key. */
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
