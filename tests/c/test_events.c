/* The data of events, in the caller's buffer or in the connection's memory; and
 * WS_EVENT_FRAME_END. */
#include "check.h"
#include "wire.h"
#include "wscodec.h"

#include <string.h>

enum {
    WHOLE = WS_EVENT_FIRST | WS_EVENT_LAST | WS_EVENT_FRAME_END,
    COLLECTED = WHOLE | WS_EVENT_COLLECTED
};

/* The data of a message that is whole in the buffer is at `off`. */
static void check_data_in_the_buffer(void)
{
    unsigned char wire[64];
    size_t len = frames_of("82:01 81:6869 89:70 82:", WS_SERVER, wire,
                           sizeof wire);
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[8];
    size_t used;

    check_case("in the buffer", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &used), 3);
    CHECK_EQ(ev[0].off, 6);
    CHECK_EQ(ev[0].len, 1);
    CHECK_EQ(ev[0].flags, WHOLE);
    CHECK(ws_event_data(conn, wire, &ev[0]) == wire + 6);
    CHECK_EQ(ev[1].off, 13);
    CHECK_EQ(ev[1].len, 2);
    CHECK(ws_event_data(conn, wire, &ev[1]) == wire + 13);
    CHECK_MEM(wire + 13, "hi", 2);
    CHECK_EQ(ev[2].opcode, WS_OPCODE_PING);
    CHECK_EQ(ev[2].flags, WHOLE);
    CHECK_EQ(wire[ev[2].off], 'p');
    /* Only an address is computed, so the buffer may have moved. */
    CHECK(ws_event_data(conn, wire + 1, &ev[0]) == wire + 7);
    ws_conn_free(conn);
}

/* Collected data is in the connection's memory, needs no buffer, and is valid
 * until the next ws_conn_recv(), whatever else is called. */
static void check_collected_message(void)
{
    unsigned char wire[64], out[32];
    size_t len = frames_of("01:61 80:62 82:6364", WS_SERVER, wire,
                           sizeof wire);
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[8], old;
    size_t used, done;
    uint64_t value;

    check_case("collected", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &done), 1);
    CHECK_EQ(ev[0].flags, COLLECTED);
    CHECK_EQ(ev[0].len, 2);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[0]), "ab", 2);
    CHECK_MEM(ws_event_data(conn, wire, &ev[0]), "ab", 2);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 3);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 5), WS_OK);
    CHECK_EQ(ws_conn_get(conn, WS_OPT_MAX_MESSAGE, &value), WS_OK);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[0]), "ab", 2);
    old = ev[0];
    CHECK_EQ(ws_conn_recv(conn, wire + done, len - done, ev, 8, &used), 1);
    CHECK_EQ(ev[0].flags, WHOLE);
    CHECK(ws_event_data(conn, NULL, &old) == NULL);
    CHECK(ws_event_data(conn, wire, &old) == NULL);
    ws_conn_free(conn);
}

/* The payload of a control frame that arrives in pieces is collected, too. */
static void check_collected_control(void)
{
    unsigned char ping[64], bye[64];
    size_t len = frames_of("89:7069", WS_SERVER, ping, sizeof ping), used;
    size_t bye_len = frames_of("88:03e8627965", WS_SERVER, bye, sizeof bye);
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[8];

    check_case("collected control", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, ping, len - 1, ev, 8, &used), 0);
    CHECK_EQ(ws_conn_recv(conn, ping + len - 1, 1, ev, 8, &used), 1);
    CHECK_EQ(ev[0].flags, COLLECTED);
    CHECK_EQ(ev[0].len, 2);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[0]), "pi", 2);
    CHECK_EQ(ws_conn_output(conn, bye + bye_len, 32), 4);
    /* `off` is the start of the reason, without the code. */
    CHECK_EQ(ws_conn_recv(conn, bye, 7, ev, 8, &used), 0);
    CHECK_EQ(ws_conn_recv(conn, bye + 7, bye_len - 7, ev, 8, &used), 1);
    CHECK_EQ(ev[0].flags, COLLECTED);
    CHECK_EQ(ev[0].close_code, 1000);
    CHECK_EQ(ev[0].len, 3);
    CHECK_MEM(ws_event_data(conn, NULL, &ev[0]), "bye", 3);
    ws_conn_free(conn);

    conn = ws_conn_new(WS_SERVER, NULL);
    bye_len = frames_of("88:03e8627965", WS_SERVER, bye, sizeof bye);
    CHECK_EQ(ws_conn_recv(conn, bye, bye_len, ev, 8, &used), 1);
    CHECK_EQ(ev[0].flags, WHOLE);
    CHECK_EQ(ev[0].off, 8);
    CHECK_MEM(ws_event_data(conn, bye, &ev[0]), "bye", 3);
    ws_conn_free(conn);
}

static void check_invalid_arguments(void)
{
    unsigned char wire[64];
    uint64_t room[8] = {0};
    const void *odd = (unsigned char *)room + 1;
    size_t len = frames_of("01: 80:", WS_SERVER, wire, sizeof wire), used;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_conn *other = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[8], damaged;

    check_case("invalid", 0, 0);
    CHECK_EQ(ws_conn_recv(conn, wire, len, ev, 8, &used), 1);
    CHECK(ws_event_data(conn, wire, NULL) == NULL);
    CHECK(ws_event_data(conn, wire, odd) == NULL);
    damaged = ev[0];
    damaged.flags = COLLECTED;
    damaged.len = 1; /* beyond the collected data */
    CHECK(ws_event_data(conn, wire, &damaged) == NULL);
    damaged.off = UINT64_MAX;
    CHECK(ws_event_data(conn, wire, &damaged) == NULL);
    damaged.len = 0;
    CHECK(ws_event_data(NULL, wire, &damaged) == NULL);
    CHECK(ws_event_data(odd, wire, &damaged) == NULL);
    damaged.off = 0;
    damaged.len = 1;
    CHECK(ws_event_data(other, wire, &damaged) == NULL);
    ws_conn_free(conn);
    ws_conn_free(other);
}

