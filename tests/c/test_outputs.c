/* Output buffers of every size around the exact one, and uninitialised ones. */
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

static void check_sizes(const struct writer *writer)
{
    size_t cap;

    for (cap = 0; cap <= writer->size + 9; cap++) {
        unsigned char *out = guarded(cap);
        ws_result result = writer->run(out, cap);

        check_case(writer->name, cap, writer->size);
        if (cap < writer->size) {
            CHECK_EQ(result, WS_ERR_BUFFER_TOO_SMALL);
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else {
            CHECK_EQ(result, writer->size);
            if (writer->text != NULL) {
                CHECK_MEM(out, writer->text, writer->size);
            }
            CHECK_FILL(out + writer->size, GUARD_BYTE, cap - writer->size);
        }
        CHECK(guards_intact(out, cap));
        guarded_free(out);
    }
}

/* The output does not depend on what the buffer contained. */
static void check_uninitialised(const struct writer *writer)
{
    unsigned char *out = fresh(writer->size + 1);

    check_case(writer->name, writer->size, 0);
    CHECK_EQ(writer->run(out, writer->size + 1), writer->size);
    CHECK(!undefined(out, writer->size));
    if (watched()) {
        CHECK(marked_undefined(out + writer->size));
    }
    free(out);
}

#define DEFINED(mem, len) CHECK(!undefined((mem), (len)))

static void check_conn(void)
{
    ws_conn **conn = fresh(sizeof *conn);
    ws_event *events = fresh(3 * sizeof *events);
    size_t *used = fresh(sizeof *used);
    uint64_t *value = fresh(sizeof *value);
    unsigned char *out = fresh(512);
    unsigned char bytes[] = "\x81\x80\0\0\0\0\x88\x82\0\0\0\0\x03\xe8";
    ws_accept_spec spec;

    memset(&spec, 0, sizeof spec);
    CHECK(try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                         conn, out, 512) > 0);
    DEFINED(conn, sizeof *conn);
    CHECK_EQ(ws_conn_recv(*conn, bytes, 14, events, 3, used), 2);
    DEFINED(used, sizeof *used);
    DEFINED(events, 2 * sizeof *events);
    if (watched()) {
        CHECK(marked_undefined(events + 2));
    }
    CHECK_EQ(ws_conn_get(*conn, WS_OPT_MAX_MESSAGE, value), WS_OK);
    DEFINED(value, sizeof *value);
    ws_conn_free(*conn);
    free(conn);
    free(events);
    free(used);
    free(value);
    free(out);
}

static void check_structs(void)
{
    ws_handshake *hs = fresh(sizeof *hs);
    ws_response *response = fresh(sizeof *response);
    ws_span *name = fresh(sizeof *name), *value = fresh(sizeof *value);
    ws_frame *frames = fresh(3 * sizeof *frames);
    ws_decoder *decoder = fresh(sizeof *decoder);
    uint16_t *code = fresh(sizeof *code);
    size_t *used = fresh(sizeof *used), pos = 0, len = strlen(request_text);
    unsigned char *dst = fresh(100);
    unsigned char bytes[] = "\x81\x80\0\0\0\0\x81\x82\1\2\3\4ab\x89\x80";

    check_case("structs", 0, 0);
    CHECK_EQ(ws_parse_handshake(request_text, len, hs, sizeof *hs), len);
    DEFINED(hs, sizeof *hs);
    CHECK_EQ(ws_parse_response(response_text, strlen(response_text),
                               request_text, len, response, sizeof *response),
             strlen(response_text));
    DEFINED(response, sizeof *response);
    CHECK_EQ(ws_next_header(request_text, len, &pos, name, value), 1);
    DEFINED(name, sizeof *name);
    DEFINED(value, sizeof *value);
    CHECK_EQ(ws_frame_decode(bytes, 6, WS_SERVER, frames), 6);
    DEFINED(frames, sizeof *frames);
    CHECK_EQ(ws_decoder_init(decoder, WS_SERVER, 0), 0);
    DEFINED(decoder, sizeof *decoder);
    CHECK_EQ(ws_decoder_feed(decoder, bytes, 16, frames, 3, used), 2);
    DEFINED(used, sizeof *used);
    DEFINED(frames, 2 * sizeof *frames);
    DEFINED(decoder, sizeof *decoder);
    CHECK_EQ(ws_close_parse(NULL, 0, code), 0);
    DEFINED(code, sizeof *code);
    ws_mask_copy(dst, request_text, 100, "\1\2\3\4", 3);
    DEFINED(dst, 100);
    check_conn();

    free(hs);
    free(response);
    free(name);
    free(value);
    free(frames);
    free(decoder);
    free(code);
    free(used);
    free(dst);
}

/* Outputs that are not filled are zeroed. */
static void check_zeroed(void)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    static const char malformed[] = "GET / HTTP/1.1\r\nHost : a\r\n\r\n";
    ws_span *a = fresh(sizeof *a), *b = fresh(sizeof *b);
    ws_frame *frame = fresh(sizeof *frame);
    size_t pos = 25;

    check_case("zeroed", 0, 0);
    CHECK_EQ(ws_next_header(head, strlen(head), &pos, a, b), 0);
    CHECK_FILL(a, 0, sizeof *a);
    CHECK_FILL(b, 0, sizeof *b);
    memset(a, 0xcc, sizeof *a);
    memset(b, 0xcc, sizeof *b);
    pos = 0;
    CHECK_EQ(ws_next_header(malformed, strlen(malformed), &pos, a, b),
             WS_ERR_HTTP_SYNTAX);
    CHECK_FILL(a, 0, sizeof *a);
    CHECK_FILL(b, 0, sizeof *b);
    memset(a, 0xcc, sizeof *a);
    CHECK_EQ(ws_find_header(head, strlen(head), "x", 1, a), 0);
    CHECK_FILL(a, 0, sizeof *a);
    memset(a, 0xcc, sizeof *a);
    CHECK_EQ(ws_find_header(malformed, strlen(malformed), "x", 1, a),
             WS_ERR_HTTP_SYNTAX);
    CHECK_FILL(a, 0, sizeof *a);
    memset(a, 0xcc, sizeof *a);
    CHECK_EQ(ws_select_protocol(head, strlen(head), "x", 1, a), 0);
    CHECK_FILL(a, 0, sizeof *a);
    CHECK_EQ(ws_frame_decode(NULL, 0, WS_CLIENT, frame), 0);
    CHECK_FILL(frame, 0, sizeof *frame);
    free(a);
    free(b);
    free(frame);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < writers_len; i++) {
        check_sizes(&writers[i]);
        check_uninitialised(&writers[i]);
    }
    check_structs();
    check_zeroed();
    return check_done(argv[0]);
}
