/* The vectors of connections: events, replies and errors are the same, however the
 * input is cut. */
#include "check.h"
#include "memory.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_EVENTS = 16, ROOM = 1 << 18 };

/* What a connection has reported and sent. */
struct seen {
    struct vector_event events[MOST_EVENTS];
    size_t len, data_len, output_len;
    unsigned char *data;
    unsigned char output[1024];
    ws_result error;
};

/* All masking keys are zeros, so that output can be compared. */
static int no_random(void *user, void *out, size_t len)
{
    (void)user;
    memset(out, 0, len);
    return 0;
}

static ws_conn *conn_of(const struct connection_stream *v)
{
    ws_conn *conn = ws_conn_new(v->side, NULL);
    size_t i;

    if (v->parameters != NULL) {
        CHECK_EQ(ws_conn_set_pmd(conn, v->parameters), WS_OK);
    }
    for (i = 0; i < v->options_len; i++) {
        CHECK_EQ(ws_conn_set(conn, v->options[i].option, v->options[i].value), WS_OK);
    }
    CHECK_EQ(ws_conn_set_random(conn, no_random, NULL), WS_OK);
    return conn;
}

/* Chunks of one message become one event. */
static void note_event(struct seen *seen, const ws_event *event, const void *data)
{
    unsigned flags = event->flags & ~(WS_EVENT_COLLECTED | WS_EVENT_FRAME_END);

    memcpy(seen->data + seen->data_len, data, (size_t)event->len);
    seen->data_len += (size_t)event->len;
    if ((flags & WS_EVENT_FIRST) != 0) {
        struct vector_event first = {0, 0, 0, {0, NULL, 0}};

        first.opcode = event->opcode;
        first.close_code = event->close_code;
        CHECK(seen->len < MOST_EVENTS);
        seen->events[seen->len++] = first;
    }
    seen->events[seen->len - 1].flags |= flags;
    seen->events[seen->len - 1].payload.len += (size_t)event->len;
}

static void collect(struct seen *seen, ws_conn *conn)
{
    ws_result n = ws_conn_output(conn, seen->output + seen->output_len,
                                 sizeof seen->output - seen->output_len);

    CHECK(n >= 0);
    seen->output_len += n > 0 ? (size_t)n : 0;
}

static void read_piece(struct seen *seen, ws_conn *conn, const unsigned char *from,
                       size_t len, size_t cap)
{
    unsigned char *piece = memcpy(before_wall(len), from, len);
    ws_event ev[MOST_EVENTS];
    size_t done = 0, used, i;
    ws_result n;

    do {
        n = ws_conn_recv(conn, piece + done, len - done, ev, cap, &used);
        for (i = 0; n > 0 && i < (size_t)n; i++) {
            note_event(seen, &ev[i], ws_event_data(conn, piece + done, &ev[i]));
        }
        collect(seen, conn);
        done += used;
    } while (n > 0);
    seen->error = n;
}

static void check_events(const struct seen *seen, const struct connection_stream *v)
{
    size_t i, at = 0;

    CHECK_EQ(seen->len, v->events_len);
    for (i = 0; i < seen->len && i < v->events_len; i++) {
        CHECK_EQ(seen->events[i].opcode, v->events[i].opcode);
        CHECK_EQ(seen->events[i].flags, v->events[i].flags);
        CHECK_EQ(seen->events[i].close_code, v->events[i].close_code);
        CHECK_BYTES(seen->data + at, seen->events[i].payload.len, &v->events[i].payload);
        at += seen->events[i].payload.len;
    }
}

/* Frames of at most 125 bytes, with masks of zeros from a client. */
static void check_output(const struct seen *seen, const struct connection_stream *v)
{
    unsigned char want[1024] = {0};
    size_t i, len = 0;

    for (i = 0; i < v->output_len; i++) {
        const struct bytes *payload = &v->output[i].payload;

        want[len++] = (unsigned char)(0x80u | v->output[i].opcode);
        want[len++] =
            (unsigned char)((v->side == WS_CLIENT ? 0x80u : 0) | (unsigned)payload->len);
        len += v->side == WS_CLIENT ? 4 : 0;
        put_bytes(payload, want + len);
        len += payload->len;
    }
    CHECK_EQ(seen->output_len, len);
    CHECK_MEM(seen->output, want, len);
}

/* Pieces of `first` bytes, then of `step` bytes. */
static void check_pieces(const struct connection_stream *v, const unsigned char *input,
                         size_t first, size_t step, size_t cap)
{
    static unsigned char data[ROOM];
    size_t at = 0, size = first;
    ws_conn *conn = conn_of(v);
    struct seen seen;

    check_case(v->name, first, step);
    memset(&seen, 0, sizeof seen);
    seen.data = data;
    while (at < v->input.len && seen.error == 0) {
        if (size > v->input.len - at) {
            size = v->input.len - at;
        }
        read_piece(&seen, conn, input + at, size, cap);
        at += size;
        size = step;
    }
    CHECK_EQ(seen.error, v->error);
    check_events(&seen, v);
    check_output(&seen, v);
    CHECK_EQ(ws_conn_finish(conn), v->end);
    ws_conn_free(conn);
}

/* The byte that proves the error causes it, and none before it does. */
static void check_error(const struct connection_stream *v, const unsigned char *input)
{
    static unsigned char data[ROOM];
    ws_conn *conn = conn_of(v);
    struct seen seen;

    check_case(v->name, v->error_at, 0);
    memset(&seen, 0, sizeof seen);
    seen.data = data;
    read_piece(&seen, conn, input, v->error_at, MOST_EVENTS);
    CHECK_EQ(seen.error, WS_OK);
    read_piece(&seen, conn, input + v->error_at, 1, MOST_EVENTS);
    CHECK_EQ(seen.error, v->error);
    ws_conn_free(conn);
}

static void check_stream(const struct connection_stream *v)
{
    unsigned char *input = new_bytes(&v->input);
    size_t len = v->input.len, cut;

    for (cut = 1; cut <= len; cut += cut < 600 ? 1 : len / 7) {
        check_pieces(v, input, cut, len, cut % 2 == 0 ? 1 : MOST_EVENTS);
    }
    check_pieces(v, input, len, len, MOST_EVENTS);
    check_pieces(v, input, 1, len < 600 ? 1 : 999, MOST_EVENTS);
    if (v->error != 0 && v->error_at != LAST_BYTE) {
        check_error(v, input);
    }
    free(input);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < connection_stream_vectors_len; i++) {
        if (connection_stream_vectors[i].parameters == NULL ||
            (ws_features() & WS_FEATURE_DEFLATE) != 0) {
            check_stream(&connection_stream_vectors[i]);
        }
    }
    return check_done(argv[0]);
}
