#include "tracker.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

struct block {
    size_t size;
    size_t align;
};
enum { FRONT = 16 }; /* Before each block; keeps the alignment of malloc(). */

static unsigned char *new_block(struct tracker *tracker, size_t size, size_t align)
{
    unsigned char *mem;
    struct block block;

    CHECK(size > 0);
    CHECK(align > 0 && align <= 16 && (align & (align - 1)) == 0);
    if (++tracker->calls == tracker->fails) {
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

/* Not in new_block() and end_block(), since a resize() counts as one change. */
static void count_bytes(struct tracker *tracker, size_t more, size_t less)
{
    tracker->bytes += more - less;
    if (tracker->bytes > tracker->most) {
        tracker->most = tracker->bytes;
    }
}

static void *tracker_alloc(void *user, size_t size, size_t align)
{
    struct tracker *tracker = user;
    void *mem = new_block(tracker, size, align);

    if (mem != NULL) {
        tracker->blocks++;
        count_bytes(tracker, size, 0);
    }
    return mem;
}

static void tracker_free(void *user, void *ptr, size_t size, size_t align)
{
    struct tracker *tracker = user;

    CHECK(ptr != NULL);
    end_block(ptr, size, align);
    tracker->blocks--;
    count_bytes(tracker, 0, size);
}

static void *tracker_resize(void *user, void *ptr, size_t old_size, size_t new_size,
                            size_t align)
{
    struct tracker *tracker = user;
    void *mem = new_block(tracker, new_size, align);

    if (mem != NULL) {
        memcpy(mem, ptr, old_size < new_size ? old_size : new_size);
        end_block(ptr, old_size, align);
        count_bytes(tracker, new_size, old_size);
    }
    return mem;
}

ws_allocator tracking_allocator(struct tracker *tracker, int resizes)
{
    ws_allocator allocator;

    memset(tracker, 0, sizeof *tracker);
    allocator.alloc = tracker_alloc;
    allocator.resize = resizes ? tracker_resize : NULL;
    allocator.free = tracker_free;
    allocator.user = tracker;
    return allocator;
}
