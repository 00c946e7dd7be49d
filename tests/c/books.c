#include "books.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

struct block {
    size_t size;
    size_t align;
};
enum { FRONT = 16 }; /* Before each block; keeps the alignment of malloc(). */

static unsigned char *new_block(struct books *books, size_t size, size_t align)
{
    unsigned char *mem;
    struct block block;

    CHECK(size > 0);
    CHECK(align > 0 && align <= 16 && (align & (align - 1)) == 0);
    if (++books->calls == books->fails) {
        return NULL;
    }
    mem = malloc(size + FRONT);
    if (mem == NULL) {
        abort();
    }
    block.size = size;
    block.align = align;
    memcpy(mem, &block, sizeof block);
    memset(mem + FRONT, 0xcc, size);
    return mem + FRONT;
}

static void end_block(unsigned char *mem, size_t size, size_t align)
{
    struct block block;

    memcpy(&block, mem - FRONT, sizeof block);
    CHECK_U64(size, block.size);
    CHECK_U64(align, block.align);
    memset(mem, 0xdd, block.size);
    free(mem - FRONT);
}

/* Beside the books, since a resize() is one move in them. */
static void enter(struct books *books, size_t more, size_t less)
{
    books->bytes += more - less;
    if (books->bytes > books->most) {
        books->most = books->bytes;
    }
}

static void *books_alloc(void *user, size_t size, size_t align)
{
    struct books *books = user;
    void *mem = new_block(books, size, align);

    if (mem != NULL) {
        books->blocks++;
        enter(books, size, 0);
    }
    return mem;
}

static void books_free(void *user, void *ptr, size_t size, size_t align)
{
    struct books *books = user;

    CHECK(ptr != NULL);
    end_block(ptr, size, align);
    books->blocks--;
    enter(books, 0, size);
}

static void *books_resize(void *user, void *ptr, size_t old_size,
                          size_t new_size, size_t align)
{
    struct books *books = user;
    void *mem = new_block(books, new_size, align);

    if (mem != NULL) {
        memcpy(mem, ptr, old_size < new_size ? old_size : new_size);
        end_block(ptr, old_size, align);
        enter(books, new_size, old_size);
    }
    return mem;
}

ws_allocator allocator_of(struct books *books, int resizes)
{
    ws_allocator allocator;

    memset(books, 0, sizeof *books);
    allocator.alloc = books_alloc;
    allocator.resize = resizes ? books_resize : NULL;
    allocator.free = books_free;
    allocator.user = books;
    return allocator;
}
