/* Frames by hand. */
#ifndef WIRE_H
#define WIRE_H

#include <stddef.h>
#include <stdint.h>

/* Frames for the side that reads them, out of "c1:f248cdc9 80: =ff": the first
 * byte of each and its payload, or with a "=" bytes as they are. Frames for a
 * server are masked with frame_mask. The result is their length. */
size_t frames_of(const char *text, uint32_t side, unsigned char *wire,
                 size_t cap);

extern const unsigned char frame_mask[4];

#endif
