/* How the examples compress, and the options that decide it. */
#ifndef COMPRESSION_H
#define COMPRESSION_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <wscodec.h>

typedef struct compression {
    bool on;
    size_t from; /* bytes: a shorter message hardly shrinks, and is sent as it is */
    ws_pmd_params params;
} compression;

/* On, if the library can. Without context takeover messages get a little larger, but an idle
 * connection costs what it costs without compression. With it, that is up to 430 KB more, which
 * no server with many connections has to spare. */
static inline compression default_compression(void) {
    return (compression){
        .on = (ws_features() & WS_FEATURE_DEFLATE) != 0,
        .from = 1024,
        .params = {.server_no_context_takeover = 1, .client_no_context_takeover = 1},
    };
}

#define COMPRESSION_USAGE "[--no-compression] [--compress-from BYTES] [--context-takeover]"
#define COMPRESSION_HELP                                                                       \
    "  --no-compression             decline, or do not offer, permessage-deflate\n"           \
    "  --compress-from BYTES        send shorter messages uncompressed (1024)\n"              \
    "  --context-takeover           let messages refer to earlier ones: they get smaller,\n"  \
    "                               and a connection up to 430 KB larger\n"
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
        c->from = strtoul(value, &end, 10);
        return *end == '\0' && errno == 0;
    } else if (option == 'T') {
        c->params.server_no_context_takeover = 0;
        c->params.client_no_context_takeover = 0;
    } else {
        return false;
    }
    return true;
}

/* For ws_conn_send(). */
static inline uint32_t compression_flags(const compression *c, size_t len) {
    return len < c->from ? WS_SEND_PLAIN : 0;
}

#endif
