/* The event loop: epoll. Threads may run it side by side: see loops/threads_server.c.
 */
#ifndef LOOP_H
#define LOOP_H

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "client_address.h"
#include "protocol.h"

enum { READ_SIZE = 512 << 10 };

static __thread int epoll_fd, listeners[MAX_LISTENERS], listener_count;
static __thread int timer;      /* epoll reports it every second */
static __thread bool paused;    /* epoll does not report some listeners */
static __thread uint8_t *input; /* READ_SIZE bytes, for all peers */

/* Defined for sockets in socket.h, for TLS in loops/tls.h: adds a peer for a connection
 * that was accepted, and handles what epoll reports for a peer. */
static void add_peer(int fd);
static void on_peer_event(peer *p);

/* `target` is a peer, an element of `listeners`, or `timer`. */
static void watch(int fd, int operation, uint32_t events, void *target) {
    struct epoll_event event = {.events = events, .data.ptr = target};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

/* Clients that can be neither accepted nor refused wait until the next
 * on_timer_event(). */
static void on_listener_event(int *listener) {
    int fd = accept_client(*listener);
    if (fd >= 0) {
        add_peer(fd);
    } else if (errno == EMFILE) {
        log_text("refused a connection: no descriptor is left\n");
    } else if (must_pause()) {
        watch(*listener, EPOLL_CTL_MOD, 0, listener);
        paused = true;
    }
}

/* ---- the loop ---- */

static void on_timer_event(void) {
    uint64_t expirations;
    if (read(timer, &expirations, sizeof expirations) < 0)
        return;
    read_clock();
    for (int i = 0; i < listener_count && paused; i++)
        watch(listeners[i], EPOLL_CTL_MOD, EPOLLIN, &listeners[i]);
    paused = false;
}

static void dispatch(void *target) {
    int *listener = target;
    if (listener == &timer)
        on_timer_event();
    else if (listener >= listeners && listener < listeners + MAX_LISTENERS)
        on_listener_event(listener);
    else
        on_peer_event(target);
}

/* Waits for events, and handles them. A peer may be removed only by its own event,
 * since a later event of the same batch may be about it: others are dropped, and
 * removed after the batch. */
static void poll_once(void) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, -1);
    for (int i = 0; i < n; i++)
        dispatch(events[i].data.ptr);
    check_deadlines();
}

/* No wait is longer than a second. A time limit of epoll_wait() would be set and
 * cleared at each wait. */
static void start_timer(void) {
    struct itimerspec second = {{1, 0}, {1, 0}};
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (timer < 0 || timerfd_settime(timer, 0, &second, NULL) < 0)
        die("timerfd", strerror(errno));
    watch(timer, EPOLL_CTL_ADD, EPOLLIN, &timer);
    read_clock();
}

static void start(const int *fds, int count) {
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    input = malloc(READ_SIZE);
    if (epoll_fd < 0 || !input)
        die("epoll", strerror(errno));
    start_timer();
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
    close(timer);
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
