/* A stream of bytes to the server, with or without TLS. It never blocks. */
#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls.h"
#include "url.h"

typedef struct transport {
    int fd;
    tls *tls;                           /* or NULL */
    bool read_wants_write, write_waits; /* for the socket, because of TLS */
    const char *error;                  /* why an operation returned IO_FAILED */
} transport;

static inline int64_t clock_microseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The argument of poll() for the time until a deadline, which is not over too early. */
static inline int until(int64_t deadline) {
    int64_t left = deadline - clock_microseconds();
    return left <= 0 ? 0 : left > 3600000000 ? 3600000 : (int)((left + 999) / 1000);
}

/* ---- bytes ---- */

static inline ssize_t io_result(transport *t, ssize_t n) {
    if (n >= 0)
        return n;
    if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)
        return IO_AGAIN;
    t->error = strerror(errno);
    return IO_FAILED;
}

/* Returns the number of bytes, 0 at the end, or IO_*. */
static inline ssize_t transport_read(transport *t, void *to, size_t cap) {
    if (!t->tls)
        return io_result(t, recv(t->fd, to, cap, 0));
    ssize_t n = tls_read(t->tls, to, cap, &t->read_wants_write);
    if (n == IO_FAILED)
        t->error = tls_error(t->tls);
    return n;
}

/* Returns the number of bytes, or IO_*. */
static inline ssize_t transport_write(transport *t, const void *from, size_t len) {
    if (!t->tls)
        return io_result(t, send(t->fd, from, len, MSG_NOSIGNAL));
    bool wants_write = false;
    ssize_t n = tls_write(t->tls, from, len, &wants_write);
    t->write_waits = n == IO_AGAIN && !wants_write; /* for input */
    if (n == IO_FAILED)
        t->error = tls_error(t->tls);
    return n;
}

/* The events to wait for. `writes`: there is output. */
static inline short transport_events(const transport *t, bool writes) {
    bool out = t->read_wants_write || (writes && !t->write_waits);
    return (short)(POLLIN | (out ? POLLOUT : 0));
}

/* ---- waiting ---- */

/* Returns false when the time is over. */
static inline bool transport_wait(const transport *t, short events, int64_t deadline) {
    struct pollfd p = {t->fd, events, 0};
    int n;
    while ((n = poll(&p, 1, until(deadline))) < 0 && errno == EINTR)
        ;
    return n > 0;
}

/* Like transport_read(), but waits for input. Returns IO_AGAIN when the time is over.
 */
static inline ssize_t transport_read_until(transport *t, void *to, size_t cap,
                                           int64_t deadline) {
    ssize_t n = IO_AGAIN;
    while (n == IO_AGAIN && clock_microseconds() < deadline) {
        n = transport_read(t, to, cap);
        if (n == IO_AGAIN)
            transport_wait(t, transport_events(t, false), deadline);
    }
    return n;
}

/* Returns false after a failure, and when the time is over. */
static inline bool transport_write_until(transport *t, const void *from, size_t len,
                                         int64_t deadline) {
    const char *bytes = from;
    for (size_t sent = 0; sent < len;) {
        ssize_t n = transport_write(t, bytes + sent, len - sent);
        if (n == IO_FAILED)
            return false;
        sent += n > 0 ? (size_t)n : 0;
        if (n == IO_AGAIN && !transport_wait(t, transport_events(t, true), deadline)) {
            t->error = "the server does not read";
            return false;
        }
    }
    return true;
}

/* ---- opening ---- */

/* Returns 0, or an errno. */
static inline int connect_within(int fd, const struct addrinfo *a, int64_t deadline) {
    const transport t = {.fd = fd};
    int error = 0;
    socklen_t size = sizeof error;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    if (connect(fd, a->ai_addr, a->ai_addrlen) == 0)
        return 0;
    if (errno != EINPROGRESS && errno != EINTR)
        return errno;
    if (!transport_wait(&t, POLLOUT, deadline))
        return ETIMEDOUT;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

/* Tries each address of the host. Returns false after a failure. */
static inline bool connect_to(transport *t, const url *u, int64_t deadline) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *all;
    int fd = -1, yes = 1, error = getaddrinfo(u->host, u->port, &hints, &all);
    if (error != 0) {
        t->error = gai_strerror(error);
        return false;
    }
    for (struct addrinfo *a = all; a && fd < 0; a = a->ai_next) {
        fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
        error = fd < 0 ? errno : connect_within(fd, a, deadline);
        if (fd >= 0 && error != 0) {
            close(fd);
            fd = -1;
        }
    }
    freeaddrinfo(all);
    t->fd = fd;
    if (fd < 0)
        t->error = strerror(error);
    else
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return fd >= 0;
}

/* Returns false after a failure, and when the time is over. */
static inline bool start_tls(transport *t, int64_t deadline) {
    bool wants_write = false;
    ssize_t n;
    tls_attach(t->tls, t->fd);
    while ((n = tls_handshake(t->tls, &wants_write)) == IO_AGAIN)
        if (!transport_wait(t, wants_write ? POLLOUT : POLLIN, deadline)) {
            t->error = "no response to the TLS handshake";
            return false;
        }
    if (n == 0)
        t->error = "the server closed the connection during the TLS handshake";
    else if (n < 0)
        t->error = tls_error(t->tls);
    return n > 0;
}

/* Returns false after a failure, and when the time is over. Ends the program if it
 * cannot use the files in `o`. */
static inline bool transport_open(transport *t, const url *u, const tls_options *o,
                                  int64_t deadline) {
    *t = (transport){.tls = u->tls ? tls_new(o, u->host) : NULL};
    return connect_to(t, u, deadline) && (!t->tls || start_tls(t, deadline));
}

/* ---- closing ---- */

static inline void discard_until(transport *t, int64_t deadline) {
    char rest[4096];
    while (transport_read_until(t, rest, sizeof rest, deadline) > 0)
        ;
}

/* Lets the server close the connection first, if it does so in time (RFC 6455, 7.1.1).
 * Then reads on until it does: to close the socket at once could destroy output. */
static inline void transport_close(transport *t, int64_t microseconds) {
    int64_t start = clock_microseconds();
    discard_until(t, start + microseconds);
    if (t->tls)
        tls_shutdown(t->tls);
    shutdown(t->fd, SHUT_WR);
    discard_until(t, start + 2 * microseconds);
    if (t->tls)
        tls_free(t->tls);
    close(t->fd);
}

#endif
