/* The event loop: epoll. Threads may run it side by side: see loops/threads_server.c.
 */
#ifndef LOOP_H
#define LOOP_H

#include <sys/epoll.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "client_address.h"
#include "protocol.h"

enum { READ_SIZE = 512 << 10 };

static __thread int epoll_fd, listeners[MAX_LISTENERS], listener_count;
static __thread bool paused;    /* epoll does not report some listeners */
static __thread uint8_t *input; /* READ_SIZE bytes, for all peers */

/* Defined for sockets in socket.h, for TLS in loops/tls.h: adds a peer for a connection
 * that was accepted, and handles what epoll reports for a peer. */
static void add_peer(int fd);
static void on_peer_event(peer *p);

/* `target` is a peer, or an element of `listeners`. */
static void watch(int fd, int operation, uint32_t events, void *target) {
    struct epoll_event event = {.events = events, .data.ptr = target};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

/* If another thread took the descriptor in reserve, clients have to wait: see
 * resume_accepting(). */
static void on_listener_event(int *listener) {
    int fd = accept_client(*listener);
    if (fd >= 0) {
        add_peer(fd);
    } else if (errno == EMFILE) {
        log_text("refused a connection: no descriptor is left\n");
        if (reserve_fd < 0)
            watch(*listener, EPOLL_CTL_MOD, 0, listener);
        paused |= reserve_fd < 0;
    }
}

/* ---- the loop ---- */

/* Called every second. */
static void resume_accepting(void) {
    for (int i = 0; i < listener_count && paused; i++)
        watch(listeners[i], EPOLL_CTL_MOD, EPOLLIN, &listeners[i]);
    paused = false;
}

/* Waits for events, and handles them. A peer may be removed only by its own event,
 * since a later event of the same batch may be about it: others are dropped, and
 * removed after the batch. */
static void poll_once(void) {
    static __thread int timeout = 1000;
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, timeout);
    uint32_t last = now;
    timeout = read_clock();
    for (int i = 0; i < n; i++) {
        int *listener = events[i].data.ptr;
        if (listener >= listeners && listener < listeners + MAX_LISTENERS)
            on_listener_event(listener);
        else
            on_peer_event(events[i].data.ptr);
    }
    check_deadlines();
    if (now != last)
        resume_accepting();
}

/* Large blocks of memory return to the system when they are freed. */
static void tune_malloc(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 4 << 20);
#endif
}

static void start(const int *fds, int count) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    input = malloc(READ_SIZE);
    if (epoll_fd < 0 || !input)
        die("epoll", strerror(errno));
    listener_count = count;
    for (int i = 0; i < count; i++) {
        listeners[i] = fds[i];
        watch(fds[i], EPOLL_CTL_ADD, EPOLLIN, &listeners[i]);
    }
}

static void shut_down(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    peers_close();
    while (peer_count > 0)
        poll_once();
    release_peers();
    free(input);
    close(epoll_fd);
}

/* Serves clients of these listeners until the program is told to stop. */
static inline void serve(const int *fds, int count) {
    start(fds, count);
    while (!stopping)
        poll_once();
    shut_down();
}

static inline void run(const char *scheme) {
    int fds[MAX_LISTENERS];
    tune_malloc();
    catch_signals();
    serve(fds, start_listening(scheme, options.host, options.port, options.reuse_port,
                               fds, MAX_LISTENERS));
}

#endif
