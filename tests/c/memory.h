/* Memory that notices: pages with nothing readable around them, and guards
 * around a buffer. */
#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>

/* `len` bytes (at most 64 KiB) that end, or start, where a page begins that
 * cannot be touched. The same memory each time. */
void *before_wall(size_t len);
void *after_wall(size_t len);

/* A buffer of exactly `len` bytes from malloc(), uninitialised as far as
 * valgrind is concerned; filled with a pattern for the rest of us. */
void *fresh(size_t len);

/* Complains, and returns 1, if valgrind is watching and these bytes are not
 * initialised. */
int undefined(const void *mem, size_t len);
/* Whether it is watching, and knows that this byte is not initialised. */
int watched(void);
int marked_undefined(const void *byte);

enum { GUARD = 64, GUARD_BYTE = 0xa5 };
/* A buffer between two guards, all of it filled with GUARD_BYTE. */
void *guarded(size_t len);
int guards_intact(const void *mem, size_t len);
void guarded_free(void *mem);

#endif
