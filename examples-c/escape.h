/* Text of a peer on a terminal: control characters are written as \xNN, so that nobody else
 * moves the cursor, sets colours or types commands there. */
#ifndef ESCAPE_H
#define ESCAPE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* How many bytes from here on are one control character (C0, DEL, or C1 in UTF-8), or 0. */
static inline size_t control_length(const uint8_t *bytes, size_t len) {
    if (bytes[0] == 0xc2 && len > 1 && bytes[1] >= 0x80 && bytes[1] < 0xa0)
        return 2;
    return bytes[0] < 0x20 || bytes[0] == 0x7f ? 1 : 0;
}

/* Those in `allowed` are written as they are. */
static inline void print_escaped(FILE *to, const void *data, size_t len, const char *allowed) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len;) {
        size_t n = control_length(bytes + i, len - i);
        if (n == 0 || (bytes[i] != 0 && strchr(allowed, bytes[i]))) {
            putc(bytes[i++], to);
            continue;
        }
        for (; n > 0; n--)
            fprintf(to, "\\x%02x", bytes[i++]);
    }
}

#endif
