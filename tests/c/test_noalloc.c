/* No function allocates, and a connection only with its allocator. This program
 * defines malloc() and related functions for the whole process, and counts their
 * calls. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An arena that is never freed; enough for stdio. */
static union {
    unsigned char bytes[1 << 20];
    long double aligned;
} arena;
static size_t arena_used;
static volatile unsigned long calls;

static void *take(size_t alignment, size_t size)
{
    size_t start = (arena_used + alignment - 1) / alignment * alignment;

    calls++;
    if (size > sizeof arena.bytes - start) {
        return NULL;
    }
    arena_used = start + size;
    return arena.bytes + start;
}

void *malloc(size_t size)
{
    return take(16, size);
}

void *calloc(size_t count, size_t size)
{
    if (size != 0 && count > sizeof arena.bytes / size) {
        return NULL;
    }
    return take(16, count * size); /* Never used before, so zero. */
}

void *realloc(void *old, size_t size)
{
    unsigned char *mem = take(16, size), *from = old;
    size_t i;

    for (i = 0; mem != NULL && from != NULL && i < size &&
                from + i < arena.bytes + sizeof arena.bytes;
         i++) {
        mem[i] = from[i];
    }
    return mem;
}

void free(void *mem)
{
    if (mem != NULL) {
        calls++;
    }
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return take(alignment, size);
}

void *memalign(size_t alignment, size_t size);
void *memalign(size_t alignment, size_t size)
{
    return take(alignment, size);
}

int posix_memalign(void **mem, size_t alignment, size_t size)
{
    *mem = take(alignment, size);
    return *mem != NULL ? 0 : ENOMEM;
}

/* Calls from shared libraries are counted, too. */
static int counts_calls(void)
{
    unsigned long before = calls;
    char *copy = strdup("a string that libc copies");

    if (copy == NULL || calls != before + 1) {
        return 0;
    }
    free(copy);
    return calls == before + 2;
}

int main(int argc, char **argv)
{
    enum { MOST = 64 };
    unsigned long start = calls, by_writer[MOST], by_reader[MOST], by_others,
                  by_failures;
    unsigned char out[1024];
    int ok = 1;
    size_t i, n;

    (void)argc;
    /* Nothing was printed and no function called before, so that what a first
     * call might set up is counted as well. */
    for (i = 0; i < writers_len && i < MOST; i++) {
        start = calls;
        ok &= writers[i].run(out, sizeof out) == (ws_result)writers[i].size;
        by_writer[i] = calls - start;
    }
    for (i = 0; i < readers_len && i < MOST; i++) {
        memcpy(out, readers[i].sample, readers[i].len);
        start = calls;
        ok &= readers[i].run(out, readers[i].len) == readers[i].want;
        by_reader[i] = calls - start;
    }
    start = calls;
    ok &= other_functions_work();
    by_others = calls - start;
    /* Failing calls and incomplete input. */
    start = calls;
    for (i = 0; i < writers_len; i++) {
        for (n = 0; n < writers[i].size; n++) {
            ok &= writers[i].run(out, n) == WS_ERR_BUFFER_TOO_SMALL;
        }
        ok &= writers[i].run(NULL, 1) == WS_ERR_INVALID_ARGUMENT;
    }
    for (i = 0; i < readers_len; i++) {
        for (n = 0; n < readers[i].len; n++) {
            memcpy(out, readers[i].sample, readers[i].len);
            out[n] ^= 0xff;
            (void)!readers[i].run(out, n);
            memcpy(out, readers[i].sample, readers[i].len);
            out[n] ^= 0xff;
            (void)!readers[i].run(out, readers[i].len);
        }
    }
    by_failures = calls - start;

    CHECK(counts_calls());
    CHECK(ok);
    CHECK(writers_len <= MOST && readers_len <= MOST);
    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, 0, 0);
        CHECK_U64(by_writer[i], 0);
    }
    for (i = 0; i < readers_len; i++) {
        check_case(readers[i].name, 0, 0);
        CHECK_U64(by_reader[i], 0);
    }
    check_case("the rest", 0, 0);
    CHECK_U64(by_others, 0);
    CHECK_U64(by_failures, 0);
    return check_done(argv[0]);
}
