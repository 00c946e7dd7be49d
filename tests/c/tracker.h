/* An allocator that tracks its blocks: it checks every size and alignment, and
 * can fail at any call. */
#ifndef TRACKER_H
#define TRACKER_H

#include "wscodec.h"

struct tracker {
    size_t calls;  /* Requests for memory, including those that failed. */
    size_t fails;  /* The number of the call that fails; 0 for none. */
    size_t blocks; /* Blocks in use. */
    size_t bytes;  /* Bytes in use. */
    size_t most;   /* The maximum of `bytes`. */
};

/* Resets the tracker. A resize() always moves the block, but counts in `most`
 * as if it did not. */
ws_allocator tracking_allocator(struct tracker *tracker, int resizes);

#endif
