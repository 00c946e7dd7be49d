/* The loop until ws_conn_recv() returns 0 and the loop until all bytes are
 * consumed are equivalent: the same events, replies and errors for any number of
 * slots. Bytes that are not consumed do not change. */
#include "check.h"
#include "wire.h"
#include "wscodec.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 4096 };
enum loop { OVER_THE_RESULT, OVER_THE_BYTES, LOOPS };

/* The result of a stream. The pieces of a message are logged as one. */
struct trace {
    char events[ROOM];
    size_t events_len;
    unsigned char replies[ROOM];
    size_t replies_len;
    int open; /* A message is incomplete. */
    ws_result error;
    int state;
    ws_result finish;
};

static void put(struct trace *s, const void *bytes, size_t len)
{
    if (len >= ROOM - s->events_len) {
        abort();
    }
    memcpy(s->events + s->events_len, bytes, len);
    s->events_len += len;
}

static void log_event(struct trace *s, const ws_event *ev, const void *data)
{
    char head[3];

    head[0] = (char)('0' + ev->opcode);
    head[1] = ':';
    head[2] = (char)(ev->close_code & 0x7f);
    if (ev->opcode >= WS_OPCODE_CLOSE) {
        put(s, head, 3);
        put(s, data, (size_t)ev->len);
        put(s, "|", 1);
        return;
    }
    CHECK_EQ(s->open, (ev->flags & WS_EVENT_FIRST) == 0);
    if (!s->open) {
        put(s, head, 2);
    }
    put(s, data, (size_t)ev->len);
    s->open = (ev->flags & WS_EVENT_LAST) == 0;
    if (!s->open) {
        put(s, "|", 1);
    }
}

/* One call of ws_conn_recv(), with its events and output. */
static ws_result receive(ws_conn *conn, unsigned char *p, size_t len, size_t slots,
                         size_t *used, struct trace *s)
{
    unsigned char *copy = malloc(len + 1), out[WS_MAX_OUTPUT];
    ws_event ev[64];
    ws_result i, n, reply;
    int may_reply;

    memcpy(copy, p, len);
    n = ws_conn_recv(conn, p, len, ev, slots, used);
    CHECK(n <= (ws_result)slots);
    CHECK(*used <= len);
    if (n >= 0) {
        CHECK_EQ(memcmp(p + *used, copy + *used, len - *used), 0);
    } else {
        CHECK_EQ(*used, 0);
    }
    if (n == 0) {
        CHECK_U64(*used, len);
    }
    may_reply = n < 0;
    for (i = 0; i < n; i++) {
        const void *data = ws_event_data(conn, p, &ev[i]);

        CHECK(data != NULL);
        log_event(s, &ev[i], data);
        may_reply |= ev[i].opcode == WS_OPCODE_PING || ev[i].opcode == WS_OPCODE_CLOSE;
    }
    reply = ws_conn_output(conn, out, sizeof out);
    CHECK(reply >= 0);
    CHECK(may_reply || reply == 0);
    memcpy(s->replies + s->replies_len, out, (size_t)reply);
    s->replies_len += (size_t)reply;
    free(copy);
    return n;
}

static ws_result over_the_result(ws_conn *conn, unsigned char *p, size_t len,
                                 size_t slots, struct trace *s)
{
    size_t used;
    ws_result n;

    do {
        n = receive(conn, p, len, slots, &used, s);
        p += used;
        len -= used;
    } while (n > 0);
    return n;
}

static ws_result over_the_bytes(ws_conn *conn, unsigned char *p, size_t len,
                                size_t slots, struct trace *s)
{
    size_t used;
    ws_result n = 0;

    while (len > 0) {
        n = receive(conn, p, len, slots, &used, s);
        if (n < 0) {
            return n;
        }
        p += used;
        len -= used;
    }
    return 0;
}

struct stream {
    const char *frames;
    const ws_pmd_params *pmd;
    ws_result error;
};

static void run(const struct stream *stream, int pieces, size_t step, size_t slots,
                enum loop loop, struct trace *s)
{
    unsigned char wire[ROOM];
    size_t len = frames_of(stream->frames, WS_SERVER, wire, sizeof wire), at;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);

    memset(s, 0, sizeof *s);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)pieces), WS_OK);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 1000), WS_OK);
    if (stream->pmd != NULL) {
        CHECK_EQ(ws_conn_set_pmd(conn, stream->pmd), WS_OK);
    }
    for (at = 0; at < len && s->error == 0; at += step) {
        size_t size = len - at < step ? len - at : step;

        s->error = loop == OVER_THE_RESULT
                       ? over_the_result(conn, wire + at, size, slots, s)
                       : over_the_bytes(conn, wire + at, size, slots, s);
    }
    s->state = ws_conn_state(conn);
    s->finish = ws_conn_finish(conn);
    ws_conn_free(conn);
}

