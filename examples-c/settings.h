/* The command line of the servers. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <getopt.h>

#include "compression.h"
#include "server.h"

typedef struct settings {
    const char *host, *port;
    const char *origins; /* pages that may connect; NULL: any */
    bool reuse_port, verbose, no_client_context;
    long handshake_timeout, send_timeout, ping_interval; /* seconds */
    long max_connections;
    size_t max_output; /* bytes that may wait for all peers together */
    compression compression;
} settings;

static settings set = {.host = "127.0.0.1",
                       .port = "8080",
                       .handshake_timeout = 10,
                       .send_timeout = 30,
                       .ping_interval = 45,
                       .max_connections = 1 << 20,
                       .max_output = 64 << 20};

static const char SERVER_HELP[] =
    "\n"
    "  --host HOST                  to listen on (127.0.0.1)\n"
    "  --port PORT                  0 for a free one (8080)\n"
    "  --reuse-port                 share the port with other processes (SO_REUSEPORT)\n"
    "  --origin LIST                pages that may connect, e.g. \"https://a.example\n"
    "                               https://b.example:8443\"; without it any page of any\n"
    "                               browser may\n"
    "  --max-connections COUNT      further ones are refused with 503\n"
    "  --handshake-timeout SECONDS  also for the closing handshake (10)\n"
    "  --send-timeout SECONDS       drop a peer that takes nothing for so long (30)\n"
    "  --max-output MIB             may wait for all peers together; then the one that has\n"
    "                               taken nothing for longest is dropped (64)\n"
    "  --ping-interval SECONDS      ping a peer that says nothing for so long, and drop it\n"
    "                               if it says nothing for as long again (45; 0: never)\n"
    COMPRESSION_HELP
    "  --no-client-context          have clients forget their earlier messages, too: see below\n"
    "  --verbose                    name connections, refusals, errors and closes on stderr\n"
    "  --version                    of the library\n"
    "  --help                       this text\n"
    "\n"
    "By default compression loses no client: nothing is asked of one that it did not offer. One\n"
    "that keeps its own context, as browsers do, costs 48 KB from its first compressed message\n"
    "on. --no-client-context saves that, and loses clients that ignore what they are told\n"
    "(tornado 6.6, Mojolicious 9: they fail at their second message or soon after).\n";

static inline void print_help(const char *what) {
    printf("Usage: %s [OPTION...]\n\n%s\n%s", program, what, SERVER_HELP);
    exit(0);
}

static inline void print_version(void) {
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    printf("%s, wscodec %s%s\n", program, ws_version_string(),
           deflate ? "" : " without compression");
    exit(0);
}

static inline void set_option(int option, const char *value, const char *what) {
    const long day = 86400;
    switch (option) {
    case 'h': set.host = value; break;
    case 'p': number("--port", set.port = value, 0, 65535); break;
    case 'r': set.reuse_port = true; break;
    case 'o': set.origins = value; break;
    case 'c': set.max_connections = number("--max-connections", value, 1, 1 << 20); break;
    case 't': set.handshake_timeout = number("--handshake-timeout", value, 1, day); break;
    case 's': set.send_timeout = number("--send-timeout", value, 1, day); break;
    case 'm': set.max_output = (size_t)number("--max-output", value, 1, 1024) << 20; break;
    case 'i': set.ping_interval = number("--ping-interval", value, 0, day); break;
    case 'D': set.no_client_context = true; break;
    case 'v': set.verbose = true; break;
    case 'V': print_version(); break;
    case 'H': print_help(what); break;
    case '?': exit(2); /* getopt_long() has said what is wrong */
    default:
        if (!set_compression(&set.compression, option, value))
            reject("--compress-from", "not a number of bytes");
    }
}

/* Reads the command line into `set`; ends the program if it asks for help or makes no sense. */
static inline void read_settings(int argc, char **argv, const char *what) {
    static const struct option options[] = {
        {"host", 1, NULL, 'h'},
        {"port", 1, NULL, 'p'},
        {"reuse-port", 0, NULL, 'r'},
        {"origin", 1, NULL, 'o'},
        {"max-connections", 1, NULL, 'c'},
        {"handshake-timeout", 1, NULL, 't'},
        {"send-timeout", 1, NULL, 's'},
        {"max-output", 1, NULL, 'm'},
        {"ping-interval", 1, NULL, 'i'},
        COMPRESSION_OPTIONS,
        {"no-client-context", 0, NULL, 'D'},
        {"verbose", 0, NULL, 'v'},
        {"version", 0, NULL, 'V'},
        {"help", 0, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    int option;
    const char *slash = strrchr(argv[0], '/');
    program = slash ? slash + 1 : argv[0];
    set.compression = default_compression();
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        set_option(option, optarg, what);
    if (optind < argc)
        reject(argv[optind], "unexpected argument");
}

#endif
