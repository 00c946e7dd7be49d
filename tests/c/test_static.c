/* The static library has the same functions. */
#include "check.h"
#include "samples.h"

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

    (void)argc;
    CHECK_EQ(is_loaded("libc.so"), 1);
    CHECK_EQ(is_loaded("libwscodec.so"), 0);
    check_samples();
    return check_done(argv[0]);
}
