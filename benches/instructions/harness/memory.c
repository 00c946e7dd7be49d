#include "memory.h"


enum { ROOM = 96 << 20, SIZES = 64 };

/* Freed blocks of one size, linked through their first bytes. */
struct freed {
    size_t size;
    void *first;
};

static union {
    unsigned char bytes[ROOM];
    long double aligned;
} room;
static struct freed freed[SIZES];
static size_t used, live, peak;

size_t memory_peak(void) {
    return peak;
}

void memory_peak_from_here(void) {
    peak = live;
}

void memory_reset(void) {
    used = live = peak = 0;
    for (int i = 0; i < SIZES; i++)
        freed[i] = (struct freed){0, NULL};
}

/* Blocks are multiples of 16, so all are aligned and hold a pointer. */
static size_t rounded(size_t size) {
    return (size + 15) / 16 * 16;
}

/* The freed blocks of a size; NULL if there are too many sizes. */
static struct freed *freed_of(size_t size) {
    for (struct freed *each = freed; each < freed + SIZES; each++)
        if (each->size == size || each->size == 0) {
            each->size = size;
            return each;
        }
    return NULL;
}

static void *from_room(size_t size) {
    if (size > ROOM - used)
        return NULL;
    used += size;
    return room.bytes + used - size;
}

static void *take(void *user, size_t size, size_t align) {
    (void)user, (void)align;
    struct freed *list = freed_of(rounded(size));
    void *block = list ? list->first : NULL;
    if (block)
        list->first = *(void **)block;
    else
        block = from_room(rounded(size));
    if (block) {
        live += size;
        peak = live > peak ? live : peak;
    }
    return block;
}

static void give_back(void *user, void *block, size_t size, size_t align) {
    (void)user, (void)align;
    live -= size;
    struct freed *list = freed_of(rounded(size));
    if (list) {
        *(void **)block = list->first;
        list->first = block;
    }
}

/* Without resize(): the most memory that a growing message can need. */
const ws_allocator memory = {take, NULL, give_back, NULL};
