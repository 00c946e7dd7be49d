/* An allocator that keeps books: it checks what it is asked for and what it is
 * given back, and can run out at any call. */
#ifndef BOOKS_H
#define BOOKS_H

#include "wscodec.h"

struct books {
    size_t calls;  /* For memory; also those that failed. */
    size_t fails;  /* The number of the call that fails; 0 for none. */
    size_t blocks; /* That are out. */
    size_t bytes;
    size_t most; /* Bytes that were out at once. */
};

/* Starts the books. A resize() always moves, but counts as if it did not. */
ws_allocator allocator_of(struct books *books, int resizes);

#endif
