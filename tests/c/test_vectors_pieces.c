/* Vectors of keys, close payloads, UTF-8 and single frames. Each input ends at an
 * inaccessible page. */
#include "check.h"
#include "memory.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

/* The first `len` bytes, before an inaccessible page. */
static unsigned char *walled(const unsigned char *bytes, size_t len)
{
    return memcpy(before_wall(len), bytes, len);
}

static void check_accept_keys(void)
{
    size_t i;

    for (i = 0; i < accept_key_vectors_len; i++) {
        const struct accept_key *v = &accept_key_vectors[i];
        void *key = put_bytes(&v->key, before_wall(v->key.len));
        char out[64];

        check_case(v->name, 0, 0);
        memset(out, '?', sizeof out);
        CHECK_EQ(ws_accept_key(key, v->key.len, out, sizeof out),
                 v->error != 0 ? v->error : WS_ACCEPT_LEN);
        if (v->error != 0) {
            CHECK_FILL(out, '?', sizeof out);
        } else {
            CHECK_BYTES(out, WS_ACCEPT_LEN, &v->accept);
        }
    }
}

static void check_close_parsed(const struct close_payload *v)
{
    size_t len = v->payload.bytes.len;
    unsigned char *payload = put_bytes(&v->payload.bytes, before_wall(len));
    uint16_t code = 99;
    ws_result n = ws_close_parse(payload, len, &code);

    CHECK_EQ(n, v->error != 0 ? v->error : (ws_result)v->reason.len);
    CHECK_EQ(code, v->error != 0 ? 0 : v->code);
    if (n > 0) {
        CHECK_BYTES(payload + 2, (size_t)n, &v->reason);
    }
}

static void check_close_built(const struct close_payload *v)
{
    void *reason = put_bytes(&v->reason, before_wall(v->reason.len));
    unsigned char out[WS_MAX_CONTROL];
    ws_result n;

    memset(out, GUARD_BYTE, sizeof out);
    n = ws_close_build((uint16_t)v->code, reason, v->reason.len, out, sizeof out);
    if (v->error != 0) {
        CHECK_EQ(n, v->error);
        CHECK_FILL(out, GUARD_BYTE, sizeof out);
    } else {
        CHECK_BYTES(out, (size_t)n, &v->payload.bytes);
    }
}

static void check_close_payloads(void)
{
    size_t i;

    for (i = 0; i < close_payload_vectors_len; i++) {
        check_case(close_payload_vectors[i].name, 0, 0);
        if (close_payload_vectors[i].payload.presence == PRESENT) {
            check_close_parsed(&close_payload_vectors[i]);
        }
        if (close_payload_vectors[i].code >= 0) {
            check_close_built(&close_payload_vectors[i]);
        }
    }
}

/* After ASCII of this length, which may be skipped in blocks, in two pieces. */
static void check_text(const struct utf8 *v, size_t before)
{
    size_t len = before + v->text.len, cut, at = len;
    unsigned char *text = malloc(len + 1);

    memset(text, 'a', before);
    put_bytes(&v->text, text + before);
    if (v->error != 0) {
        at = before + v->error_at;
    }
    for (cut = 0; cut <= len; cut++) {
        uint32_t state = 0;

        check_case(v->name, before, cut);
        CHECK_EQ(ws_utf8_validate(&state, walled(text, cut), cut),
                 cut > at ? WS_ERR_UTF8 : WS_OK);
        CHECK_EQ(ws_utf8_validate(&state, walled(text + cut, len - cut), len - cut),
                 v->error);
        CHECK_EQ(state == 0, v->error == 0 && !v->incomplete);
    }
    free(text);
}

static void check_utf8(void)
{
    size_t i, before;

    for (i = 0; i < utf8_vectors_len; i++) {
        for (before = 0; before <= 40; before++) {
            check_text(&utf8_vectors[i], before);
        }
    }
}

static void check_decoded(const struct frame *v, const unsigned char *wire)
{
    size_t len = v->wire.len, payload_len = v->frame.payload.len;
    unsigned char *buf = walled(wire, len);
    ws_frame frame;

    CHECK_EQ(ws_frame_decode(buf, len, v->flags, &frame), len);
    CHECK_EQ(frame.opcode, v->frame.opcode);
    CHECK_EQ(frame.message_opcode, v->frame.opcode);
    CHECK_EQ(frame.flags, v->frame.flags | WS_BEGIN);
    CHECK_MEM(frame.mask_key, v->frame.mask_key, 4);
    CHECK_U64(frame.payload_len, payload_len);
    CHECK_U64(frame.chunk_len, payload_len);
    CHECK_U64(frame.chunk_pos, 0);
    CHECK_U64(frame.chunk_off, len - payload_len);
    CHECK_EQ(frame.header_len, len - payload_len);
    CHECK_BYTES(buf + frame.chunk_off, payload_len, &v->frame.payload);
    CHECK_MEM(buf, wire, len - payload_len);
}

static void check_encoded(const struct frame *v)
{
    const void *key = (v->frame.flags & WS_MASKED) != 0 ? v->frame.mask_key : NULL;
    void *payload = new_bytes(&v->frame.payload);
    unsigned char *out = before_wall(v->wire.len);

    CHECK_EQ(ws_frame_encode(v->frame.opcode, v->frame.flags & 0xf0u, key, payload,
                             v->frame.payload.len, out, v->wire.len),
             v->wire.len);
    CHECK_BYTES(out, v->wire.len, &v->wire);
    free(payload);
}

static void check_frame(const struct frame *v)
{
    size_t n, at = result_at(v->wire.len, v->error_at);
    unsigned char *wire = new_bytes(&v->wire);
    ws_frame frame;

    for (n = 0; n <= v->wire.len && n < 300; n++) {
        unsigned char *buf = walled(wire, n);
        ws_result want = n < at ? 0 : v->error != 0 ? v->error : (ws_result)n;

        check_case(v->name, n, at);
        CHECK_EQ(ws_frame_decode(buf, n, v->flags, &frame), want);
        if (want <= 0) {
            CHECK_MEM(buf, wire, n);
        }
    }
    if (v->error == 0) {
        check_decoded(v, wire);
        if ((v->flags & WS_KEEP_MASKED) == 0) {
            check_encoded(v);
        }
    }
    free(wire);
}

static void check_frames(void)
{
    size_t i;

    for (i = 0; i < frame_vectors_len; i++) {
        check_frame(&frame_vectors[i]);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    check_accept_keys();
    check_close_payloads();
    check_utf8();
    check_frames();
    return check_done(argv[0]);
}
