/* The command line of wscat. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "buffer.h"
#include "compression.h"
#include "json.h"
#include "tls.h"

typedef struct wscat_options {
    const char *url;
    char **messages; /* to send instead of stdin */
    size_t message_count;
    const char *protocols, *origin, *host;
    buffer headers; /* complete lines */
    tls_options tls;
    bool binary, json, echo, commands, verbose;
    bool no_close;  /* the server closes: --no-close, or --echo without --count */
    bool any_count; /* wait for as many messages as were sent */
    uint64_t count; /* otherwise for so many */
    long wait;      /* seconds for each of them; 0: no limit */
    long timeout;   /* seconds for whatever the server must do by itself */
    long ping;      /* seconds between pings; 0: never */
    uint64_t max_message;
    compression compression;
} wscat_options;

enum { DEFAULT_WAIT = 10, DEFAULT_TIMEOUT = 10, DEFAULT_MAX_MESSAGE = 64 << 20 };

static wscat_options options;

static const char HELP[] =
    "Usage: wscat [OPTION...] URL [MESSAGE...]\n"
    "\n"
    "Connects to ws://host[:port][/path] or wss://..., sends each MESSAGE, or each line of\n"
    "stdin if there is none, and prints the messages that it receives. On a terminal it is\n"
    "interactive: /help lists its commands, and the end of the input (Ctrl-D) closes.\n"
    "Otherwise it closes when as many messages were received as it sent.\n"
    "\n"
    "Opening handshake:\n"
    "  -H, --header \"NAME: VALUE\"    send this header field; may be repeated\n"
    "  -o, --origin ORIGIN           send this Origin\n"
    "  -s, --subprotocol LIST        offer these, e.g. \"chat, superchat\"\n"
    "      --basic-auth USER:PASS    authenticate (RFC 7617)\n"
    "Messages:\n"
    "  -b, --binary                  send binary messages, which need not be UTF-8\n"
    "  -j, --json                    print one JSON object a line for everything that\n"
    "                                happens\n"
    "  -e, --echo                    send every message back instead of printing it, until\n"
    "                                the server closes or --count; stdin is not read\n"
    "      --commands                accept commands such as /ping although stdin is no\n"
    "                                terminal\n"
    "      --max-message BYTES       refuse longer messages; 0: no limit (67108864)\n"
    "Closing:\n"
    "  -c, --count COUNT             close when so many messages were received\n"
    "  -w, --wait SECONDS            the time limit for each message that is awaited; 0:\n"
    "                                none (10)\n"
    "  -n, --no-close                do not close at the end of the input, but wait for\n"
    "                                the server to close\n"
    "Connection:\n"
    "  -p, --ping SECONDS            send a ping so often, and fail if its pong has not\n"
    "                                arrived when the next one is due\n"
    "  -t, --timeout SECONDS         the time limit for the connection, for each handshake\n"
    "                                and for output that the server does not read (10)\n"
    "      --ca FILE                 trust the certificates in this PEM file only\n"
    "      --cert FILE, --key FILE   authenticate with this certificate (PEM)\n"
    "  -k, --insecure                accept any certificate\n"
    "Compression:\n";

static const char HELP_END[] =
    "Other:\n"
    "  -v, --verbose                 report the handshake, pings, pongs and the close\n"
    "      --version                 print the version of the library and what is built in\n"
    "      --help                    print this text\n"
    "\n"
    "Exit status: 0 after a normal close, 1 after an error or a close with another code\n"
    "than 1000, 2 if the command line is invalid, 3 if a normal close came before all was\n"
    "sent and received, or a message did not arrive in time.\n";

static inline void print_help(void) {
    fputs(HELP, stdout);
    print_compression_help();
    fputs(HELP_END, stdout);
    exit(0);
}

static inline void print_wscat_version(void) {
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    printf("wscat, wscodec %s, %s compression, %s\n", ws_version_string(),
           deflate ? "with" : "without", tls_version());
    exit(0);
}

static inline void append_text(buffer *b, const char *text) {
    if (!append(b, text, strlen(text)))
        die("memory", strerror(ENOMEM));
}

/* Host is not an additional field: the library writes it. */
static inline void add_header(const char *line) {
    const char *colon = strchr(line, ':');
    if (!colon || colon == line || strpbrk(line, "\r\n"))
        reject(line, "not a header field like \"Name: value\"");
    if (strncasecmp(line, "Host:", 5) == 0) {
        options.host = colon + 1 + strspn(colon + 1, " \t");
        return;
    }
    append_text(&options.headers, line);
    append_text(&options.headers, "\r\n");
}

