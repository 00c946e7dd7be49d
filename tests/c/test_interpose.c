/* The library works although the application exports a function with the name of
 * each of its functions, which the dynamic linker prefers: no export of the
 * library calls another. */
#define _GNU_SOURCE
#include "check.h"
#include "samples.h"

#include <dlfcn.h>
#include <string.h>

#define F(name) __typeof__(name) *via_##name;
#include "functions.def"
#undef F

int main(int argc, char **argv)
{
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

    check_samples();
    CHECK_EQ(dlclose(library), 0);
    return check_done(argv[0]);
}
