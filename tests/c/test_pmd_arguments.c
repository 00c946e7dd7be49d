/* permessage-deflate: invalid arguments and parameters, and structs next to
 * inaccessible memory. */
#include "tracker.h"
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT

static const char offers[] =
    "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: permessage-deflate; "
    "client_max_window_bits\r\n\r\n";
static const char response[] =
    "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

static const ws_pmd_params zero;
/* The values of the zeros. */
static const ws_pmd_params defaults = {0, 0, 15, 15, 6, 8, {0, 0}};

static ws_result accept(const char *head, size_t len, ws_pmd_params *params)
{
    unsigned char out[200];

    return ws_pmd_accept(head, len, params, out, sizeof out);
}

/* (p, n) is invalid as a buffer. */
static void check_invalid_buffer(void *p, size_t n)
{
    unsigned char out[200];
    ws_pmd_params params = {1, 0, 9, 10, 1, 2, {0, 0}}, before = params;

    check_case(p == NULL ? "NULL with a length" : "length", n, 0);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_pmd_accept(p, n, &params, out, sizeof out), INVALID);
    CHECK_EQ(ws_pmd_accept(offers, sizeof offers - 1, &params, p, n), INVALID);
    CHECK_EQ(ws_pmd_offer(&params, p, n), INVALID);
    CHECK_EQ(ws_pmd_confirm(p, n, &params), INVALID);
    CHECK_FILL(out, 0xcc, sizeof out);
    CHECK_MEM(&params, &before, sizeof params);
}

/* (p, 0) is empty: an incomplete head, or no room. */
static void check_empty_buffer(void *p)
{
    unsigned char out[200];
    ws_pmd_params params = zero;

    check_case("empty", p == NULL, 0);
    CHECK_EQ(ws_pmd_accept(p, 0, &params, out, sizeof out), INVALID);
    CHECK_EQ(ws_pmd_accept(offers, sizeof offers - 1, &params, p, 0),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_pmd_offer(&params, p, 0), WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_pmd_confirm(p, 0, &params), INVALID);
    CHECK_MEM(&params, &zero, sizeof params);
}

static void check_structs(void)
{
    static uint64_t room[64];
    unsigned char out[512];
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    void *odd = (unsigned char *)room + 1;
    ws_pmd_params *params;
    ws_accept_spec spec;
    ws_conn *made;

    check_case("structs", 0, 0);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(accept(offers, sizeof offers - 1, NULL), INVALID);
    CHECK_EQ(ws_pmd_offer(NULL, out, sizeof out), INVALID);
    CHECK_EQ(ws_pmd_confirm(response, sizeof response - 1, NULL), INVALID);
    CHECK_EQ(ws_conn_set_pmd(conn, NULL), INVALID);
    CHECK_EQ(ws_conn_get_pmd(conn, NULL), INVALID);
    CHECK_FILL(out, 0xcc, sizeof out);

    /* Without a handle the output is zeroed. */
    CHECK_EQ(ws_conn_set_pmd(NULL, &zero), INVALID);
    CHECK_EQ(ws_conn_set_pmd(odd, &zero), INVALID);
    params = (ws_pmd_params *)(void *)out;
    CHECK_EQ(ws_conn_get_pmd(NULL, params), INVALID);
    CHECK_FILL(params, 0, sizeof *params);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_conn_get_pmd(odd, params), INVALID);
    CHECK_FILL(params, 0, sizeof *params);
    CHECK_FILL(out + sizeof *params, 0xcc, sizeof out - sizeof *params);

    /* This struct has only bytes, so any address is aligned. */
    params = odd;
    memset(room, 0xcc, sizeof room);
    CHECK_EQ(ws_conn_get_pmd(conn, params), 0);
    CHECK_FILL(params, 0, sizeof *params);
    CHECK_EQ(ws_conn_set_pmd(conn, params), WS_OK);
    CHECK_EQ(ws_conn_get_pmd(conn, params), 1);
    CHECK_MEM(params, &defaults, sizeof *params);
    CHECK_EQ(ws_pmd_offer(params, out, sizeof out), 42);
    CHECK_EQ(accept(offers, sizeof offers - 1, params), 18);
    CHECK_EQ(ws_pmd_confirm(response, sizeof response - 1, params), 1);
    memset(&spec, 0, sizeof spec);
    spec.pmd = params;
    CHECK(try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                         &made, out, sizeof out) > 0);
    ws_conn_free(made);
    CHECK_FILL(params + 1, 0xcc, 64);
    ws_conn_free(conn);
}

