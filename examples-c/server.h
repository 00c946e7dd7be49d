/* What every server needs of its process: addresses to listen on, signals, a clock. */
#ifndef SERVER_H
#define SERVER_H

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wscodec.h>

static const char *program = "server"; /* its name, for messages */

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "%s: %s: %s\n", program, what, why);
    exit(1);
}

/* A mistake on the command line. */
static inline void reject(const char *what, const char *why) {
    fprintf(stderr, "%s: %s: %s (see --help)\n", program, what, why);
    exit(2);
}

/* Ends the program if no request could be accepted so. Of what the examples put into it only the
 * list of origins comes from outside. */
static inline void check_spec(const ws_accept_spec *spec) {
    ws_accepted none;
    if (ws_conn_accept(NULL, 0, spec, sizeof *spec, &none, sizeof none, NULL, 0) < 0)
        reject("--origin", "not a list of origins like \"https://a.example\"");
}

/* The number that `text` is, if it is one within these bounds. */
static inline long number(const char *option, const char *text, long min, long max) {
    char *end, why[80];
    errno = 0;
    long n = strtol(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || errno != 0 || n < min || n > max) {
        snprintf(why, sizeof why, "not a number from %ld to %ld", min, max);
        reject(option, why);
    }
    return n;
}

/* Writes "host:port" or "[host]:port". */
static inline const char *address_text(const struct sockaddr_storage *address, socklen_t len) {
    static char text[NI_MAXHOST + NI_MAXSERV + 4];
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
    const int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
    getnameinfo((const struct sockaddr *)address, len, host, sizeof host, port, sizeof port,
                numeric);
    bool v6 = address->ss_family == AF_INET6;
    snprintf(text, sizeof text, "%s%s%s:%s", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return text;
}

/* What a server says first: scripts and tests wait for this line. */
static inline void announce(int fd) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        die("getsockname", strerror(errno));
    printf("listening on http://%s\n", address_text(&address, len));
    fflush(stdout);
}

static inline int listen_on(const struct addrinfo *a, bool reuse_port) {
    int yes = 1, fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if ((reuse_port && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes) != 0) ||
        bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Listens on every address of the host, and says so. Puts the descriptors into `fds`, at
 * most `max`, and returns how many they are. */
static inline int start_listening(const char *host, const char *port, bool reuse_port, int *fds,
                                  int max) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *all;
    char where[300];
    int count = 0, error = getaddrinfo(host, port, &hints, &all);
    if (error != 0)
        die(host, gai_strerror(error));
    snprintf(where, sizeof where, "%s, port %s", host, port);
    for (struct addrinfo *a = all; a && count < max; a = a->ai_next) {
        fds[count] = listen_on(a, reuse_port);
        if (fds[count] < 0)
            die(where, strerror(errno));
        announce(fds[count++]);
    }
    freeaddrinfo(all);
    return count;
}

static volatile sig_atomic_t stopping;

static inline void stop(int signal_number) {
    (void)signal_number;
    stopping = 1;
}

/* SIGINT and SIGTERM set `stopping`, and end a wait. One that comes just before a wait is noticed
 * after it, a second later at most: to change the mask of signals with every wait costs more. */
static inline void catch_signals(void) {
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* Seconds since some point in the past; never 0. */
static inline uint32_t clock_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_sec + 1;
}

/* No descriptor of ours will be as high. */
static inline int max_descriptors(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur < 1 << 20 ? (int)limit.rlim_cur : 1 << 20;
}

#endif