static inline void add_basic_auth(const char *credentials) {
    FILE *to;
    char *line = NULL;
    size_t len;
    if (!strchr(credentials, ':'))
        reject("--basic-auth", "not USER:PASS");
    to = open_memstream(&line, &len);
    if (!to)
        die("memory", strerror(errno));
    fputs("Authorization: Basic ", to);
    print_base64(to, credentials, strlen(credentials));
    fclose(to);
    add_header(line);
    free(line);
}

static inline long seconds(const char *option, const char *value, long min) {
    return parse_number(option, value, min, 86400);
}

static inline void set_option(int option, const char *value) {
    wscat_options *o = &options;
    switch (option) {
    case 'H': add_header(value); break;
    case 'o': o->origin = value; break;
    case 's': o->protocols = value; break;
    case 'a': add_basic_auth(value); break;
    case 'b': o->binary = true; break;
    case 'j': o->json = true; break;
    case 'e': o->echo = true; break;
    case 'C': o->commands = true; break;
    case 'm': o->max_message = parse_length("--max-message", value); break;
    case 'c':
        o->any_count = false;
        o->count = (uint64_t)parse_number("--count", value, 0, LONG_MAX);
        break;
    case 'w': o->wait = seconds("--wait", value, 0); break;
    case 'n': o->no_close = true; break;
    case 'p': o->ping = seconds("--ping", value, 1); break;
    case 't': o->timeout = seconds("--timeout", value, 1); break;
    case 'A': o->tls.ca = value; break;
    case 'R': o->tls.cert = value; break;
    case 'K': o->tls.key = value; break;
    case 'k': o->tls.insecure = true; break;
    case 'v': o->verbose = true; break;
    case 'V': print_wscat_version(); break;
    case 'h': print_help(); break;
    default: set_compression(&o->compression, option, value);
    }
}

static inline void check_options(void) {
    const wscat_options *o = &options;
    check_compression(&o->compression);
    if (!o->url)
        reject("URL", "missing");
    if (o->echo && o->message_count > 0)
        reject(o->messages[0], "unexpected argument with --echo");
    if (o->no_close && !o->any_count)
        reject("--count", "not possible with --no-close");
    if (!o->tls.cert != !o->tls.key)
        reject("--cert, --key", "each needs the other");
}

/* Reads the command line into `options`. Options may follow the URL, but not a message
 * that starts with a dash unless "--" precedes it. */
static inline void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"header", required_argument, NULL, 'H'},
        {"origin", required_argument, NULL, 'o'},
        {"subprotocol", required_argument, NULL, 's'},
        {"basic-auth", required_argument, NULL, 'a'},
        {"binary", no_argument, NULL, 'b'},
        {"json", no_argument, NULL, 'j'},
        {"echo", no_argument, NULL, 'e'},
        {"commands", no_argument, NULL, 'C'},
        {"max-message", required_argument, NULL, 'm'},
        {"count", required_argument, NULL, 'c'},
        {"wait", required_argument, NULL, 'w'},
        {"no-close", no_argument, NULL, 'n'},
        {"ping", required_argument, NULL, 'p'},
        {"timeout", required_argument, NULL, 't'},
        {"ca", required_argument, NULL, 'A'},
        {"cert", required_argument, NULL, 'R'},
        {"key", required_argument, NULL, 'K'},
        {"insecure", no_argument, NULL, 'k'},
        COMPRESSION_OPTIONS,
        {"verbose", no_argument, NULL, 'v'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    set_program(argv[0]);
    options = (wscat_options){.any_count = true,
                              .wait = DEFAULT_WAIT,
                              .timeout = DEFAULT_TIMEOUT,
                              .max_message = DEFAULT_MAX_MESSAGE,
                              .compression = default_compression()};
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":H:o:s:bjec:w:np:t:kv", known, NULL)) !=
           -1) {
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        set_option(option, optarg);
    }
    options.url = argv[optind];
    options.message_count = optind < argc ? (size_t)(argc - optind - 1) : 0;
    options.messages = argv + optind + 1;
    check_options();
    options.no_close |= options.echo && options.any_count;
}

#endif
