/* Loading and unloading the library a thousand times leaves nothing behind. */
#define _DEFAULT_SOURCE
#include "check.h"
#include "wscodec.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

/* Memory mappings of this process. */
static long mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    long lines = 0;
    int c;

    if (maps == NULL) {
        return -1;
    }
    while ((c = getc(maps)) != EOF) {
        lines += c == '\n';
    }
    fclose(maps);
    return lines;
}

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
    CHECK_EQ(dlclose(library), 0);
    /* Really gone. */
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
