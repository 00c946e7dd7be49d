/* The ID of an entry of a stream in Redis: milliseconds and a number. */
#ifndef STREAM_ID_H
#define STREAM_ID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct stream_id {
    uint64_t ms, number;
} stream_id;

enum { STREAM_ID_TEXT = 44 }; /* bytes of its text, with the NUL */

static inline bool id_greater(stream_id a, stream_id b) {
    return a.ms > b.ms || (a.ms == b.ms && a.number > b.number);
}

static inline bool id_equal(stream_id a, stream_id b) {
    return a.ms == b.ms && a.number == b.number;
}

/* 0-0 is before all entries. */
static inline bool id_is_none(stream_id id) {
    return id.ms == 0 && id.number == 0;
}

static inline stream_id id_max(stream_id a, stream_id b) {
    return id_greater(a, b) ? a : b;
}

/* Reads "milliseconds-number", and nothing after it. */
bool id_parse(const char *text, size_t len, stream_id *id);

/* Writes the text of an ID. */
void id_text(stream_id id, char text[STREAM_ID_TEXT]);

#endif
