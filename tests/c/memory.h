/* Memory that detects stray accesses: buffers next to inaccessible pages, and
 * buffers between guards. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* `len` bytes (at most 128 KiB) directly before or after an inaccessible page.
 * Each call returns the same memory. */
void *before_wall(size_t len);
void *after_wall(size_t len);

/* A buffer of exactly `len` bytes from malloc(), filled with a pattern, and
 * uninitialised for valgrind. */
void *fresh(size_t len);

/* Under valgrind: reports an error and returns 1 if these bytes are not
 * initialised. */
int undefined(const void *mem, size_t len);
/* Whether programs run slowly here: under valgrind, or on an emulated processor
 * (WSCODEC_ONE_IN is set). */
int slow(void);
/* Whether valgrind is running; whether it knows this byte as uninitialised. */
int watched(void);
int marked_undefined(const void *byte);

enum { GUARD = 64, GUARD_BYTE = 0xa5 };
/* A buffer between two guards; buffer and guards are filled with GUARD_BYTE. */
void *guarded(size_t len);
int guards_intact(const void *mem, size_t len);
void guarded_free(void *mem);

#endif
