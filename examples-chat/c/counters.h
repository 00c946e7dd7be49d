/* Figures. Each thread counts for itself; metrics.c adds them up. */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "options.h"

enum { CLOSE_CODES = 17 }; /* 1000 to 1015, and any other */

/* A counter that can fall wraps below zero in one thread; the sum is still valid. */
typedef enum counter {
    OPEN_CONNECTIONS,
    ACCEPTED_CONNECTIONS,
    HANDSHAKE_ACCEPTED,
    HANDSHAKE_INVALID,
    HANDSHAKE_ORIGIN,
    HANDSHAKE_PROTOCOL,
    HANDSHAKE_DRAINING,
    HANDSHAKE_ADDRESS,
    HANDSHAKE_TOO_MANY,
    HANDSHAKE_TIMEOUT,
    HANDSHAKE_PROXY,
    MESSAGES_IN,
    MESSAGES_OUT,
    BYTES_IN,
    BYTES_OUT,
    BYTES_WAITING,
    SLOW_CLIENTS,
    PING_TIMEOUTS,
    REFUSED_RATE,
    REFUSED_UNAVAILABLE,
    COMPRESSED_FROM,
    COMPRESSED_TO,
    REDIS_UP,
    REDIS_CONNECTS,
    ROOMS,
    CLOSE_SENT, /* CLOSE_CODES of them */
    CLOSE_RECEIVED = CLOSE_SENT + CLOSE_CODES,
    COUNTERS = CLOSE_RECEIVED + CLOSE_CODES,
} counter;

typedef struct counters {
    _Alignas(64) _Atomic uint64_t values[COUNTERS];
} counters;

extern counters all_counters[MAX_THREADS];
extern __thread counters *own_counters;

static inline void count(counter which, uint64_t n) {
    atomic_fetch_add_explicit(&own_counters->values[which], n, memory_order_relaxed);
}

static inline void count_down(counter which, uint64_t n) {
    atomic_fetch_sub_explicit(&own_counters->values[which], n, memory_order_relaxed);
}

static inline uint64_t counter_sum(counter which) {
    uint64_t sum = 0;
    for (long i = 0; i < options.threads; i++)
        sum +=
            atomic_load_explicit(&all_counters[i].values[which], memory_order_relaxed);
    return sum;
}

/* `first` is CLOSE_SENT or CLOSE_RECEIVED. */
static inline void count_close(counter first, unsigned code) {
    unsigned offset = code >= 1000 && code < 1016 ? code - 1000 : CLOSE_CODES - 1;
    count(first + offset, 1);
}

#endif
