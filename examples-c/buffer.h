/* A growing buffer. Lengths have 32 bits, since a server has several buffers for each
 * of its connections. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

typedef struct buffer {
    uint8_t *data;
    uint32_t len, cap;
} buffer;

/* Makes room for `more` bytes, and at least doubles the room, so that appending costs
 * linear time. */
static inline bool grow(buffer *b, size_t more) {
    if (b->len > UINT32_MAX / 2 || more > UINT32_MAX / 2 - b->len)
        return false;
    uint32_t needed = b->len + (uint32_t)more;
    uint32_t cap = needed > 2 * b->cap ? needed : 2 * b->cap;
    uint8_t *data = realloc(b->data, cap);
    if (data)
        *b = (buffer){data, b->len, cap};
    return data != NULL;
}

/* Returns room for `more` bytes after the content, or NULL. */
static inline uint8_t *reserve(buffer *b, size_t more) {
    if (b->cap - b->len < more && !grow(b, more))
        return NULL;
    return b->data + b->len;
}

static inline bool append(buffer *b, const void *data, size_t len) {
    if (len == 0)
        return true;
    uint8_t *to = reserve(b, len);
    if (!to)
        return false;
    memcpy(to, data, len);
    b->len += (uint32_t)len;
    return true;
}

/* Frees the room after the content. */
static inline void trim(buffer *b) {
    uint8_t *data = b->len > 0 && b->len < b->cap ? realloc(b->data, b->len) : NULL;
    if (data)
        *b = (buffer){data, b->len, b->len};
}

static inline void remove_front(buffer *b, size_t n) {
    b->len -= (uint32_t)n;
    if (n > 0 && b->len > 0)
        memmove(b->data, b->data + n, b->len);
}

static inline void release(buffer *b) {
    free(b->data);
    *b = (buffer){0};
}

/* Large blocks of memory return to the system when they are freed. */
static inline void tune_malloc(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

#endif
