/* Bytes that grow. */
#ifndef BUFFER_H
#define BUFFER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct buffer {
    uint8_t *data;
    size_t len, cap;
} buffer;

/* Room for `more` bytes behind what is there. */
static inline uint8_t *reserve(buffer *b, size_t more) {
    if (b->cap - b->len < more) {
        size_t cap = b->len + more > 2 * b->cap ? b->len + more : 2 * b->cap;
        uint8_t *data = realloc(b->data, cap);
        if (!data)
            return NULL;
        *b = (buffer){data, b->len, cap};
    }
    return b->data + b->len;
}

static inline bool append(buffer *b, const void *data, size_t len) {
    uint8_t *to = reserve(b, len);
    if (to && len > 0)
        memcpy(to, data, len);
    b->len += to ? len : 0;
    return to || len == 0;
}

/* Gives back the room that nothing was written to. */
static inline void trim(buffer *b) {
    uint8_t *data = b->len > 0 && b->len < b->cap ? realloc(b->data, b->len) : NULL;
    if (data)
        *b = (buffer){data, b->len, b->len};
}

/* Takes away the first `n` bytes. */
static inline void remove_front(buffer *b, size_t n) {
    b->len -= n;
    if (n > 0 && b->len > 0)
        memmove(b->data, b->data + n, b->len);
}

static inline void release(buffer *b) {
    free(b->data);
    *b = (buffer){0};
}

#endif
