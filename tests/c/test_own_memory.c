/* ws_conn_init() and ws_conn_set_random(). */
#include "tracker.h"
#include "check.h"
#include "memory.h"
#include "wire.h"
#include "wscodec.h"

#include <string.h>

/* ---- ws_conn_init() ---- */

static uint64_t room[WS_MAX_CONN / 8 + 4];

/* The part of `room` that is aligned to 16. */
static unsigned char *aligned(void)
{
    return (unsigned char *)room + (-(uintptr_t)room & 15);
}

static void check_memory(void)
{
    size_t size = ws_sizeof(WS_TYPE_CONN), i;
    unsigned char *mem = aligned();

    check_case("memory", 0, 0);
    CHECK(size > 0 && size <= WS_MAX_CONN);
    CHECK(ws_conn_init(NULL, size, WS_SERVER, NULL) == NULL);
    CHECK(ws_conn_init(mem, size - 1, WS_SERVER, NULL) == NULL);
    CHECK(ws_conn_init(mem, 0, WS_SERVER, NULL) == NULL);
    for (i = 1; i < 16; i++) {
        CHECK(ws_conn_init(mem + i, size, WS_SERVER, NULL) == NULL);
    }
    CHECK(ws_conn_init(mem, size, 2, NULL) == NULL);
    CHECK(ws_conn_init(mem, size, WS_SERVER,
                       (const ws_allocator *)(const void *)(mem + 1)) == NULL);
    /* The handle is the memory, and nothing beyond it is written. */
    memset(mem, 0xa5, size + 16);
    CHECK(ws_conn_init(mem, size + 16, WS_SERVER, NULL) == (ws_conn *)mem);
    CHECK_FILL(mem + size, 0xa5, 16);
    ws_conn_free((ws_conn *)mem);
    CHECK_FILL(mem + size, 0xa5, 16);
}

/* A server that reads whole messages allocates nothing. */
static void check_no_allocation(void)
{
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    unsigned char wire[128], out[WS_MAX_OUTPUT];
    size_t len = frames_of("81:6869 89:70 88:03e8", WS_SERVER, wire,
                           sizeof wire);
    size_t at = 0, used, events = 0;
    ws_conn *conn = ws_conn_init(aligned(), WS_MAX_CONN, WS_SERVER, &allocator);
    ws_event ev[8];

    check_case("no allocation", 0, 0);
    CHECK(conn != NULL);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "hi", 2, out, sizeof out),
             4);
    while (at < len) {
        ws_result n = ws_conn_recv(conn, wire + at, len - at, ev, 8, &used);

        CHECK(n > 0);
        events += n > 0 ? (size_t)n : 0;
        at += used;
        CHECK(ws_conn_output(conn, out, sizeof out) >= 0);
        if (n <= 0) {
            break;
        }
    }
    CHECK_U64(events, 3);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSED);
    ws_conn_free(conn);
    /* At most the pending pong needed memory. */
    CHECK(tracker.calls <= 1);
    CHECK_U64(tracker.blocks, 0);
}

/* ws_conn_free() frees what the connection owns, and the caller's memory can be
 * used again. */
static void check_reuse(void)
{
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    int round;

    for (round = 0; round < 3; round++) {
        unsigned char wire[64];
        size_t len = frames_of("01:6869 80:70", WS_SERVER, wire, sizeof wire);
        size_t used;
        ws_conn *conn =
            ws_conn_init(aligned(), WS_MAX_CONN, WS_SERVER, &allocator);
        ws_event ev[8];

        check_case("reuse", (uintmax_t)round, 0);
        CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
        CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &used), 1);
        CHECK_MEM(ws_event_data(conn, wire, &ev[0]), "hip", 3);
        CHECK_U64(tracker.blocks, 1);
        ws_conn_free(conn);
        CHECK_U64(tracker.blocks, 0);
    }
}

/* ---- masking keys ---- */

struct source {
    unsigned char next;
    size_t asked;
    size_t last; /* The length of the last request. */
    int fails;
};

static int fill(void *user, void *out, size_t len)
{
    struct source *source = user;
    unsigned char *bytes = out;
    size_t i;

    source->asked++;
    source->last = len;
    if (source->fails) {
        return 1;
    }
    for (i = 0; i < len; i++) {
        bytes[i] = source->next++;
    }
    return 0;
}

static void start(struct source *source)
{
    memset(source, 0, sizeof *source);
    source->next = 1;
}

/* Keys are used in order, 64 from each 256 bytes, so two runs are equal. */
static void check_reproducible(void)
{
    static unsigned char runs[2][65 * 7];
    struct source source;
    int run;
    size_t i;

    for (run = 0; run < 2; run++) {
        ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);

        check_case("reproducible", (uintmax_t)run, 0);
        start(&source);
        CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_OK);
        CHECK_U64(source.asked, 0);
        for (i = 0; i < 65; i++) {
            unsigned char *out = runs[run] + 7 * i;

            CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, 7), 7);
            CHECK_EQ(out[2], (unsigned char)(1 + 4 * i));
            CHECK_EQ(out[6], 'x' ^ out[2]);
            CHECK_U64(source.asked, i < 64 ? 1 : 2);
            CHECK_U64(source.last, 256);
        }
        CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_ERR_INVALID_STATE);
        ws_conn_free(conn);
    }
    CHECK_MEM(runs[0], runs[1], sizeof runs[0]);
}

/* A failure has no effect, and the call may be repeated. */
static void check_failing_source(void)
{
    struct source source;
    unsigned char out[16];
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);

    check_case("failing source", 0, 0);
    start(&source);
    source.fails = 1;
    CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_OK);
    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_MORE, "x", 1, out,
                          sizeof out),
             WS_ERR_RANDOM);
    CHECK_FILL(out, 0xcc, sizeof out);
    CHECK_EQ(ws_conn_close(conn, 1000, NULL, 0, out, sizeof out),
             WS_ERR_RANDOM);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
    source.fails = 0;
    /* Another opcode is valid: no message was started. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_BINARY, 0, "x", 1, out, sizeof out),
             7);
    ws_conn_free(conn);
}

/* Without memory for 64 keys, they are drawn one by one. */
static void check_one_by_one(void)
{
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    struct source source;
    unsigned char out[16];
    ws_conn *conn = ws_conn_new(WS_CLIENT, &allocator);

    check_case("one by one", 0, 0);
    start(&source);
    CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_OK);
    tracker.fails = tracker.calls + 1;
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 7);
    CHECK_U64(source.last, 4);
    CHECK_MEM(out + 2, "\1\2\3\4", 4);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

static void check_arguments(void)
{
    struct source source;
    unsigned char out[16];
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);

    check_case("arguments", 0, 0);
    start(&source);
    CHECK_EQ(ws_conn_set_random(NULL, fill, &source), WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_OK);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 3);
    CHECK_U64(source.asked, 0); /* a server has no keys */
    ws_conn_free(conn);
    conn = ws_conn_new(WS_CLIENT, NULL);
    CHECK_EQ(ws_conn_set_random(conn, fill, &source), WS_OK);
    CHECK_EQ(ws_conn_set_random(conn, NULL, NULL), WS_OK);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 7);
    CHECK_U64(source.asked, 0);
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_memory();
    check_no_allocation();
    check_reuse();
    check_reproducible();
    check_failing_source();
    check_one_by_one();
    check_arguments();
    return check_done(argv[0]);
}