/* The data of an empty message is not NULL, even if it is collected. */
static void check_empty_is_not_null(void)
{
    unsigned char wire[64];
    size_t len = frames_of("01: 80: 81:", WS_SERVER, wire, sizeof wire);
    size_t at = 0, used, events = 0;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event ev[8];
    ws_result n, i;

    check_case("empty", 0, 0);
    while (at < len) {
        n = ws_conn_recv(conn, wire + at, len - at, ev, 8, &used);
        for (i = 0; i < n; i++, events++) {
            int collected = (ev[i].flags & WS_EVENT_COLLECTED) != 0;

            CHECK_EQ(ev[i].len, 0);
            CHECK(ws_event_data(conn, collected ? NULL : wire + at, &ev[i]) !=
                  NULL);
        }
        CHECK(n >= 0);
        if (n < 0) {
            break;
        }
        at += used;
    }
    CHECK_U64(events, 2);
    ws_conn_free(conn);
}

/* Only the last event of a call may be collected; a call without bytes reports
 * no event. */
static void check_only_the_last_is_collected(const char *frames,
                                             const ws_pmd_params *pmd, int stream)
{
    unsigned char wire[512];
    size_t len = frames_of(frames, WS_SERVER, wire, sizeof wire), step;

    for (step = 1; step <= len; step++) {
        ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
        size_t at = 0;

        (void)frames_of(frames, WS_SERVER, wire, sizeof wire);
        check_case(frames, step, (uintmax_t)stream);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)stream), WS_OK);
        if (pmd != NULL) {
            CHECK_EQ(ws_conn_set_pmd(conn, pmd), WS_OK);
        }
        while (at < len) {
            size_t size = len - at < step ? len - at : step, used;
            unsigned char out[WS_MAX_OUTPUT];
            ws_event ev[8];
            ws_result i, n = ws_conn_recv(conn, wire + at, size, ev, 8, &used);

            CHECK_EQ(n < 0 ? n : 0, 0);
            if (n < 0) {
                break;
            }
            for (i = 0; i < n; i++) {
                int collected = (ev[i].flags & WS_EVENT_COLLECTED) != 0;

                CHECK(!collected || i == n - 1);
                CHECK(collected || ev[i].off + ev[i].len <= size);
                CHECK(ws_event_data(conn, wire + at, &ev[i]) != NULL);
            }
            CHECK(ws_conn_output(conn, out, sizeof out) >= 0);
            at += used;
            CHECK_EQ(ws_conn_recv(conn, NULL, 0, ev, 8, &used), 0);
        }
        ws_conn_free(conn);
    }
}

/* With WS_OPT_STREAM every data frame has exactly one piece with FRAME_END,
 * which may be empty. */
static void check_frame_ends(const char *frames, const ws_pmd_params *pmd,
                             size_t want)
{
    unsigned char wire[512];
    size_t len = frames_of(frames, WS_SERVER, wire, sizeof wire), step;

    for (step = 1; step <= len; step++) {
        ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
        size_t at, ends = 0, lasts = 0;

        (void)frames_of(frames, WS_SERVER, wire, sizeof wire);
        check_case(frames, step, 0);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 1), WS_OK);
        if (pmd != NULL) {
            CHECK_EQ(ws_conn_set_pmd(conn, pmd), WS_OK);
        }
        for (at = 0; at < len;) {
            size_t size = len - at < step ? len - at : step, used;
            ws_event ev[8];
            ws_result i, n = ws_conn_recv(conn, wire + at, size, ev, 8, &used);

            CHECK_EQ(n < 0 ? n : 0, 0);
            if (n < 0) {
                break;
            }
            for (i = 0; i < n; i++) {
                int ended = (ev[i].flags & WS_EVENT_FRAME_END) != 0;

                if (ev[i].opcode >= WS_OPCODE_CLOSE) {
                    CHECK(ended);
                    continue;
                }
                ends += (size_t)ended;
                lasts += (ev[i].flags & WS_EVENT_LAST) != 0;
                CHECK(ended || (ev[i].flags & WS_EVENT_LAST) == 0);
            }
            at += used;
        }
        CHECK_U64(ends, want);
        CHECK_U64(lasts, 2);
        ws_conn_free(conn);
    }
}

int main(int argc, char **argv)
{
    static const char plain[] = "01:61 89:70 00: 80:6263 82:010203";
    static const char few[] = "01: 00: 00:6162 80: 81:";

    (void)argc;
    check_data_in_the_buffer();
    check_collected_message();
    check_collected_control();
    check_invalid_arguments();
    check_empty_is_not_null();
    check_only_the_last_is_collected(plain, NULL, 0);
    check_only_the_last_is_collected(plain, NULL, 1);
    check_only_the_last_is_collected(few, NULL, 0);
    check_frame_ends(plain, NULL, 4);
    check_frame_ends(few, NULL, 5);
#ifndef WITHOUT_DEFLATE
    {
        static const ws_pmd_params keeps;
        /* "Hello" in three frames; the first two decompress to nothing. */
        static const char hello[] =
            "41:f2 00: 89:70 80:48cdc9c90700 c1:f200110000";

        check_only_the_last_is_collected(hello, &keeps, 0);
        check_only_the_last_is_collected(hello, &keeps, 1);
        check_frame_ends(hello, &keeps, 4);
        check_frame_ends("41:f248cdc9c90700 80: c1:00", &keeps, 3);
    }
#endif
    return check_done(argv[0]);
}
