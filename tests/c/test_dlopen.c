/* Loading and unloading the library a thousand times leaks nothing. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "wscodec.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* The number of memory mappings, without those that are writable and executable:
 * only valgrind makes these. */
static long mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024];
    long lines = 0;

    if (maps == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        lines += strstr(line, " rwxp ") == NULL;
    }
    fclose(maps);
    return lines;
}

#ifndef WITHOUT_DEFLATE
/* Memory that does not count as a mapping of the library. */
static union {
    unsigned char bytes[1 << 19];
    long double aligned;
} arena;
static size_t arena_used;

static void *arena_alloc(void *user, size_t size, size_t align)
{
    size_t start = (arena_used + align - 1) / align * align;

    (void)user;
    if (size > sizeof arena.bytes - start) {
        return NULL;
    }
    arena_used = start + size;
    return arena.bytes + start;
}

static void arena_free(void *user, void *ptr, size_t size, size_t align)
{
    (void)user;
    (void)ptr;
    (void)size;
    (void)align;
}

/* Compression uses the most of the library. */
static void compress_once(void *library)
{
    static const ws_pmd_params params;
    static const ws_allocator allocator = {arena_alloc, NULL, arena_free, NULL};
    unsigned char out[600];
    __typeof__(ws_conn_new) *new_conn;
    __typeof__(ws_conn_set_pmd) *set_pmd;
    __typeof__(ws_conn_send) *send;
    __typeof__(ws_conn_free) *free_conn;
    ws_conn *conn;
    void *symbols[4];

    symbols[0] = dlsym(library, "ws_conn_new");
    symbols[1] = dlsym(library, "ws_conn_set_pmd");
    symbols[2] = dlsym(library, "ws_conn_send");
    symbols[3] = dlsym(library, "ws_conn_free");
    memcpy(&new_conn, &symbols[0], sizeof symbols[0]);
    memcpy(&set_pmd, &symbols[1], sizeof symbols[1]);
    memcpy(&send, &symbols[2], sizeof symbols[2]);
    memcpy(&free_conn, &symbols[3], sizeof symbols[3]);
    arena_used = 0;
    conn = new_conn(WS_SERVER, &allocator);
    CHECK(conn != NULL);
    CHECK_EQ(set_pmd(conn, &params), WS_OK);
    CHECK_EQ(send(conn, WS_OPCODE_TEXT, 0, "Hello", 5, out, sizeof out), 9);
    free_conn(conn);
}
#endif

static void use_once(void)
{
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    __typeof__(ws_make_key) *make_key;
    __typeof__(ws_accept_key) *accept_key;
    void *symbol;
    char key[WS_KEY_LEN], accept[WS_ACCEPT_LEN];

    CHECK(library != NULL);
    if (library == NULL) {
        return;
    }
    symbol = dlsym(library, "ws_make_key");
    CHECK(symbol != NULL);
    memcpy(&make_key, &symbol, sizeof symbol);
    symbol = dlsym(library, "ws_accept_key");
    CHECK(symbol != NULL);
    memcpy(&accept_key, &symbol, sizeof symbol);
    CHECK_EQ(make_key(key, sizeof key), WS_KEY_LEN);
    CHECK_EQ(accept_key(key, sizeof key, accept, sizeof accept), WS_ACCEPT_LEN);
#ifndef WITHOUT_DEFLATE
    compress_once(library);
#endif
    CHECK_EQ(dlclose(library), 0);
    /* It is unloaded. */
    CHECK(dlopen(LIBRARY, RTLD_NOW | RTLD_NOLOAD) == NULL);
    (void)dlerror();
}

int main(int argc, char **argv)
{
    long before;
    int i;

    (void)argc;
    use_once();
    before = mappings();
    CHECK(before > 0);
    for (i = 0; i < 1000; i++) {
        check_case("round", (uintmax_t)i, 0);
        use_once();
    }
    CHECK(mappings() <= before + 2);
    return check_done(argv[0]);
}
