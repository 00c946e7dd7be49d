/* Every function of the header is exported and works. */
#include "check.h"
#include "samples.h"

#include <stdbool.h>
#include <string.h>

typedef void (*any_function)(void);

static const struct {
    const char *name;
    any_function address;
} functions[] = {
#define F(name) {#name, (any_function)name},
#include "functions.def"
#undef F
};

/* Without compression, functions of ws_pmd only refuse, and the compiler may make one of two. */
static bool may_be_one(const char *a, const char *b)
{
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    return !deflate && strncmp(a, "ws_pmd_", 7) == 0 && strncmp(b, "ws_pmd_", 7) == 0;
}

int main(int argc, char **argv)
{
    size_t count = sizeof functions / sizeof *functions, i, j;

    (void)argc;
    for (i = 0; i < count; i++) {
        check_case(functions[i].name, i, 0);
        CHECK(functions[i].address != NULL);
        for (j = 0; j < i; j++) {
            CHECK(functions[i].address != functions[j].address ||
                  may_be_one(functions[i].name, functions[j].name));
        }
    }

    check_samples();
    return check_done(argv[0]);
}
