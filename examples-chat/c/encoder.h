/* Encodes a message once for many clients: once for all that get it uncompressed, and
 * once for all that have the same compression window. That is possible because no
 * message refers to earlier ones. */
#ifndef ENCODER_H
#define ENCODER_H

#include <stdbool.h>
#include <wscodec.h>

#include "buffer.h"

enum { PLAIN, MIN_BITS = 8, MAX_BITS = 15, KINDS, COMPRESS_FROM = 1024 };

typedef struct encoders {
    ws_conn *conns[KINDS]; /* they do nothing else */
} encoders;

/* A message, and its frames as far as a client has needed them. The text must stay. */
typedef struct frames {
    encoders *by;
    const void *text;
    size_t len;
    buffer encoded[KINDS];
} frames;

bool encoders_start(encoders *e, bool compression);
void encoders_stop(encoders *e);

/* Returns the frame for a client whose window has so many bits, or PLAIN. Its length is
 * 0 if there is no memory. */
buffer frames_get(frames *f, int bits);
void frames_free(frames *f);

#endif
