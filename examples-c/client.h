/* What a client needs before its first message: options, URLs, sockets. */
#ifndef CLIENT_H
#define CLIENT_H

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "compression.h"

typedef struct client_options {
    const char *protocols; /* to offer */
    bool binary;           /* send binary messages, not text */
    const char *autobahn;  /* the URL of a fuzzing server, or NULL */
    const char *agent;     /* our name in its reports */
    compression compression;
    const char *url;
    char **messages;
    size_t count;
} client_options;

#define DEFAULT_AGENT "wscodec"

static const char CLIENT_HELP[] =
    "Usage: echo_client [OPTION...] [--subprotocol LIST] [--binary] URL [MESSAGE...]\n"
    "       echo_client [OPTION...] --autobahn URL [--agent NAME]\n"
    "\n"
    "Sends each MESSAGE, or each line of stdin if there is none, to\n"
    "ws://host[:port][/path], prints the messages that it receives, and closes the\n"
    "connection after as many as it sent. Text is printed as a line, its control\n"
    "characters except newline and tab as \\xNN. Binary is printed unchanged and without\n"
    "a newline, or as a line of hexadecimal digits if stdout is a terminal.\n"
    "\n"
    "  --subprotocol LIST           offer these, e.g. \"chat, superchat\"\n"
    "  --binary                     send binary messages, which need not be UTF-8\n"
    "  --autobahn URL               run all cases of an Autobahn|Testsuite fuzzing server\n"
    "  --agent NAME                 the name in its reports (" DEFAULT_AGENT ")\n";

static inline void print_help(void) {
    fputs(CLIENT_HELP, stdout);
    print_compression_help();
    puts("  --version                    print the version of the library\n"
         "  --help                       print this text");
    exit(0);
}

static inline void set_option(client_options *o, int option, const char *value) {
    switch (option) {
    case 's': o->protocols = value; break;
    case 'b': o->binary = true; break;
    case 'a': o->autobahn = value; break;
    case 'n': o->agent = value; break;
    case 'V': print_version(); break;
    case 'h': print_help(); break;
    default: set_compression(&o->compression, option, value);
    }
}

static inline client_options read_options(int argc, char **argv) {
    static const struct option known[] = {
        {"subprotocol", required_argument, NULL, 's'},
        {"binary", no_argument, NULL, 'b'},
        {"autobahn", required_argument, NULL, 'a'},
        {"agent", required_argument, NULL, 'n'},
        COMPRESSION_OPTIONS,
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    client_options o = {
        .protocols = "", .agent = DEFAULT_AGENT, .compression = default_compression()};
    int option;
    set_program(argv[0]);
    opterr = 0;
    while ((option = getopt_long(argc, argv, "+:", known, NULL)) != -1) {
        if (option == '?' || option == ':')
            reject_option(argc, argv, option);
        set_option(&o, option, optarg);
    }
    check_compression(&o.compression);
    if (o.autobahn && optind < argc)
        reject(argv[optind], "unexpected argument with --autobahn");
    if (!o.autobahn && optind == argc)
        reject("URL", "missing");
    o.url = o.autobahn ? o.autobahn : argv[optind];
    o.messages = argv + optind + 1;
    o.count = o.autobahn ? 0 : (size_t)(argc - optind - 1);
    return o;
}

/* Prints a message as --help says. */
static inline void print_payload(const uint8_t *bytes, size_t len, bool text) {
    bool hex = !text && isatty(STDOUT_FILENO);
    if (text)
        print_escaped(stdout, bytes, len, "\n\t");
    for (size_t i = 0; hex && i < len; i++)
        printf("%02x", bytes[i]);
    if (!text && !hex && len > 0)
        fwrite(bytes, 1, len, stdout);
    if (text || hex)
        putchar('\n');
    if (fflush(stdout) != 0 || ferror(stdout))
        die("stdout", strerror(errno));
}

enum { MAX_URL = 2048 };

/* Appends a path to a URL. The result is valid until the next call. */
__attribute__((format(printf, 2, 3))) static inline const char *
add_path(const char *url, const char *format, ...) {
    static char text[MAX_URL];
    size_t len = strlen(url);
    len -= len > 0 && url[len - 1] == '/';
    if (len > MAX_URL / 2)
        die(url, "too long");
    memcpy(text, url, len);
    va_list values;
    va_start(values, format);
    if (vsnprintf(text + len, MAX_URL - len, format, values) >= (int)(MAX_URL - len))
        die(url, "too long");
    va_end(values);
    return text;
}

typedef struct url {
    const char *text;
    char host[256], port[6], authority[264], target[MAX_URL];
} url;

/* Splits ws://host[:port][/path][?query]. */
static inline url parse_url(const char *text) {
    url u = {.text = text, .port = "80"};
    int host = 0, port = 0;
    if (strncasecmp(text, "wss://", 6) == 0)
        die(text, "wss needs TLS, which this example does not support");
    if (strncasecmp(text, "ws://", 5) != 0)
        die(text, "not a URL that starts with ws://");
    const char *p = text + 5;
    if (sscanf(p, "[%255[0-9a-fA-F:.]]%n", u.host, &host) < 1)
        sscanf(p, "%255[^][:/?#@]%n", u.host, &host);
    if (host > 0 && sscanf(p + host, ":%5[0-9]%n", u.port, &port) == 1 &&
        atoi(u.port) > 65535)
        host = 0;
    const char *path = p + host + port;
    int len = snprintf(u.target, MAX_URL, "%s%s", *path == '/' ? "" : "/", path);
    if (host == 0 || !strchr("/?", *path) || strchr(path, '#') || len >= MAX_URL)
        die(text, "not a URL like ws://host:port/path");
    memcpy(u.authority, p, (size_t)(path - p));
    return u;
}

static inline int connect_to(const url *u) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all;
    int fd = -1, yes = 1, error = getaddrinfo(u->host, u->port, &hints, &all);
    if (error != 0)
        die(u->text, gai_strerror(error));
    for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        error = errno;
        close(fd);
        fd = -1;
    }
    freeaddrinfo(all);
    if (fd < 0)
        die(u->text, strerror(error));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd;
}

static inline int64_t clock_milliseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns the number of bytes; 0 at the end of the input, or when the time is over. */
static inline size_t receive_until(int64_t deadline, int fd, void *to, size_t cap) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = deadline - clock_milliseconds();
    ssize_t n = poll(&p, 1, left > 0 ? (int)left : 0) > 0 ? recv(fd, to, cap, 0) : 0;
    return n > 0 ? (size_t)n : 0;
}

/* Lets the server close the connection first, if it does so in time (RFC 6455, 7.1.1).
 * Then reads on until it does: to close the socket at once could destroy output. */
static inline void close_connection(int fd, int milliseconds) {
    char rest[4096];
    int64_t start = clock_milliseconds();
    while (receive_until(start + milliseconds, fd, rest, sizeof rest) > 0)
        ;
    shutdown(fd, SHUT_WR);
    while (receive_until(start + 2 * milliseconds, fd, rest, sizeof rest) > 0)
        ;
    close(fd);
}

#endif
