/* The memory of the connections that are measured: no instruction of the C library's allocator
 * counts, and the bytes are known. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <wscodec.h>

extern const ws_allocator memory;

/* The most bytes in use at once since count_start(). */
size_t memory_peak(void);
void memory_peak_from_here(void);

/* Forgets all blocks. */
void memory_reset(void);

#endif
