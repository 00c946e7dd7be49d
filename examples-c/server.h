/* What every server needs before its first connection: settings, listeners, signals. */
#ifndef SERVER_H
#define SERVER_H

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "compression.h"

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static inline void announce(int fd) {
    struct sockaddr_storage address;
    struct sockaddr *a = (struct sockaddr *)&address;
    socklen_t len = sizeof address;
    char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "";
    getsockname(fd, a, &len);
    getnameinfo(a, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    bool v6 = a->sa_family == AF_INET6;
    printf("listening on http://%s%s%s:%s\n", v6 ? "[" : "", host, v6 ? "]" : "", port);
    fflush(stdout);
}

/* Listens on every address of the host, and says so. Puts the descriptors into `fds`, at
 * most `max`, and returns how many they are. */
static inline int start_listening(const char *host, const char *port, int *fds, int max) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *all;
    int yes = 1, count = 0, error = getaddrinfo(host, port, &hints, &all);
    if (error != 0)
        die(host, gai_strerror(error));
    for (struct addrinfo *a = all; a && count < max; a = a->ai_next) {
        int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        if (a->ai_family == AF_INET6)
            setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
        if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
            die(host, strerror(errno));
        fds[count++] = fd;
        announce(fd);
    }
    freeaddrinfo(all);
    return count;
}

/* The number that `text` is, if it is one within these bounds. */
static inline long number(const char *option, const char *text, long min, long max) {
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || n < min || n > max)
        die(option, "not a number that makes sense here (see --help)");
    return n;
}

static volatile sig_atomic_t stopping;

static inline void stop(int number) {
    (void)number;
    stopping = 1;
}

/* SIGINT and SIGTERM set `stopping`, and end a wait. One that comes just before a wait is noticed
 * after it, a second later at most: to change the mask of signals with every wait costs more. */
static inline void catch_signals(void) {
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static inline time_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* No descriptor of ours will be as high. */
static inline int max_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur < 1 << 20 ? (int)limit.rlim_cur : 1 << 20;
}

typedef struct settings {
    const char *host, *port;
    long seconds; /* for an opening or a closing handshake */
    compression compression;
} settings;

/* Reads the command line; ends the program if it asks for help or makes no sense. */
static inline settings read_settings(int argc, char **argv, const char *what) {
    static const struct option options[] = {
        {"host", 1, NULL, 'h'},
        {"port", 1, NULL, 'p'},
        {"handshake-timeout", 1, NULL, 't'},
        COMPRESSION_OPTIONS,
        {"help", 0, NULL, 'H'},
        {NULL, 0, NULL, 0},
    };
    settings s = {"127.0.0.1", "8080", 10, default_compression()};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            s.host = optarg;
        } else if (option == 'p') {
            number("--port", s.port = optarg, 0, 65535);
        } else if (option == 't') {
            s.seconds = number("--handshake-timeout", optarg, 1, 86400);
        } else if (!set_compression(&s.compression, option, optarg)) {
            fprintf(option == 'H' ? stdout : stderr,
                    "Usage: %s [--host HOST] [--port PORT] [--handshake-timeout SECONDS]\n"
                    "       " COMPRESSION_USAGE "\n"
                    "\n"
                    "%s\n"
                    "\n"
                    "  --host HOST                  to listen on (127.0.0.1)\n"
                    "  --port PORT                  0 for a free one (8080)\n"
                    "  --handshake-timeout SECONDS  also for the closing handshake (10)\n"
                    COMPRESSION_HELP
                    "  --help                       this text\n",
                    argv[0], what);
            exit(option == 'H' ? 0 : 2);
        }
    }
    if (optind < argc)
        die(argv[optind], "unexpected argument (see --help)");
    return s;
}

#endif
