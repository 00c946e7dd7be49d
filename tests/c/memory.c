#define _DEFAULT_SOURCE
#include "memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__has_include)
#if __has_include(<valgrind/memcheck.h>)
#include <valgrind/memcheck.h>
#define HAVE_MEMCHECK
#endif
#endif

enum { ROOM = 1 << 17 };

/* An inaccessible page, ROOM bytes, an inaccessible page. */
static unsigned char *walled(void)
{
    static unsigned char *room;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (room == NULL) {
        unsigned char *all = mmap(NULL, ROOM + 2 * page, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (all == MAP_FAILED ||
            mprotect(all + page, ROOM, PROT_READ | PROT_WRITE) != 0) {
            perror("mmap");
            abort();
        }
        room = all + page;
    }
    return room;
}

void *before_wall(size_t len)
{
    return walled() + (ROOM - len);
}

void *after_wall(size_t len)
{
    (void)len;
    return walled();
}

void *fresh(size_t len)
{
    unsigned char *mem = malloc(len != 0 ? len : 1);

    if (mem == NULL) {
        abort();
    }
    memset(mem, 0xcc, len);
#ifdef HAVE_MEMCHECK
    (void)VALGRIND_MAKE_MEM_UNDEFINED(mem, len);
#endif
    return mem;
}

int undefined(const void *mem, size_t len)
{
#ifdef HAVE_MEMCHECK
    return VALGRIND_CHECK_MEM_IS_DEFINED(mem, len) != 0;
#else
    (void)mem;
    (void)len;
    return 0;
#endif
}

int marked_undefined(const void *byte)
{
#ifdef HAVE_MEMCHECK
    unsigned char bits = 0;

    return VALGRIND_GET_VBITS(byte, &bits, 1) == 1 && bits == 0xff;
#else
    (void)byte;
    return 0;
#endif
}

int watched(void)
{
#ifdef HAVE_MEMCHECK
    return RUNNING_ON_VALGRIND != 0;
#else
    return 0;
#endif
}

int slow(void)
{
    return watched() || getenv("WSCODEC_ONE_IN") != NULL;
}

void *guarded(size_t len)
{
    unsigned char *mem = malloc(len + 2 * GUARD);

    if (mem == NULL) {
        abort();
    }
    memset(mem, GUARD_BYTE, len + 2 * GUARD);
    return mem + GUARD;
}

int guards_intact(const void *mem, size_t len)
{
    const unsigned char *bytes = mem;
    size_t i;

    for (i = 0; i < GUARD; i++) {
        if (bytes[len + i] != GUARD_BYTE ||
            *(bytes - 1 - i) != GUARD_BYTE) {
            return 0;
        }
    }
    return 1;
}

void guarded_free(void *mem)
{
    free((unsigned char *)mem - GUARD);
}
