/* The application exports a function with the name of each of ours, which the
 * dynamic linker prefers. The library works all the same, since none of its
 * functions calls another by its exported name. */
#define _GNU_SOURCE
#include "check.h"
#include "pieces.h"

#include <dlfcn.h>
#include <string.h>

#define F(name) __typeof__(name) *via_##name;
#include "functions.def"
#undef F

int main(int argc, char **argv)
{
    unsigned char buf[512];
    size_t i;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

    (void)argc;
    CHECK(library != NULL);
    if (library == NULL) {
        return check_done(argv[0]);
    }
#define F(name)                                              \
    do {                                                     \
        void *ours = dlsym(library, #name);                  \
        void *namesake = dlsym(RTLD_DEFAULT, #name);         \
        check_case(#name, 0, 0);                             \
        CHECK(ours != NULL);                                 \
        CHECK(namesake != NULL);                             \
        CHECK(ours != namesake);                             \
        memcpy(&via_##name, &ours, sizeof ours);             \
    } while (0);
#include "functions.def"
#undef F

    for (i = 0; i < writers_len; i++) {
        check_case(writers[i].name, i, 0);
        CHECK_EQ(writers[i].run(buf, sizeof buf), writers[i].size);
        if (writers[i].text != NULL) {
            CHECK_MEM(buf, writers[i].text, writers[i].size);
        }
        CHECK_EQ(writers[i].run(buf, 0), WS_ERR_BUFFER_TOO_SMALL);
    }
    for (i = 0; i < readers_len; i++) {
        check_case(readers[i].name, i, 0);
        memcpy(buf, readers[i].sample, readers[i].len);
        CHECK_EQ(readers[i].run(buf, readers[i].len), readers[i].want);
    }
    CHECK(other_functions_work());
    CHECK_EQ(dlclose(library), 0);
    return check_done(argv[0]);
}
