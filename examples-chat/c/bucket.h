/* A token bucket: limits how often a client may do something. */
#ifndef BUCKET_H
#define BUCKET_H

#include <stdbool.h>
#include <stdint.h>

typedef struct bucket {
    double tokens;
    int64_t filled; /* when, in ms */
} bucket;

/* Takes a token. `rate` are added each second, up to `burst`. */
static inline bool bucket_take(bucket *b, double rate, double burst, int64_t now) {
    b->tokens += rate * (double)(now - b->filled) / 1000;
    b->tokens = b->tokens < burst ? b->tokens : burst;
    b->filled = now;
    if (b->tokens < 1)
        return false;
    b->tokens -= 1;
    return true;
}

#endif
