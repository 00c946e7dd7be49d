/* Every function of the header is there and can be called. */
#include "check.h"
#include "pieces.h"

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

int main(int argc, char **argv)
{
    size_t count = sizeof functions / sizeof *functions, i, j;
    unsigned char buf[512];

    (void)argc;
    for (i = 0; i < count; i++) {
        check_case(functions[i].name, i, 0);
        CHECK(functions[i].address != NULL);
        for (j = 0; j < i; j++) {
            CHECK(functions[i].address != functions[j].address);
        }
    }

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
