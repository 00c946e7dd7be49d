/* Runs each worst case with two sizes, of which the second is `TIMES` the first: see gate.py.
 *
 *     worst            for callgrind, which counts
 *     worst endless    up to 16 MiB, in CPU time
 *
 * Prints a line for each run: functions, input, plain input, argument, 1 if it may be quadratic,
 * bytes, nanoseconds, bytes held. */
#include "worst.h"

#include <stdio.h>

enum { TIMES = 4, USUAL = 32 << 10, ENDLESS_TIMES = 16 };

unsigned char out[OUT];

static const struct worst *const topics[] = {
    piece_worst, head_worst, list_worst, stream_worst, compressed_worst,
};

struct job {
    const struct worst *worst;
    size_t size, bytes;
};

static void run(void *argument) {
    struct job *job = argument;
    job->bytes = job->worst->run(job->size);
}

static void measure(const struct worst *worst, size_t size) {
    struct job job = {worst, size, 0};
    char label[256];
    snprintf(label, sizeof label, "%s\t%s", worst->functions, worst->input);
    count_run(label, run, &job);
    size_t most = ws_sizeof(WS_TYPE_CONN) + worst->held + worst->held_per_byte * job.bytes;
    if (memory_peak() > most)
        fprintf(stderr, "%zu bytes held, at most %zu allowed\n", memory_peak(), most);
    CHECK(memory_peak() <= most);
    printf("%s\t%s\t%s\t%d\t%zu\t%llu\t%zu\n", label, worst->plain ? worst->plain : "",
           worst->argument ? worst->argument : "", worst->quadratic, job.bytes,
           count_nanoseconds(), memory_peak());
}

int main(int argc, char **argv) {
    bool endless = argc > 1;
    (void)argv;
    inputs_init();
    for (size_t topic = 0; topic < sizeof topics / sizeof *topics; topic++)
        for (const struct worst *each = topics[topic]; each->run; each++) {
            size_t size = endless ? ENDLESS : each->size ? each->size : USUAL;
            if (endless && !each->endless)
                continue;
            measure(each, size / (endless ? ENDLESS_TIMES : TIMES));
            measure(each, size);
        }
    return 0;
}
