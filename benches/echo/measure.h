/* Measures CPU time and memory of another process, and latencies. */
#ifndef MEASURE_H
#define MEASURE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "script.h"

static inline uint64_t clock_ns(clockid_t clock) {
    struct timespec t;
    if (clock_gettime(clock, &t) < 0)
        die("server", "ended early");
    return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static inline uint64_t now_ns(void) {
    return clock_ns(CLOCK_MONOTONIC);
}

/* CPU time of a process, to the nanosecond: all of its threads, those that ended too,
 * user and system. /proc/PID/stat has steps of 10 ms. */
static inline uint64_t cpu_ns(pid_t pid) {
    clockid_t clock;
    if (clock_getcpuclockid(pid, &clock) != 0)
        die("server", "no such process");
    return clock_ns(clock);
}

/* The user part of it, from /proc/PID/stat: field 14, in ticks. */
static inline uint64_t user_ns(pid_t pid) {
    char path[64], line[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    char *field = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    for (int number = 2; field && number < 14; number++)
        field = strchr(field + 1, ' ');
    uint64_t tick_ns = 1000000000U / (uint64_t)sysconf(_SC_CLK_TCK);
    return field ? strtoull(field, NULL, 10) * tick_ns : 0;
}

/* Resident memory of a process in bytes. VmRSS in /proc/PID/status may be out of date. */
static inline long resident(pid_t pid) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && kib < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, "Rss:", 4) == 0)
            kib = strtol(line + 4, NULL, 10);
    if (file)
        fclose(file);
    if (kib < 0)
        die(path, "cannot be read");
    return kib * 1024;
}

/* ---- latencies, to 1.6 % ---- */

/* Each power of two from 64 on has 64 buckets; below, each number has its own. */
static uint64_t buckets[64 * 60];

static inline unsigned bucket_of(uint64_t ns) {
    unsigned shift = ns < 128 ? 0 : 57U - (unsigned)__builtin_clzll(ns);
    return shift * 64 + (unsigned)(ns >> shift);
}

static inline void record(uint64_t ns) {
    buckets[bucket_of(ns)]++;
}

static inline double middle_of(unsigned bucket) {
    unsigned shift = bucket < 128 ? 0 : bucket / 64 - 1;
    return ((double)(bucket - shift * 64) + 0.5) * (double)(1ULL << shift);
}

/* The latency, in ns, that this part of all did not exceed. */
static inline double percentile(uint64_t count, double part) {
    uint64_t passed = 0;
    for (unsigned i = 0; i < sizeof buckets / sizeof *buckets; i++)
        if ((double)(passed += buckets[i]) >= part * (double)count)
            return middle_of(i);
    return 0;
}

#endif
