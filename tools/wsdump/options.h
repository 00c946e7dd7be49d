/* The command line of wsdump. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <limits.h>

#include "program.h"

typedef enum side { CLIENT, SERVER } side;

typedef struct wsdump_options {
    const char *file;       /* a capture or a stream; "-" is stdin */
    const char *streams[2]; /* files that hold what each side sent, or NULL */
    const char *interface, *filter;
    bool frames;  /* the streams start with frames, not with heads */
    bool deflate; /* and compression was agreed: */
    ws_pmd_params params;
    bool json, hex, length_given;
    size_t length; /* how much of each payload to show */
} wsdump_options;

enum { DEFAULT_LENGTH = 80, FULL_LENGTH = 64 << 20 /* bytes */ };
enum { EXIT_CLEAN = 0, EXIT_ERRORS = 1, EXIT_TROUBLE = 2 };

static wsdump_options options;

static const char HELP[] =
    "Usage: wsdump [OPTION...] [FILE]\n"
    "       wsdump [OPTION...] [--client FILE] [--server FILE]\n"
    "       wsdump [OPTION...] --interface NAME\n"
    "\n"
    "Prints the WebSocket frames of a capture (pcap or pcapng), or of a stream of bytes\n"
    "that one side sent. Without FILE, or with \"-\", it reads stdin. A line shows the time\n"
    "(in a capture), the number of the connection, the direction (-> from the client), the\n"
    "offset in the stream, and the frame; or a handshake; or an error and the clause of\n"
    "the RFC that it violates.\n"
    "\n"
    "Input:\n"
    "  -c, --client FILE      the bytes that the client sent\n"
    "  -s, --server FILE      the bytes that the server sent\n"
    "  -i, --interface NAME   capture from this interface until Ctrl-C, e.g. lo\n"
    "  -f, --filter FILTER    read only these packets of a capture, e.g. \"port 8080\"\n"
    "      --frames           the streams start with frames, not with the opening\n"
    "                         handshake\n"
    "      --deflate[=PARAMS] permessage-deflate was agreed, e.g.\n"
    "                         --deflate=\"client_no_context_takeover\"; implies --frames\n"
    "Output:\n"
    "  -l, --length COUNT     show each payload in so many characters (80), or with --hex\n"
    "                         or --json so many bytes of it (80; all with --json)\n"
    "      --full             show all of it, up to 64 MiB\n"
    "  -x, --hex              show payloads as a hexadecimal dump\n"
    "  -j, --json             print one JSON object a line\n"
    "      --version          print the version of the library and what is built in\n"
    "      --help             print this text\n"
    "\n"
    "Exit status: 0, 1 if a stream has an error, 2 if the command line is invalid or the\n"
    "input cannot be read. NO_COLOR in the environment disables colours.\n";

static inline const char *pcap_version(void);

static inline void print_wsdump_version(void) {
    bool deflate = (ws_features() & WS_FEATURE_DEFLATE) != 0;
    printf("wsdump, wscodec %s, %s compression, %s\n", ws_version_string(),
           deflate ? "with" : "without", pcap_version());
    exit(0);
}

__attribute__((noreturn)) static inline void fail(const char *what, const char *why) {
    complain(what, why, "");
    exit(EXIT_TROUBLE);
}

static inline void set_deflate(const char *params) {
    char value[300] = "permessage-deflate";
    if (params)
        snprintf(value, sizeof value, "permessage-deflate; %s", params);
    options.frames = options.deflate = true;
    options.params = (ws_pmd_params){0};
    if (ws_pmd_confirm_value(value, strlen(value), &options.params) != 1)
        reject("--deflate", "not parameters of permessage-deflate, or the library was "
                            "built without compression");
}

static inline void set_length(size_t length) {
    options.length = length;
    options.length_given = true;
}

static inline void set_option(int option, const char *value) {
    wsdump_options *o = &options;
    switch (option) {
    case 'c': o->streams[CLIENT] = value; break;
    case 's': o->streams[SERVER] = value; break;
    case 'i': o->interface = value; break;
    case 'f': o->filter = value; break;
    case 'r': o->frames = true; break;
    case 'd': set_deflate(value); break;
    case 'l':
        set_length((size_t)parse_number("--length", value, 0, FULL_LENGTH));
        break;
    case 'F': set_length(3 * FULL_LENGTH); break;
    case 'x': o->hex = true; break;
    case 'j': o->json = true; break;
    case 'V': print_wsdump_version(); break;
    case 'h': fputs(HELP, stdout); exit(0);
    }
}

static inline void check_options(void) {
    wsdump_options *o = &options;
    const bool streams = o->streams[CLIENT] || o->streams[SERVER];
    if (streams && o->file)
        reject(o->file, "unexpected argument with --client or --server");
    if (o->interface && (streams || o->file))
        reject("--interface", "not possible with a file");
    if (o->filter && streams)
        reject("--filter", "needs a capture");
    if (o->hex && o->json)
        reject("--hex", "not possible with --json");
    if (!o->length_given)
        o->length = o->json ? FULL_LENGTH : DEFAULT_LENGTH;
    if (!streams && !o->interface && !o->file)
        o->file = "-";
}

/* Reads the command line into `options`. */
static inline void read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"client", required_argument, NULL, 'c'},
        {"server", required_argument, NULL, 's'},
        {"interface", required_argument, NULL, 'i'},
        {"filter", required_argument, NULL, 'f'},
        {"frames", no_argument, NULL, 'r'},
        {"deflate", optional_argument, NULL, 'd'},
        {"length", required_argument, NULL, 'l'},
        {"full", no_argument, NULL, 'F'},
        {"hex", no_argument, NULL, 'x'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    set_program(argv[0]);
    opterr = 0;
    while ((option = getopt_long(argc, argv, ":c:s:i:f:l:xj", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        set_option(option, optarg);
    }
    if (optind + 1 < argc)
        reject(argv[optind + 1], "unexpected argument");
    options.file = argv[optind];
    check_options();
}

#endif
