#define _POSIX_C_SOURCE 200809L
#include "count.h"
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <valgrind/callgrind.h>

/* NULL: not at all. */
static const char *reported;
static const char *running;
static int stops;
static unsigned long long started, taken;

static unsigned long long cpu_time(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (unsigned long long)now.tv_sec * 1000000000 + (unsigned long long)now.tv_nsec;
}

unsigned long long count_nanoseconds(void) {
    return taken;
}

void count_start(void) {
    memory_peak_from_here();
    CALLGRIND_ZERO_STATS;
    started = cpu_time();
}

void count_stop(void) {
    taken = cpu_time() - started;
    stops++;
    if (reported)
        CALLGRIND_DUMP_STATS_AT(reported);
}

static void run_once(const char *label, void (*run)(void *), void *argument) {
    running = label;
    stops = 0;
    memory_reset();
    run(argument);
    check(stops == 1, "one count_stop() in a case");
}

void count_run(const char *label, void (*run)(void *), void *argument) {
    reported = label;
    run_once(label, run, argument);
}

void count_nothing(const char *label, void (*run)(void *), void *argument) {
    reported = NULL;
    run_once(label, run, argument);
}

void check(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "%s: %s failed\n", running ? running : "setup", what);
        exit(1);
    }
}
