#include "vectors.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

void *put_bytes(const struct bytes *bytes, void *out)
{
    unsigned char *to = out;
    size_t i, n;

    for (i = 0; i < bytes->parts_len; i++) {
        for (n = 0; n < bytes->parts[i].times; n++) {
            memcpy(to, bytes->parts[i].data, bytes->parts[i].len);
            to += bytes->parts[i].len;
        }
    }
    return out;
}

void *new_bytes(const struct bytes *bytes)
{
    unsigned char *out = malloc(bytes->len != 0 ? bytes->len : 1);

    if (out == NULL) {
        abort();
    }
    return put_bytes(bytes, out);
}

void check_bytes(const void *got, size_t len, const struct bytes *want, const char *file,
                 int line, const char *what)
{
    void *expected = new_bytes(want);

    check_int((intmax_t)len, (intmax_t)want->len, file, line, what);
    if (len == want->len) {
        check_mem(got, expected, len, file, line, what);
    }
    free(expected);
}

size_t result_at(size_t len, size_t error_at)
{
    return error_at == LAST_BYTE ? len : error_at + 1;
}