static void check_stream(const struct stream *stream, int pieces)
{
    static const size_t slots[] = {1, 2, 3, 4, 64};
    static struct trace want, got;
    unsigned char wire[ROOM];
    size_t len = frames_of(stream->frames, WS_SERVER, wire, sizeof wire);
    size_t step, i;
    int loop;

    for (step = 1; step <= len; step = step < 16 ? step + 1 : step * 3) {
        check_case(stream->frames, step, (uintmax_t)pieces);
        run(stream, pieces, step, 64, OVER_THE_RESULT, &want);
        CHECK_EQ(want.error, stream->error);
        for (i = 0; i < sizeof slots / sizeof *slots; i++) {
            for (loop = 0; loop < LOOPS; loop++) {
                check_case(stream->frames, step, slots[i] * 10 + (size_t)loop);
                run(stream, pieces, step, slots[i], (enum loop)loop, &got);
                CHECK_EQ(got.error, want.error);
                CHECK_EQ(got.state, want.state);
                CHECK_EQ(got.finish, want.finish);
                CHECK_U64(got.events_len, want.events_len);
                CHECK_MEM(got.events, want.events, want.events_len);
                CHECK_U64(got.replies_len, want.replies_len);
                CHECK_MEM(got.replies, want.replies, want.replies_len);
            }
        }
    }
}

int main(int argc, char **argv)
{
#ifndef WITHOUT_DEFLATE
    static const ws_pmd_params keeps;
    static const ws_pmd_params resets = {1, 1, 0, 0, 0, 0, {0, 0}};
#endif
    static const struct stream corpus[] = {
        {"81:6869 82:00 81:", NULL, 0},
        {"01:6162 89:70 00: 80:63 8a: 89:71 89:72 82:ff", NULL, 0},
        {"89: 89: 89: 89: 89:", NULL, 0},
        {"81:68 88:03e8627965 81:69", NULL, 0},
        {"01:68 88: =ffffff", NULL, 0},
        {"01:c3 80:a9 81:e282ac", NULL, 0},
        /* Errors, with and without frames before them. */
        {"=83", NULL, WS_ERR_OPCODE},
        {"81:616263 89:70 =83", NULL, WS_ERR_OPCODE},
        {"81:616263ff", NULL, WS_ERR_UTF8},
        {"81:61 81:6263c3", NULL, WS_ERR_UTF8},
        {"01:61c3 80:", NULL, WS_ERR_UTF8},
        {"01:61 00:62 81:63", NULL, WS_ERR_FRAGMENTATION},
        {"82:01 89:70 88:03", NULL, WS_ERR_CLOSE_PAYLOAD},
        {"82:01 88:03e8ff", NULL, WS_ERR_UTF8},
        {"82:01 =827e03e9", NULL, WS_ERR_MASK},
        {"82:01 =82fe03e9", NULL, WS_ERR_TOO_BIG},
        {"82:01 =82fe0005", NULL, WS_ERR_LENGTH},
        {"82:01 =8900", NULL, WS_ERR_MASK},
        {"82:01 c2:01", NULL, WS_ERR_RESERVED_BITS},
#ifndef WITHOUT_DEFLATE
        {"c1:f248cdc9c90700 c1:f200110000 81:68 c1:00", &keeps, 0},
        {"41:f248cd 89:70 00: 80:c9c90700 c1: 82:01", &keeps, 0},
        {"c1:f248cdc9c907000000ffff c1:f348cdc9c9070000", &resets, 0},
        {"41:f248cdc9c90700 80: 89:70", &resets, 0},
        {"81:61 c1:f248cd", &keeps, WS_ERR_COMPRESSION},
        {"41:f248cd 80:", &keeps, WS_ERR_COMPRESSION},
        {"c1:f248cdc9c907000000ffff06", &keeps, WS_ERR_COMPRESSION},
        {"41:f248cd c0:c9c90700", &keeps, WS_ERR_RESERVED_BITS},
        {"c1:000300fcff68c32800", &keeps, WS_ERR_UTF8},
        {"c1:000200fdff68c300", &keeps, WS_ERR_UTF8},
        /* 1,000 letters, which is the limit; 1,001; 5,000. */
        {"c1:4a4c1c05a360140c770000 81:68", &keeps, 0},
        {"c1:4a4c1c05a360140c7b0000 81:68", &keeps, WS_ERR_TOO_BIG},
        {"81:68 c1:ecc13101000000c2a0aceb5fc2147e4001000000006f03", &resets,
         WS_ERR_TOO_BIG},
#endif
    };
    size_t i;

    (void)argc;
    for (i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        check_stream(&corpus[i], 0);
        check_stream(&corpus[i], 1);
    }
    return check_done(argv[0]);
}
