/* Two threads with separate decoders have the same results as one thread, although the
 * library is first called by both at once. With an argument, the main thread calls it
 * before: for helgrind, which does not see that relaxed loads and stores are atomic. */
#include "check.h"
#include "samples.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 200, ROUNDS = 40, ROOM = 1 << 16 };

struct work {
    uint32_t seed;
    uint64_t digest; /* The same in all rounds. */
    int failed;
    unsigned char wire[ROOM];
    size_t wire_len;
};

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

static void mix(uint64_t *digest, const void *bytes, size_t len)
{
    const unsigned char *b = bytes;

    while (len-- > 0) {
        *digest = (*digest ^ *b++) * UINT64_C(1099511628211);
    }
}

/* Fills `wire`, with the same frames for all. */
static void encode_all(struct work *work)
{
    unsigned char payload[400];
    uint32_t seed = 7;
    int i;

    memset(payload, 'p', sizeof payload);
    for (i = 0; i < FRAMES; i++) {
        uint32_t key = next(&seed);
        ws_result n = ws_frame_encode(
            WS_OPCODE_BINARY, WS_FIN, &key, payload, next(&seed) % 300,
            work->wire + work->wire_len, ROOM - work->wire_len);

        work->failed |= n <= 0;
        work->wire_len += n > 0 ? (size_t)n : 0;
    }
}

/* Decodes the stream in random pieces; the digest does not depend on them. */
static uint64_t decode_all(struct work *work)
{
    unsigned char *copy = malloc(work->wire_len);
    ws_decoder decoder;
    ws_frame frames[8];
    uint64_t digest = UINT64_C(14695981039346656037);
    size_t at = 0, used, i;

    memcpy(copy, work->wire, work->wire_len);
    work->failed |= ws_decoder_init(&decoder, WS_SERVER, 0) != 0;
    while (at < work->wire_len) {
        size_t len = next(&work->seed) % 300;
        ws_result n;

        len = len < work->wire_len - at ? len : work->wire_len - at;
        n = ws_decoder_feed(&decoder, copy + at, len, frames, 8, &used);
        if (n < 0) {
            work->failed = 1;
            break;
        }
        for (i = 0; i < (size_t)n; i++) {
            if ((frames[i].flags & WS_BEGIN) != 0) {
                mix(&digest, &frames[i].opcode, 1);
                mix(&digest, &frames[i].payload_len, 8);
            }
            mix(&digest, copy + at + frames[i].chunk_off,
                (size_t)frames[i].chunk_len);
        }
        at += used;
    }
    work->failed |= ws_decoder_finish(&decoder) != 0;
    free(copy);
    return digest;
}

static void *run(void *arg)
{
    struct work *work = arg;
    unsigned char out[512], copy[512];
    size_t i;
    int round;

    encode_all(work);
    for (round = 0; round < ROUNDS; round++) {
        uint64_t digest = decode_all(work);

        work->failed |= round != 0 && digest != work->digest;
        work->digest = digest;
        for (i = 0; i < writers_len; i++) {
            work->failed |= writers[i].run(out, sizeof out) !=
                            (ws_result)writers[i].size;
        }
        for (i = 0; i < readers_len; i++) {
            memcpy(copy, readers[i].sample, readers[i].len);
            work->failed |=
                readers[i].run(copy, readers[i].len) != readers[i].want;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static struct work work[3];
    pthread_t threads[2];
    size_t i;

    for (i = 0; i < 3; i++) {
        work[i].seed = (uint32_t)i + 1;
    }
    if (argc > 1) {
        run(&work[2]);
    }
    for (i = 0; i < 2; i++) {
        CHECK_EQ(pthread_create(&threads[i], NULL, run, &work[i]), 0);
    }
    for (i = 0; i < 2; i++) {
        CHECK_EQ(pthread_join(threads[i], NULL), 0);
    }
    if (argc == 1) {
        run(&work[2]);
    }
    for (i = 0; i < 3; i++) {
        check_case("thread", i, 0);
        CHECK(!work[i].failed);
        CHECK_U64(work[i].digest, work[2].digest);
    }
    return check_done(argv[0]);
}
