/* The event loop: epoll in one thread. */
#ifndef LOOP_H
#define LOOP_H

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <time.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "protocol.h"

enum { READ_SIZE = 512 << 10, MAX_LISTENERS = 8, MAX_FDS = 1 << 20 };

static int listeners[MAX_LISTENERS], listener_count, peer_count;
static int reserve_fd;           /* see on_no_descriptor() */
static uint8_t input[READ_SIZE]; /* for all peers */

/* ---- peers ---- */

static void add_peer(int fd, const struct sockaddr_storage *address, socklen_t len) {
    static uint32_t last_number;
    peer *p = fd < max_fds ? calloc(1, sizeof *p) : NULL;
    if (!p) {
        close(fd);
        return;
    }
    set_socket(fd, IPPROTO_TCP, TCP_NODELAY);
    p->fd = fd;
    p->number = ++last_number;
    peers[fd] = p;
    peer_count++;
    highest_fd = fd > highest_fd ? fd : highest_fd;
    set_state(p, HANDSHAKE);
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
    if (options.verbose)
        LOG(p, "connected from %s", address_text(address, len));
}

static void remove_peer(peer *p) {
    LOG(p, "disconnected");
    set_state(p, DROPPED);
    total_waiting -= p->waiting;
    peers[p->fd] = NULL;
    peer_count--;
    close(p->fd);
    ws_conn_free(p->ws);
    release(&p->head);
    release(&p->backlog);
    release(&p->out);
    free(p);
}

/* ---- events ---- */

/* Returns false if the connection has ended. */
static bool on_readable(peer *p) {
    ssize_t n = recv(p->fd, input, sizeof input, 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    on_input(p, input, (size_t)n);
    return true;
}

static void on_peer_event(peer *p, uint32_t events) {
    bool connected = true;
    if (p->state != DROPPED && p->want_write && (events & EPOLLOUT))
        resume(p);
    else if (p->state != DROPPED)
        connected = on_readable(p);
    if (!connected || p->state == DROPPED)
        remove_peer(p);
}

/* A client that cannot be accepted stays in the queue of the listener, and epoll would
 * report it again and again. So there is a descriptor in reserve: give it up, accept
 * the client, and close the connection at once. */
static void on_no_descriptor(int listener) {
    close(reserve_fd);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    reserve_fd = dup(epoll_fd);
    log_text("refused a connection: no descriptor is left\n");
}

static void on_listener_event(int listener) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    int fd = accept4(listener, (struct sockaddr *)&address, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0)
        add_peer(fd, &address, len);
    else if (errno == EMFILE || errno == ENFILE)
        on_no_descriptor(listener);
}

/* ---- time limits ---- */

/* Sets `now`, which is never 0. Returns the milliseconds until it changes. */
static int read_clock(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    now = (uint32_t)t.tv_sec + 1;
    return 1000 - (int)(t.tv_nsec / 1000000);
}

static const char *missed_deadline(const peer *p) {
    if (p->state == OPEN && p->want_write)
        return "does not read (--send-timeout)";
    if (p->state == OPEN)
        return "does not respond to a ping (--ping-interval)";
    if (p->state == CLOSING)
        return "does not close the connection (--handshake-timeout)";
    return "sends no complete request (--handshake-timeout)";
}

static void on_deadline(peer *p) {
    if (p->state == OPEN && !p->want_write && !p->pinged) {
        send_ping(p);
        return;
    }
    drop(p, missed_deadline(p));
    remove_peer(p);
}

static void check_deadlines(void) {
    for (int fd = 0; fd <= highest_fd; fd++)
        if (peers[fd] && peers[fd]->deadline && peers[fd]->deadline <= now)
            on_deadline(peers[fd]);
}

/* ---- the loop ---- */

/* Waits for events, and handles them.
 *
 * accept4() may reuse the number of a descriptor that was closed just before. No later
 * event of the same batch is about the old connection: within a batch, a descriptor has
 * one event, and only that event closes it. */
static void poll_once(void) {
    static int timeout = 1000;
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, timeout);
    uint32_t last = now;
    timeout = read_clock();
    for (int i = 0; i < n; i++) {
        peer *p = peers[events[i].data.fd];
        if (p)
            on_peer_event(p, events[i].events);
        else
            on_listener_event(events[i].data.fd);
    }
    if (now != last)
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
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    max_fds = limit.rlim_cur < MAX_FDS ? (int)limit.rlim_cur : MAX_FDS;
    peers = calloc((size_t)max_fds, sizeof *peers);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    reserve_fd = dup(epoll_fd);
    read_clock();
    if (!peers || reserve_fd < 0)
        die("epoll", strerror(errno));
    listener_count = start_listening(options.host, options.port, options.reuse_port,
                                     listeners, MAX_LISTENERS);
    for (int i = 0; i < listener_count; i++) {
        /* If a client leaves before accept4(), accept4() must not wait for the next. */
        fcntl(listeners[i], F_SETFL, O_NONBLOCK);
        watch(listeners[i], EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void start_closing(peer *p) {
    if (p->state == OPEN) {
        send_close(p, WS_CLOSE_GOING_AWAY);
        if (p->state == OPEN)
            set_state(p, CLOSING);
        flush(p);
    } else if (p->state == CLOSING) {
        restart_deadline(p);
    }
    if (p->state == HANDSHAKE || p->state == DROPPED)
        remove_peer(p);
}

/* Closes all connections. Peers have two seconds to close theirs. */
static void shut_down(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    options.handshake_timeout = 2;
    for (int fd = 0; fd <= highest_fd; fd++)
        if (peers[fd])
            start_closing(peers[fd]);
    while (peer_count > 0)
        poll_once();
    release(&spare_out);
    free(peers);
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
