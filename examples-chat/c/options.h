/* The command line. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <wscodec.h>

enum { MAX_THREADS = 256 };

typedef struct chat_options {
    char host[256], port[6];
    const char *name;       /* of this process */
    const char *redis_path; /* of a unix socket, or NULL */
    char redis_host[256];
    int redis_port;
    const char *redis_password; /* or NULL */
    const char *origins;        /* pages that may connect, or NULL: any */
    char *page;                 /* what / responds with, or NULL */
    size_t page_len;
    long threads, max_connections, max_per_address, max_waiting, rate, burst;
    int64_t ping_interval, ping_timeout, handshake_timeout, join_timeout; /* ms */
    int64_t drain_delay, drain_time, drain_timeout, presence;             /* ms */
    bool compression, proxy_protocol, trust_forwarded, verbose, json;
} chat_options;

extern chat_options options;

/* Reads the command line, or ends the program. */
void read_options(int argc, char **argv);

#endif
