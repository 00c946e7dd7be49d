/* What every example needs as a program: messages, numbers, the command line. */
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

/* Returns the length of the control character (C0, DEL, or C1 in UTF-8) at the start of
 * `bytes`, or 0. */
static inline size_t control_length(const uint8_t *bytes, size_t len) {
    if (bytes[0] == 0xc2 && len > 1 && bytes[1] >= 0x80 && bytes[1] < 0xa0)
        return 2;
    return bytes[0] < 0x20 || bytes[0] == 0x7f ? 1 : 0;
}

/* Prints control characters as \xNN, except those in `allowed`. Otherwise a peer could
 * move the cursor of our terminal, change its colours, or type commands. */
static inline void print_escaped(FILE *to, const void *data, size_t len,
                                 const char *allowed) {
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

/* ---- messages ---- */

/* `why` may contain text that a peer sent. */
static inline void die(const char *what, const char *why) {
    fflush(stdout);
    fprintf(stderr, "%s: %s: ", program, what);
    print_escaped(stderr, why, strlen(why), "");
    fputc('\n', stderr);
    exit(1);
}

/* Reports a mistake on the command line. */
static inline void reject(const char *what, const char *why) {
    fprintf(stderr, "%s: %s: %s (see --help)\n", program, what, why);
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
    reject(argument,
           optopt != 0 && strchr(argument, '=') ? "takes no value" : "unknown option");
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
