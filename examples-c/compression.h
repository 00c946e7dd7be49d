/* How the examples compress, and the options that decide it. */
#ifndef COMPRESSION_H
#define COMPRESSION_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <wscodec.h>

typedef struct compression {
    bool on;
    bool keeps_context; /* what we send may refer to our earlier messages */
    uint64_t from;      /* bytes: a shorter message hardly shrinks, and is sent as it is */
} compression;

/* On, if the library can. */
static inline compression default_compression(void) {
    return (compression){.on = (ws_features() & WS_FEATURE_DEFLATE) != 0, .from = 1024};
}

#define COMPRESSION_USAGE "[--no-compression] [--compress-from BYTES] [--context-takeover]"
#define COMPRESSION_HELP                                                                       \
    "  --no-compression             decline, or do not offer, permessage-deflate\n"           \
    "  --compress-from BYTES        send shorter messages uncompressed (1024)\n"              \
    "  --context-takeover           let our messages refer to earlier ones: they get\n"       \
    "                               smaller, and a connection up to 380 KB larger\n"
#define COMPRESSION_OPTIONS                                                                    \
    {"no-compression", 0, NULL, 'N'},                                                          \
    {"compress-from", 1, NULL, 'F'},                                                           \
    {"context-takeover", 0, NULL, 'T'}

/* Takes one of these options. False if it is none, or its value no length. */
static inline bool set_compression(compression *c, int option, const char *value) {
    char *end = NULL;
    errno = 0;
    if (option == 'N') {
        c->on = false;
    } else if (option == 'F' && *value >= '0' && *value <= '9') {
        c->from = strtoull(value, &end, 10);
        return *end == '\0' && errno == 0;
    } else if (option == 'T') {
        c->keeps_context = true;
    } else {
        return false;
    }
    return true;
}

#endif
