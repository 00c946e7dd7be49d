/* What every client needs before its first message: settings, URLs, sockets. */
#ifndef CLIENT_H
#define CLIENT_H

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "compression.h"
#include "escape.h"

/* `why` may hold what the server sent. */
static inline void die(const char *what, const char *why) {
    fflush(stdout);
    fprintf(stderr, "echo_client: %s: ", what);
    print_escaped(stderr, why, strlen(why), "");
    fputc('\n', stderr);
    exit(1);
}

/* A mistake on the command line. */
static inline void reject(const char *what, const char *why) {
    fprintf(stderr, "echo_client: %s: %s (see --help)\n", what, why);
    exit(2);
}

typedef struct settings {
    const char *protocols; /* to offer */
    bool binary;           /* send binary, not text */
    const char *autobahn;  /* a fuzzing server, or NULL */
    const char *agent;     /* our name in its reports */
    compression compression;
    const char *url;
    char **messages;
    size_t count;
} settings;

static const char USAGE[] =
    "Usage: echo_client [OPTION...] [--subprotocol LIST] [--binary] URL [MESSAGE...]\n"
    "       echo_client [OPTION...] --autobahn URL [--agent NAME]\n"
    "OPTION: " COMPRESSION_USAGE "\n"
    "\n"
    "Sends each MESSAGE, or else each line of stdin, to ws://host[:port][/path], prints what\n"
    "comes back, and closes when as much has come. Text is printed as a line, its control\n"
    "characters but newline and tab as \\xNN; binary as it is, without a newline, or as a line\n"
    "of hexadecimal if stdout is a terminal.\n"
    "\n"
    "  --subprotocol LIST           to offer, e.g. \"chat, superchat\"\n"
    "  --binary                     send binary messages, which need not be UTF-8\n"
    "  --autobahn URL               run all cases of an Autobahn|Testsuite's fuzzing server\n"
    "  --agent NAME                 the name for its reports (wscodec)\n"
    COMPRESSION_HELP
    "  --version                    of the library\n"
    "  --help                       this text\n";

static inline settings read_settings(int argc, char **argv) {
    static const struct option options[] = {{"subprotocol", required_argument, NULL, 's'},
                                            {"binary", no_argument, NULL, 'b'},
                                            {"autobahn", required_argument, NULL, 'a'},
                                            {"agent", required_argument, NULL, 'n'},
                                            COMPRESSION_OPTIONS,
                                            {"version", no_argument, NULL, 'V'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    settings s = {.protocols = "", .agent = "wscodec", .compression = default_compression()};
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 's': s.protocols = optarg; break;
        case 'b': s.binary = true; break;
        case 'a': s.autobahn = optarg; break;
        case 'n': s.agent = optarg; break;
        case 'V': printf("echo_client, wscodec %s\n", ws_version_string()); exit(0);
        case 'h': fputs(USAGE, stdout); exit(0);
        case '?': exit(2); /* getopt_long() has said what is wrong */
        default:
            if (!set_compression(&s.compression, option, optarg))
                reject("--compress-from", "not a number of bytes");
        }
    }
    if (s.autobahn && optind < argc)
        reject(argv[optind], "unexpected argument beside --autobahn");
    if (!s.autobahn && optind == argc)
        reject("URL", "missing");
    s.url = s.autobahn ? s.autobahn : argv[optind];
    s.messages = argv + optind + 1;
    s.count = s.autobahn ? 0 : (size_t)(argc - optind - 1);
    return s;
}

/* Text as a line; binary as it is, or as a line of hexadecimal if that goes to a terminal. */
static inline void print(const uint8_t *bytes, size_t len, bool text) {
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

/* A place on the server of this URL. Valid until the next call. */
__attribute__((format(printf, 2, 3))) static inline const char *
place(const char *url, const char *format, ...) {
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

/* Takes ws://host[:port][/path][?query] apart. */
static inline url parse_url(const char *text) {
    url u = {.text = text, .port = "80"};
    int host = 0, port = 0;
    if (strncasecmp(text, "wss://", 6) == 0)
        die(text, "wss needs TLS, which this example does not have");
    if (strncasecmp(text, "ws://", 5) != 0)
        die(text, "not a URL that starts with ws://");
    const char *p = text + 5;
    if (sscanf(p, "[%255[0-9a-fA-F:.]]%n", u.host, &host) < 1)
        sscanf(p, "%255[^][:/?#@]%n", u.host, &host);
    if (host > 0 && sscanf(p + host, ":%5[0-9]%n", u.port, &port) == 1 && atoi(u.port) > 65535)
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

/* Milliseconds. */
static inline int64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Returns 0 at the end of what comes, or when the time is up. */
static inline size_t receive_until(int64_t deadline, int fd, void *to, size_t cap) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int64_t left = deadline - now();
    ssize_t n = poll(&p, 1, left > 0 ? (int)left : 0) > 0 ? recv(fd, to, cap, 0) : 0;
    return n > 0 ? (size_t)n : 0;
}

/* Lets the server close first; then closes such that nothing gets lost (RFC 6455, 7.1.1). */
static inline void hang_up(int fd, int milliseconds) {
    char rest[4096];
    int64_t t = now();
    while (receive_until(t + milliseconds, fd, rest, sizeof rest) > 0)
        ;
    shutdown(fd, SHUT_WR);
    while (receive_until(t + 2 * milliseconds, fd, rest, sizeof rest) > 0)
        ;
    close(fd);
}

#endif
