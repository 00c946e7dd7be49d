/* The options that decide how an example compresses. */
#ifndef COMPRESSION_H
#define COMPRESSION_H

#include "program.h"

typedef struct compression {
    bool on;
    bool keeps_context; /* our messages may refer to earlier ones */
    uint64_t from;      /* bytes: shorter messages are sent uncompressed */
    bool declined;
    const char *needs_it; /* an option that contradicts `declined`, or NULL */
} compression;

enum { COMPRESS_FROM = 1024 }; /* shorter messages hardly get smaller */

static inline compression default_compression(void) {
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    return (compression){.on = deflate, .from = COMPRESS_FROM};
}

static inline void print_compression_help(void) {
    printf(
        "  --no-compression             decline, or do not offer, permessage-deflate\n"
        "  --compress-from BYTES        send shorter messages uncompressed (%d)\n"
        "  --context-takeover           let our messages refer to earlier ones: they get\n"
        "                               smaller, but a connection needs more memory\n",
        COMPRESS_FROM);
}

#define COMPRESSION_OPTIONS                                                            \
    {"no-compression", no_argument, NULL, 'N'},                                        \
        {"compress-from", required_argument, NULL, 'F'},                               \
        {"context-takeover", no_argument, NULL, 'T'}

static inline uint64_t parse_length(const char *option, const char *text) {
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0)
        reject(option, "not a number of bytes");
    return n;
}

/* Handles one of COMPRESSION_OPTIONS. Returns false if it is another option. */
static inline bool set_compression(compression *c, int option, const char *value) {
    switch (option) {
    case 'N':
        c->on = false;
        c->declined = true;
        return true;
    case 'F': c->from = parse_length("--compress-from", value); return true;
    case 'T':
        c->keeps_context = true;
        c->needs_it = "--context-takeover";
        return true;
    default: return false;
    }
}

/* Call it after the last option. */
static inline void check_compression(const compression *c) {
    if (c->declined && c->needs_it)
        reject(c->needs_it, "not possible with --no-compression");
}

#endif
