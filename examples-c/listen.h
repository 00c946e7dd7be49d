/* Listening on a port, accepting clients, and stopping on a signal. */
#ifndef LISTEN_H
#define LISTEN_H

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program.h"

/* Returns "host:port" or "[host]:port", valid until the next call. */
static inline const char *address_text(const struct sockaddr_storage *address,
                                       socklen_t len) {
    static __thread char text[NI_MAXHOST + NI_MAXSERV + 4];
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "?";
    getnameinfo((const struct sockaddr *)address, len, host, sizeof host, port,
                sizeof port, NI_NUMERICHOST | NI_NUMERICSERV);
    bool v6 = address->ss_family == AF_INET6;
    snprintf(text, sizeof text, v6 ? "[%s]:%s" : "%s:%s", host, port);
    return text;
}

static const char *page_path; /* of a page for people; NULL: none */

/* Prints the line that scripts and tests wait for. */
static inline void announce(const char *scheme, int listener) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (getsockname(listener, (struct sockaddr *)&address, &len) != 0)
        die("getsockname", strerror(errno));
    const char *text = address_text(&address, len);
    printf("listening on %s://%s\n", scheme, text);
    if (page_path)
        printf("demo at %s://%s%s\n", scheme, text, page_path);
    fflush(stdout);
}

static inline bool set_socket(int fd, int level, int option) {
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0;
}

/* Returns a listening socket, or -1 and errno. It does not block: if a client leaves
 * before accept4(), accept4() must not wait for the next. */
static inline int listen_on(const struct addrinfo *a, bool reuse_port) {
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    set_socket(fd, SOL_SOCKET, SO_REUSEADDR);
    if (a->ai_family == AF_INET6) /* IPv4 has a separate socket */
        set_socket(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if ((reuse_port && !set_socket(fd, SOL_SOCKET, SO_REUSEPORT)) ||
        bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, SOMAXCONN) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* ---- accepting ---- */

/* A client that cannot be accepted stays in the queue of the listener, and the system
 * would report it again and again. So there is a descriptor in reserve: give it up,
 * accept the client, and close the connection at once. */
static __thread int reserve_fd = -1;

static inline void keep_reserve(void) {
    if (reserve_fd < 0)
        reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static inline void refuse_client(int listener) {
    if (reserve_fd >= 0)
        close(reserve_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    int error = fd >= 0 ? EMFILE : errno == EAGAIN ? EAGAIN : ENOBUFS;
    if (fd >= 0)
        close(fd);
    reserve_fd = -1;
    keep_reserve();
    errno = error;
}

/* Returns a connection that does not block, or -1 and errno. EMFILE: a client was
 * refused. */
static inline int accept_client(int listener) {
    keep_reserve();
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        set_socket(fd, IPPROTO_TCP, TCP_NODELAY);
    else if (errno == EMFILE || errno == ENFILE)
        refuse_client(listener);
    return fd;
}

/* After an error of accept_client(): the client stays in the queue, and the system
 * would report it again and again. */
static inline bool must_pause(void) {
    return errno == ENOBUFS || errno == ENOMEM;
}

/* ---- listening ---- */

enum { MAX_LISTENERS = 8 };

/* Listens on up to `max` addresses of the host, and announces each. Stores the sockets
 * in `fds`, and returns their number. */
static inline int start_listening(const char *scheme, const char *host,
                                  const char *port, bool reuse_port, int *fds,
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
        keep_reserve();
        announce(scheme, fds[count++]);
    }
    freeaddrinfo(all);
    return count;
}

/* Returns another socket that listens on the same address and port. */
static inline int listen_again(int listener) {
    struct sockaddr_storage address;
    struct addrinfo info = {.ai_addr = (struct sockaddr *)&address,
                            .ai_addrlen = sizeof address};
    int fd = getsockname(listener, info.ai_addr, &info.ai_addrlen);
    info.ai_family = address.ss_family;
    if (fd == 0)
        fd = listen_on(&info, true);
    if (fd < 0)
        die("SO_REUSEPORT", strerror(errno));
    return fd;
}

/* ---- signals ---- */

/* Atomic, since a signal may arrive in one thread, and all of them read it. */
static _Atomic bool stopping;

static inline void stop(int signal_number) {
    (void)signal_number;
    stopping = true;
}

/* SIGINT and SIGTERM set `stopping`, and interrupt a wait. A signal just before a wait
 * does not interrupt it: hence no wait may be longer than a second. ppoll() and
 * epoll_pwait() would close this gap, but change the signal mask at every wait. */
static inline void catch_signals(void) {
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

#endif
