/* The event loop of the servers: epoll, in one thread. It knows nothing of WebSockets but when
 * to call on_input(), ping() and send_close(). */
#ifndef LOOP_H
#define LOOP_H

#include <fcntl.h>
#include <netinet/tcp.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "websocket.h"

enum { READ_SIZE = 512 << 10, MAX_LISTENERS = 8 };

static int listeners[MAX_LISTENERS], listener_count, peer_count;
static int reserve_fd; /* given up to accept() and close a connection when there is no other */
static uint8_t input[READ_SIZE]; /* one for all: what was read is handled at once, or kept */

static inline void destroy(peer *p) {
    LOG(p, "gone");
    set_state(p, GONE);
    total_waiting -= p->waiting;
    peers[p->fd] = NULL;
    peer_count--;
    close(p->fd);
    ws_conn_free(p->ws);
    release(&p->in);
    release(&p->out);
    free(p);
}

/* Returns false if the connection has ended. */
static inline bool on_readable(peer *p) {
    ssize_t n = recv(p->fd, input, sizeof input, 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    on_input(p, input, (size_t)n);
    return true;
}

static inline void on_event_of(peer *p, uint32_t events) {
    bool lives = true;
    if (p->state != GONE && p->want_write && (events & EPOLLOUT))
        resume(p);
    else if (p->state != GONE)
        lives = on_readable(p);
    if (!lives || p->state == GONE)
        destroy(p);
}

static inline void add_peer(int fd, const struct sockaddr_storage *address, socklen_t len) {
    static uint32_t last_number;
    int yes = 1;
    peer *p = fd < max_fds ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    p->fd = fd;
    p->number = ++last_number;
    peers[fd] = p;
    peer_count++;
    highest_fd = fd > highest_fd ? fd : highest_fd;
    set_state(p, HANDSHAKE);
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    if (set.verbose)
        LOG(p, "connected from %s", address_text(address, len));
}

static inline void on_listener(int listener) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int fd = accept4(listener, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        add_peer(fd, &address, len);
    } else if (errno == EMFILE || errno == ENFILE) { /* a client that waits would make us spin */
        close(reserve_fd);
        fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        reserve_fd = dup(epoll_fd);
        log_text("refused a connection: no descriptor is left\n");
    }
}

static inline void on_deadline(peer *p) {
    if (p->state == OPEN && !p->want_write && !p->pinged)
        return ping(p);
    drop(p, p->want_write          ? "takes nothing (--send-timeout)"
            : p->state == OPEN     ? "does not answer a ping (--ping-interval)"
            : p->state == CLOSING  ? "does not hang up (--handshake-timeout)"
                                   : "no complete request (--handshake-timeout)");
    destroy(p);
}

/* Once a second. */
static inline void on_tick(void) {
    for (int fd = 0; fd <= highest_fd; fd++)
        if (peers[fd] && peers[fd]->deadline && peers[fd]->deadline <= now)
            on_deadline(peers[fd]);
}

/* Waits for events, and handles them. An event of a descriptor that was closed and given to a
 * new peer since does no harm: there is nothing to read. */
static inline void poll_once(void) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, 1000);
    uint32_t last = now;
    now = clock_seconds();
    for (int i = 0; i < n; i++) {
        peer *p = peers[events[i].data.fd];
        if (p)
            on_event_of(p, events[i].events);
        else
            on_listener(events[i].data.fd);
    }
    if (now != last)
        on_tick();
}

static inline void shut_down(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    set.handshake_timeout = 2;
    for (int fd = 0; fd <= highest_fd; fd++) {
        peer *p = peers[fd];
        if (p && p->state == OPEN) {
            send_close(p, WS_CLOSE_GOING_AWAY);
            set_state(p, CLOSING);
            flush(p);
        }
        if (p && (p->state == HANDSHAKE || p->state == GONE))
            destroy(p);
    }
    while (peer_count > 0)
        poll_once();
}

/* Large blocks go back to the system when they are freed, whatever was freed before. */
static inline void tune_malloc(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

static inline void run(void) {
    tune_malloc();
    catch_signals();
    max_fds = max_descriptors();
    peers = calloc((size_t)max_fds, sizeof *peers);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    reserve_fd = dup(epoll_fd);
    now = clock_seconds();
    if (!peers || reserve_fd < 0)
        die("epoll", strerror(errno));
    listener_count =
        start_listening(set.host, set.port, set.reuse_port, listeners, MAX_LISTENERS);
    for (int i = 0; i < listener_count; i++) {
        fcntl(listeners[i], F_SETFL, O_NONBLOCK); /* a client may be gone before we accept it */
        watch(listeners[i], EPOLL_CTL_ADD, EPOLLIN);
    }
    while (!stopping)
        poll_once();
    shut_down();
    release(&spare_out);
    free(peers);
}

#endif
