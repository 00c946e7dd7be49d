/* A sample call of every function that writes to `out`, and of every function
 * that reads a buffer, for tests of all functions. Connections do not use
 * malloc(). */
#ifndef SAMPLES_H
#define SAMPLES_H

#include "api.h"

struct writer {
    const char *name;
    ws_result (*run)(void *out, size_t cap);
    size_t size;      /* How many bytes it writes. */
    const char *text; /* The exact bytes, or NULL. */
};
extern const struct writer writers[];
extern const size_t writers_len;

/* `run` reads the first `len` bytes of the sample, at any address; buf may be
 * modified. The result may combine those of several calls. */
struct reader {
    const char *name;
    ws_result (*run)(void *buf, size_t len);
    const void *sample;
    size_t len;
    ws_result want; /* For the whole sample. */
};
extern const struct reader readers[];
extern const size_t readers_len;

/* An opening request, and the response to it. */
extern const char request_text[], response_text[];

/* Calls the other functions; 1 if all results are correct. */
int other_functions_work(void);

/* Checks the result of every sample, and of the other functions. */
void check_samples(void);

/* ws_conn_accept(), returning only the connection; -998 if the filled struct
 * contradicts the result. */
ws_result try_to_accept(const void *head, size_t len, const void *spec,
                        size_t spec_size, ws_conn **conn, void *out, size_t cap);

/* The bytes of a string. */
ws_bytes bytes_of(const char *text);

#endif