/* Every byte of the parameters, with every value. */
static void check_values(void)
{
    static const unsigned char most[] = {1, 1, 15, 15, 9, 9, 0, 0};
    unsigned char bytes[sizeof(ws_pmd_params)], before[sizeof bytes];
    unsigned char out[1024];
    ws_pmd_params *params = (ws_pmd_params *)(void *)bytes, agreed;
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    ws_accept_spec spec;
    size_t at, len = strlen(request_text);
    unsigned value;

    memset(&spec, 0, sizeof spec);
    spec.allocator = &allocator;
    spec.pmd = params;
    for (at = 0; at < sizeof bytes; at++) {
        for (value = 0; value < 256; value++) {
            int window = at == 2 || at == 3;
            int valid = value <= most[at] && (!window || value == 0 || value > 7);
            ws_conn *conn = ws_conn_new(WS_CLIENT, &allocator), *made;

            check_case("value", at, value);
            memset(bytes, 0, sizeof bytes);
            bytes[at] = (unsigned char)value;
            memcpy(before, bytes, sizeof bytes);
            memset(out, 0xcc, sizeof out);
            made = (ws_conn *)(void *)out;
            if (valid) {
                CHECK(ws_pmd_offer(params, out, sizeof out) > 0);
                CHECK_MEM(bytes, before, sizeof bytes);
                CHECK_EQ(ws_conn_set_pmd(conn, params), WS_OK);
                CHECK_MEM(bytes, before, sizeof bytes);
                CHECK_EQ(ws_conn_get_pmd(conn, &agreed), 1);
                memcpy(before, value == 0 ? &defaults : &agreed, sizeof before);
                CHECK_MEM(&agreed, before, sizeof before);
                CHECK(value == 0 ||
                      ((unsigned char *)&agreed)[at] == (unsigned char)value);
                CHECK(try_to_accept(request_text, len, &spec, sizeof spec,
                                     &made, out, sizeof out) > 0);
                ws_conn_free(made);
                CHECK(accept(offers, sizeof offers - 1, params) > 0);
                memcpy(bytes, &agreed, sizeof bytes);
                CHECK(accept(offers, sizeof offers - 1, params) > 0);
                CHECK_MEM(bytes, &agreed, sizeof bytes);
            } else {
                CHECK_EQ(ws_pmd_offer(params, out, sizeof out), INVALID);
                CHECK_EQ(ws_pmd_accept(offers, sizeof offers - 1, params, out,
                                       sizeof out),
                         INVALID);
                /* Even if nothing was offered or confirmed. */
                CHECK_EQ(ws_pmd_accept(response, 18, params, out, sizeof out), INVALID);
                CHECK_EQ(ws_pmd_confirm(response, sizeof response - 1, params),
                         INVALID);
                CHECK_EQ(ws_pmd_confirm("HTTP/1.1 101 x\r\n\r\n", 18, params),
                         INVALID);
                CHECK_EQ(ws_conn_set_pmd(conn, params), INVALID);
                CHECK_EQ(ws_conn_get_pmd(conn, &agreed), 0);
                CHECK_FILL(&agreed, 0, sizeof agreed);
                CHECK_EQ(try_to_accept(request_text, len, &spec, sizeof spec,
                                        &made, out, sizeof out),
                         INVALID);
                CHECK(made == NULL);
                /* Whatever the head. */
                CHECK_EQ(try_to_accept("GET /\r\n\r\n", 9, &spec, sizeof spec,
                                        &made, out, sizeof out),
                         INVALID);
                CHECK_EQ(try_to_accept(NULL, 0, &spec, sizeof spec, &made, out,
                                        sizeof out),
                         INVALID);
                CHECK_MEM(bytes, before, sizeof bytes);
                CHECK_FILL(out, 0xcc, sizeof out);
            }
            ws_conn_free(conn);
        }
    }
    CHECK_U64(tracker.blocks, 0);
}

