/* The command line of the servers. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "compression.h"

typedef struct server_options {
    const char *host, *port;
    const char *origins; /* pages that may connect; NULL: any */
    bool reuse_port, verbose, no_client_context;
    long handshake_timeout, send_timeout, ping_interval; /* seconds */
    long max_connections;
    long max_output; /* MiB of output that may wait, for all peers together */
    compression compression;
} server_options;

enum { SECONDS_PER_DAY = 86400, CONNECTIONS = 1 << 20 };

static const server_options DEFAULTS = {
    .host = "127.0.0.1",
    .port = "8080",
    .handshake_timeout = 10,
    .send_timeout = 30,
    .ping_interval = 45,
    .max_connections = CONNECTIONS,
    .max_output = 64,
};

static server_options options;

/* An option that only some programs have. Without a value_name it has no value, and
 * sets *value to "". */
typedef struct extra_option {
    const char *name, *value_name, *help;
    const char **value;
} extra_option;

static const extra_option *extra_options; /* the last one has no name */

enum { MAX_EXTRA_OPTIONS = 8, EXTRA_OPTION = 256 };

/* ---- help ---- */

/* A format for DEFAULTS. */
static const char CONNECTION_HELP[] =
    "  --host HOST                  the address to listen on (%s)\n"
    "  --port PORT                  0 for a free one (%s)\n"
    "  --reuse-port                 share the port with other processes (SO_REUSEPORT)\n"
    "  --origin LIST                pages that may connect, e.g. \"https://a.example\n"
    "                               https://b.example:8443\"; without it, any page may\n"
    "  --max-connections COUNT      refuse further ones with status 503 (%ld)\n"
    "  --handshake-timeout SECONDS  time limit for the opening handshake, and for the\n"
    "                               closing handshake (%ld)\n"
    "  --send-timeout SECONDS       drop a peer that has read nothing for so long while\n"
    "                               output waits for it (%ld)\n"
    "  --max-output MIB             output that may wait for all peers together; beyond\n"
    "                               that, drop the peer that has read nothing for the\n"
    "                               longest time (%ld)\n"
    "  --ping-interval SECONDS      ping a peer that has been silent for so long, and drop\n"
    "                               it after the same time without input; 0: never (%ld)\n";

static const char REMAINING_HELP[] =
    "  --no-client-context          tell clients not to refer to earlier messages either\n"
    "  --verbose                    log connections, refusals, errors and closes\n"
    "  --version                    print the version of the library\n"
    "  --help                       print this text\n"
    "\n"
    "By default, the server agrees to what a client offers and demands nothing else. A\n"
    "client that refers to its earlier messages, as browsers do, then costs memory for its\n"
    "compression context. --no-client-context saves that memory, but clients that ignore\n"
    "the demand (tornado, Mojolicious) fail at their second message or soon after.\n";

static inline void print_help(const char *purpose) {
    const server_options *d = &DEFAULTS;
    printf("Usage: %s [OPTION...]\n\n%s\n\n", program, purpose);
    printf(CONNECTION_HELP, d->host, d->port, d->max_connections, d->handshake_timeout,
           d->send_timeout, d->max_output, d->ping_interval);
    for (const extra_option *e = extra_options; e && e->name; e++) {
        int width = printf("  --%s %s", e->name, e->value_name ? e->value_name : "");
        printf("%*s%s\n", 31 - width, "", e->help);
    }
    print_compression_help();
    fputs(REMAINING_HELP, stdout);
    exit(0);
}

/* ---- options ---- */

static inline long seconds(const char *option, const char *value, long min) {
    return parse_number(option, value, min, SECONDS_PER_DAY);
}

static inline void set_option(int option, const char *value, const char *purpose) {
    server_options *o = &options;
    if (option >= EXTRA_OPTION) {
        *extra_options[option - EXTRA_OPTION].value = value ? value : "";
        return;
    }
    switch (option) {
    case 'h': o->host = value; break;
    case 'p':
        parse_number("--port", value, 0, 65535);
        o->port = value;
        break;
    case 'r': o->reuse_port = true; break;
    case 'o': o->origins = value; break;
    case 'c':
        o->max_connections = parse_number("--max-connections", value, 1, CONNECTIONS);
        break;
    case 't': o->handshake_timeout = seconds("--handshake-timeout", value, 1); break;
    case 's': o->send_timeout = seconds("--send-timeout", value, 1); break;
    case 'm': o->max_output = parse_number("--max-output", value, 1, 1024); break;
    case 'i': o->ping_interval = seconds("--ping-interval", value, 0); break;
    case 'D':
        o->no_client_context = true;
        o->compression.needs_it = "--no-client-context";
        break;
    case 'v': o->verbose = true; break;
    case 'V': print_version(); break;
    case 'H': print_help(purpose); break;
    default: set_compression(&o->compression, option, value);
    }
}

/* Reads the command line into `options`. `purpose` is for --help. */
static inline void read_options(int argc, char **argv, const char *purpose) {
    struct option known[32 + MAX_EXTRA_OPTIONS] = {
        {"host", required_argument, NULL, 'h'},
        {"port", required_argument, NULL, 'p'},
        {"reuse-port", no_argument, NULL, 'r'},
        {"origin", required_argument, NULL, 'o'},
        {"max-connections", required_argument, NULL, 'c'},
        {"handshake-timeout", required_argument, NULL, 't'},
        {"send-timeout", required_argument, NULL, 's'},
        {"max-output", required_argument, NULL, 'm'},
        {"ping-interval", required_argument, NULL, 'i'},
        COMPRESSION_OPTIONS,
        {"no-client-context", no_argument, NULL, 'D'},
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'H'},
    };
    struct option *next = known;
    int option;
    while (next->name)
        next++;
    for (int i = 0; extra_options && extra_options[i].name; i++)
        *next++ = (struct option){
            extra_options[i].name,
            extra_options[i].value_name ? required_argument : no_argument, NULL,
            EXTRA_OPTION + i};
    set_program(argv[0]);
    options = DEFAULTS;
    options.compression = default_compression();
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        set_option(option, optarg, purpose);
    }
    if (optind < argc)
        reject(argv[optind], "unexpected argument");
    check_compression(&options.compression);
}

#endif
