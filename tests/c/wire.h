/* Frames from text. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Converts "c1:f248cdc9 80: =ff" to frames that `side` reads: each has a first
 * byte and a payload; after a "=", bytes are copied as they are. Frames for a
 * server are masked with frame_mask. Returns the length. */
size_t frames_of(const char *text, uint32_t side, unsigned char *wire,
                 size_t cap);

extern const unsigned char frame_mask[4];

#endif
