/* The getrandom() of glibc 2.41 and newer, which calls the vDSO of Linux 6.11 and newer without a
 * system call. Preload it where glibc is older. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/types.h>

typedef ssize_t vdso_function(void *buf, size_t len, unsigned flags, void *state, size_t size);

/* The size and flags of a state, which the function returns for a special call. */
struct params {
    uint32_t size, prot, flags, reserved[13];
};

static vdso_function *find(struct params *params) {
    void *vdso = dlopen("linux-vdso.so.1", RTLD_NOW | RTLD_NOLOAD);
    void *symbol = vdso ? dlsym(vdso, "__vdso_getrandom") : NULL;
    vdso_function *function = (vdso_function *)symbol;
    if (!function || function(NULL, 0, 0, params, ~(size_t)0) != 0) {
        fputs("this kernel has no getrandom() in its vDSO\n", stderr);
        exit(2);
    }
    return function;
}

ssize_t getrandom(void *buf, size_t len, unsigned flags) {
    static _Thread_local struct params params;
    static _Thread_local vdso_function *function;
    static _Thread_local void *state;
    if (!state) {
        function = find(&params);
        state = mmap(NULL, params.size, (int)params.prot, (int)params.flags, -1, 0);
        if (state == MAP_FAILED)
            abort();
    }
    return function(buf, len, flags, state, params.size);
}
