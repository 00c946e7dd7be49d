/* The event loop: epoll in one thread. */
#ifndef LOOP_H
#define LOOP_H

#include <sys/epoll.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "listen.h"
#include "protocol.h"

enum { READ_SIZE = 512 << 10, MAX_LISTENERS = 8 };

static int epoll_fd, listeners[MAX_LISTENERS], listener_count;
static uint8_t input[READ_SIZE]; /* for all peers */

/* `target` is a peer, or an element of `listeners`. */
static void watch(int fd, int operation, uint32_t events, void *target) {
    struct epoll_event event = {.events = events, .data.ptr = target};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

/* ---- sending ---- */

/* Returns how many of the bytes the socket accepted. */
static size_t try_to_send(peer *p, const uint8_t *bytes, size_t len) {
    size_t sent = 0;
    while (sent < len && p->state != DROPPED) {
        ssize_t n = send(p->fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            drop(p, strerror(errno));
    }
    return sent;
}

/* Sends what the socket accepts now. While output waits, epoll waits until it can be
 * sent, and not for input. */
static void flush(peer *p) {
    bool waited = p->waits;
    ws_bytes out;
    do {
        out = peer_output(p);
        if (out.len > 0)
            peer_sent(p, try_to_send(p, out.data, out.len));
    } while (out.len > 0 && !p->waits);
    if (p->waits != waited)
        watch(p->fd, EPOLL_CTL_MOD, p->waits ? EPOLLOUT : EPOLLIN, p);
    if (peer_finishes(p))
        shutdown(p->fd, SHUT_WR);
}

/* ---- peers ---- */

static void add_peer(int fd) {
    peer *p = calloc(1, sizeof *p);
    if (!p || !peer_add(p, options.verbose ? peer_address(fd) : "")) {
        free(p);
        close(fd);
        return;
    }
    p->fd = fd;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN, p);
}

static void remove_peer(peer *p) {
    peer_remove(p);
    close(p->fd);
    free(p);
}

static void update_peer(peer *p) {
    flush(p);
    if (p->state == DROPPED)
        remove_peer(p);
}

/* ---- events ---- */

/* Returns false if the connection has ended. */
static bool on_readable(peer *p) {
    ssize_t n = recv(p->fd, input, sizeof input, 0);
    if (n > 0)
        peer_input(p, input, (size_t)n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_peer_event(peer *p) {
    if (peer_reads(p) && !on_readable(p))
        remove_peer(p);
    else
        update_peer(p);
}

static void on_listener_event(int listener) {
    int fd = accept_client(listener);
    if (fd >= 0)
        add_peer(fd);
    else if (errno == EMFILE)
        log_text("refused a connection: no descriptor is left\n");
}

/* ---- the loop ---- */

/* Waits for events, and handles them. A peer may be removed only by its own event, since
 * a later event of the same batch may be about it: others are dropped, and removed after
 * the batch. */
static void poll_once(void) {
    static int timeout = 1000;
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, timeout);
    timeout = read_clock();
    for (int i = 0; i < n; i++) {
        int *listener = events[i].data.ptr;
        if (listener >= listeners && listener < listeners + MAX_LISTENERS)
            on_listener_event(*listener);
        else
            on_peer_event(events[i].data.ptr);
    }
    check_deadlines();
}

/* Large blocks of memory return to the system when they are freed. */
static void tune_malloc(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

static void start(void) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll", strerror(errno));
    listener_count = start_listening("http", options.host, options.port,
                                     options.reuse_port, listeners, MAX_LISTENERS);
    for (int i = 0; i < listener_count; i++) {
        /* If a client leaves before accept4(), accept4() must not wait for the next. */
        fcntl(listeners[i], F_SETFL, O_NONBLOCK);
        watch(listeners[i], EPOLL_CTL_ADD, EPOLLIN, &listeners[i]);
    }
}

static void shut_down(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    peers_close();
    while (peer_count > 0)
        poll_once();
    release_peers();
}

static void run(void) {
    tune_malloc();
    catch_signals();
    start();
    while (!stopping)
        poll_once();
    shut_down();
}

#endif
