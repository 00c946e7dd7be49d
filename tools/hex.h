/* Bytes as hexadecimal digits. */
#ifndef HEX_H
#define HEX_H

#include <stdint.h>
#include <stdio.h>

static inline void print_hex(FILE *to, const uint8_t *bytes, size_t len,
                             const char *separator) {
    for (size_t i = 0; i < len; i++)
        fprintf(to, "%s%02x", i > 0 ? separator : "", bytes[i]);
}

#endif
