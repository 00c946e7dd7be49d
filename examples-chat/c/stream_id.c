#include "stream_id.h"

#include <inttypes.h>
#include <stdio.h>

enum { MAX_DIGITS = 20 };

/* Reads decimal digits. Returns how many, at most MAX_DIGITS; 0 if there are none, or
 * the number has more than 64 bits. */
static size_t parse_digits(const char *text, size_t len, uint64_t *number) {
    size_t n = 0;
    *number = 0;
    for (; n < len && n < MAX_DIGITS && text[n] >= '0' && text[n] <= '9'; n++) {
        uint64_t digit = (uint64_t)(text[n] - '0');
        if (*number > (UINT64_MAX - digit) / 10)
            return 0;
        *number = *number * 10 + digit;
    }
    return n;
}

bool id_parse(const char *text, size_t len, stream_id *id) {
    size_t n = parse_digits(text, len, &id->ms);
    if (n == 0 || n == len || text[n] != '-')
        return false;
    size_t rest = len - n - 1;
    return rest > 0 && parse_digits(text + n + 1, rest, &id->number) == rest;
}

void id_text(stream_id id, char text[STREAM_ID_TEXT]) {
    snprintf(text, STREAM_ID_TEXT, "%" PRIu64 "-%" PRIu64, id.ms, id.number);
}
