/* Every function of the header is exported and works. */
#include "check.h"
#include "samples.h"

typedef void (*any_function)(void);

static const struct {
    const char *name;
    any_function address;
} functions[] = {
#define F(name) {#name, (any_function)name},
#include "functions.def"
#undef F
};

int main(int argc, char **argv)
{
    size_t count = sizeof functions / sizeof *functions, i, j;

    (void)argc;
    for (i = 0; i < count; i++) {
        check_case(functions[i].name, i, 0);
        CHECK(functions[i].address != NULL);
        for (j = 0; j < i; j++) {
            CHECK(functions[i].address != functions[j].address);
        }
    }

    check_samples();
    return check_done(argv[0]);
}