/* Malformed and incomplete heads. */
static void check_heads(void)
{
    static const char malformed[] =
        "GET / HTTP/1.1\r\nA : b\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    ws_pmd_params params = {0, 1, 9, 0, 3, 0, {0, 0}}, before = params;
    size_t n;

    check_case("heads", 0, 0);
    CHECK_EQ(accept(malformed, sizeof malformed - 1, &params), WS_ERR_HTTP_SYNTAX);
    CHECK_EQ(ws_pmd_confirm(malformed, sizeof malformed - 1, &params),
             WS_ERR_HTTP_SYNTAX);
    CHECK_MEM(&params, &before, sizeof params);
    for (n = 0; n < sizeof offers - 1; n++) {
        check_case("incomplete head", n, 0);
        CHECK_EQ(accept(offers, n, &params), INVALID);
        CHECK_MEM(&params, &before, sizeof params);
    }
    for (n = 0; n < sizeof response - 1; n++) {
        check_case("incomplete head", n, 1);
        CHECK_EQ(ws_pmd_confirm(response, n, &params), INVALID);
        CHECK_MEM(&params, &before, sizeof params);
    }
}

/* Parameters next to inaccessible memory. */
static void check_edges(void *(*place)(size_t len))
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_pmd_params *params = place(sizeof *params);
    unsigned char out[512];
    ws_accept_spec spec;
    ws_conn *made;

    check_case("edges", place == after_wall, 0);
    *params = zero;
    CHECK_EQ(ws_pmd_offer(params, out, sizeof out), 42);
    CHECK_EQ(ws_conn_set_pmd(conn, params), WS_OK);
    CHECK_EQ(ws_conn_get_pmd(conn, params), 1);
    CHECK_EQ(accept(offers, sizeof offers - 1, params), 18);
    CHECK_EQ(ws_pmd_confirm(response, sizeof response - 1, params), 1);
    CHECK_MEM(params, &defaults, sizeof *params);
    memset(&spec, 0, sizeof spec);
    spec.pmd = params;
    CHECK(try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                         &made, out, sizeof out) > 0);
    ws_conn_free(made);
    ws_conn_free(conn);
}

static void check_uninitialised(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_pmd_params *params = fresh(sizeof *params);

    check_case("uninitialised", 0, 0);
    CHECK_EQ(ws_conn_get_pmd(conn, params), 0);
    CHECK(!undefined(params, sizeof *params));
    CHECK_EQ(ws_conn_set_pmd(conn, params), WS_OK);
    free(params);
    params = fresh(sizeof *params);
    CHECK_EQ(ws_conn_get_pmd(conn, params), 1);
    CHECK(!undefined(params, sizeof *params));
    free(params);
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    static const size_t absurd[] = {SIZE_MAX, SIZE_MAX - 1,
                                    (size_t)PTRDIFF_MAX + 1};
    char in[16] = {0};
    size_t i;

    (void)argc;
    check_invalid_buffer(NULL, 1);
    check_invalid_buffer(NULL, 100);
    for (i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        check_invalid_buffer(NULL, absurd[i]);
        check_invalid_buffer(in, absurd[i]);
    }
    check_empty_buffer(NULL);
    check_empty_buffer(in);
    check_empty_buffer((void *)(uintptr_t)1);
    check_structs();
    check_values();
    check_heads();
    check_edges(before_wall);
    check_edges(after_wall);
    check_uninitialised();
    return check_done(argv[0]);
}
