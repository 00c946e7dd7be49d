/* Input that another thread changes during the call: nothing is promised about
 * the result, but no access leaves the buffer, and no position lies outside it. */
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <pthread.h>
#include <sched.h>
#include <string.h>

enum { LEN = 300 };

struct input {
    volatile unsigned char *bytes;
    size_t len;
    volatile int started, done;
};

/* Mostly changes the first bytes, which announce lengths. */
static void *change(void *arg)
{
    static const unsigned char values[] = {0x00, 0x80, 0x7e, 0x7f,
                                           0xfe, 0xff, ':',  '\n'};
    struct input *input = arg;
    uint32_t seed = 1;

    while (!input->done) {
        size_t within = (seed >> 31) != 0 || input->len < 10 ? input->len : 10;

        seed = seed * 1664525 + 1013904223;
        input->bytes[(seed >> 8) % within] = values[seed >> 24 & 7];
        input->started = 1;
    }
    return NULL;
}

/* Calls `check` again and again while the bytes change, from the same start. */
static void while_changing(void (*check)(const void *, unsigned char *), const void *arg,
                           const void *start, unsigned char *bytes, size_t len,
                           int rounds)
{
    struct input input = {bytes, len, 0, 0};
    pthread_t changer;

    if (slow()) {
        rounds /= 100;
    }
    CHECK_EQ(pthread_create(&changer, NULL, change, &input), 0);
    while (!input.started) {
        sched_yield();
    }
    while (rounds-- > 0) {
        memcpy(bytes, start, len);
        check(arg, bytes);
    }
    input.done = 1;
    CHECK_EQ(pthread_join(changer, NULL), 0);
}

static void read_sample(const void *arg, unsigned char *bytes)
{
    const struct reader *reader = arg;

    (void)reader->run(bytes, reader->len);
}

static void check_frames(const void *unused, unsigned char *bytes)
{
    ws_decoder decoder;
    ws_frame frames[8];
    size_t used;
    ws_result n, i;

    (void)unused;
    CHECK_EQ(ws_decoder_init(&decoder, WS_SERVER | WS_ANY_MASK | WS_ANY_RSV, 0), 0);
    n = ws_decoder_feed(&decoder, bytes, LEN, frames, 8, &used);
    CHECK(used <= LEN);
    for (i = 0; i < n; i++) {
        CHECK(frames[i].chunk_off <= LEN);
        CHECK(frames[i].chunk_len <= LEN - frames[i].chunk_off);
    }
}

static void check_events(const void *unused, unsigned char *bytes)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event events[8];
    size_t used;
    ws_result n, i;

    (void)unused;
    CHECK_EQ(ws_conn_set(conn, WS_OPT_ANY_MASK, 1), 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 1), 0);
    n = ws_conn_recv(conn, bytes, LEN, events, 8, &used);
    CHECK(used <= LEN);
    for (i = 0; i < n; i++) {
        if ((events[i].flags & WS_EVENT_COLLECTED) == 0) {
            CHECK(events[i].off <= LEN);
            CHECK(events[i].len <= LEN - events[i].off);
        }
    }
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    unsigned char frame[LEN] = "\x82\xfe\x01\x00\0\0\0";
    size_t i;

    (void)argc;
    for (i = 0; i < readers_len; i++) {
        const struct reader *r = &readers[i];

        check_case(r->name, 0, 0);
        while_changing(read_sample, r, r->sample, before_wall(r->len), r->len, 2000);
        while_changing(read_sample, r, r->sample, after_wall(r->len), r->len, 2000);
    }
    check_case("positions", 0, 0);
    memset(frame + 8 + 256, 0x81, LEN - 8 - 256);
    while_changing(check_frames, NULL, frame, before_wall(LEN), LEN, 50000);
    while_changing(check_events, NULL, frame, before_wall(LEN), LEN, 50000);
    return check_done(argv[0]);
}
