/* Every function that writes to `out` and every one that reads a buffer, each
 * with a sample, for the tests that ask the same of all of them. Connections
 * are given memory that is not from malloc(). */
#ifndef PIECES_H
#define PIECES_H

#include "api.h"

struct writer {
    const char *name;
    ws_result (*run)(void *out, size_t cap);
    size_t size;      /* What it writes. */
    const char *text; /* The very bytes, or NULL. */
};
extern const struct writer writers[];
extern const size_t writers_len;

/* `run` works on the first `len` bytes of the sample, wherever they lie; buf
 * may be modified. Its result may fold several calls into one number. */
struct reader {
    const char *name;
    ws_result (*run)(void *buf, size_t len);
    const void *sample;
    size_t len;
    ws_result want; /* For the whole sample. */
};
extern const struct reader readers[];
extern const size_t readers_len;

/* An opening request and the answer to it. */
extern const char request_text[], response_text[];

/* Calls what is neither; 1 if all answers are right. */
int other_functions_work(void);

/* ws_conn_accept(), of which only the connection is of interest; -998 if what it
 * tells does not fit its result. */
ws_result try_to_accept(const void *head, size_t len, const void *spec,
                      size_t spec_size, ws_conn **conn, void *out, size_t cap);

/* (pointer, length) of a string. */
ws_bytes bytes_of(const char *text);

#endif
