/* The static library holds the same functions. */
#include "check.h"
#include "pieces.h"

#include <stdio.h>
#include <string.h>

/* Whether a file of this name is mapped into the process. */
static int is_loaded(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[1024];
    int found = 0;

    if (maps == NULL) {
        return -1;
    }
    while (fgets(line, sizeof line, maps) != NULL) {
        found |= strstr(line, name) != NULL;
    }
    fclose(maps);
    return found;
}

int main(int argc, char **argv)
{
    unsigned char buf[512];
    size_t i;

    (void)argc;
    CHECK_EQ(is_loaded("libc.so"), 1);
    CHECK_EQ(is_loaded("libwscodec.so"), 0);
    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, i, 0);
        CHECK_EQ(writers[i].run(buf, sizeof buf), writers[i].size);
        if (writers[i].text != NULL) {
            CHECK_MEM(buf, writers[i].text, writers[i].size);
        }
    }
    for (i = 0; i < readers_len; i++) {
        check_case(readers[i].name, i, 0);
        memcpy(buf, readers[i].sample, readers[i].len);
        CHECK_EQ(readers[i].run(buf, readers[i].len), readers[i].want);
    }
    CHECK(other_functions_work());
    return check_done(argv[0]);
}
