/* The parts of a program that all examples share: messages, numbers, the command line.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wscodec.h>

static const char *program = "example"; /* our name, for messages */

static inline void set_program(const char *path) {
    const char *slash = strrchr(path, '/');
    program = slash ? slash + 1 : path;
}

/* ---- text of a peer ---- */

/* Returns the length of the character at the start of `bytes`, or 0 if they are not
 * UTF-8. */
static inline size_t decode_character(const uint8_t *bytes, size_t len,
                                      uint32_t *character) {
    const uint8_t first = bytes[0];
    const size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t state = 0;
    if (n > len || ws_utf8_validate(&state, bytes, n) != WS_OK || state != 0)
        return 0;
    *character = n == 1 ? first : first & (0x7fU >> n);
    for (size_t i = 1; i < n; i++)
        *character = *character << 6 | (bytes[i] & 0x3fU);
    return n;
}

/* Control characters (C0, DEL, C1) move the cursor of a terminal, change its colours,
 * or type commands; bidirectional controls and separators rearrange what a person
 * reads. */
static inline bool drives_terminal(uint32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e ||
           c == 0x200f || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Prints the bytes of such characters, and bytes that are not UTF-8, as \xNN; but not
 * the ASCII characters in `allowed`. */
static inline void print_escaped(FILE *to, const void *data, size_t len,
                                 const char *allowed) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = decode_character(bytes + i, len - i, &c), end = i + (n > 0 ? n : 1);
        bool plain = n > 0 && (!drives_terminal(c) ||
                               (c > 0 && c < 0x80 && strchr(allowed, (int)c)));
        for (; plain && i < end; i++)
            putc(bytes[i], to);
        for (; i < end; i++)
            fprintf(to, "\\x%02x", bytes[i]);
    }
}

/* ---- messages ---- */

/* Both may contain text that a peer or a file supplied. */
static inline void complain(const char *what, const char *why, const char *hint) {
    fflush(stdout);
    fprintf(stderr, "%s: ", program);
    print_escaped(stderr, what, strlen(what), "");
    fputs(": ", stderr);
    print_escaped(stderr, why, strlen(why), "");
    fprintf(stderr, "%s\n", hint);
}

__attribute__((noreturn)) static inline void die(const char *what, const char *why) {
    complain(what, why, "");
    exit(1);
}

/* Reports a mistake on the command line. */
__attribute__((noreturn)) static inline void reject(const char *what, const char *why) {
    complain(what, why, " (see --help)");
    exit(2);
}

static inline void print_version(void) {
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    printf("%s, wscodec %s%s\n", program, ws_version_string(),
           deflate ? "" : " without compression");
    exit(0);
}

/* ---- the command line ---- */

/* Explains why getopt_long() returned '?' or ':'. Its own message would not mention
 * --help, hence opterr = 0 and a ':' in the string of short options. */
static inline void reject_option(int argc, char **argv, int result) {
    const char *argument = argv[optind - 1];
    if (optopt != 0 && optind < argc && argv[optind][0] == '-' &&
        argv[optind][1] == optopt)
        argument = argv[optind]; /* "-xy": getopt_long() has not passed it yet */
    if (result == ':')
        reject(argument, "needs a value");
    reject(argument, optopt != 0 && strchr(argument, '=') ? "does not allow a value"
                                                          : "unknown option");
}

/* Returns the number in `text`. Rejects anything else. */
static inline long parse_number(const char *option, const char *text, long min,
                                long max) {
    char *end, why[80];
    errno = 0;
    long n = strtol(text, &end, 10);
    bool digits = *text >= '0' && *text <= '9' && *end == '\0';
    if (!digits || errno != 0 || n < min || n > max) {
        snprintf(why, sizeof why, "not a number from %ld to %ld", min, max);
        reject(option, why);
    }
    return n;
}

#endif
