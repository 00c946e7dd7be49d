/* A WebSocket echo server for HTTP/1.1 and HTTP/2 (RFC 8441) on one port, with OpenSSL
 * and nghttp2. Read in this order:
 *
 *   h2/request.h     the opening handshake over HTTP/2. This is where wscodec is used
 *   h2/stream.h      a stream: a peer, and the response to its request
 *   h2/session.h     an HTTP/2 session: how bytes go to and from the peers of streams
 *   h2/connection.h  a connection: TLS, the choice of the protocol, output, time limits
 *   h2_server.c      the event loop
 *
 * protocol.h handles frames and messages, as it does for the other servers. */
#define _GNU_SOURCE
#include <sys/epoll.h>
#include <sys/resource.h>

#include "h2/connection.h"

enum { MAX_FDS = 1 << 20 };

static int epoll_fd, listeners[MAX_LISTENERS], listener_count;
static connection **connections; /* by descriptor */
static int max_fds, highest_fd, connection_count;
static bool paused; /* epoll does not report some listeners */
static connection *scheduled;
static SSL_CTX *tls;                                       /* NULL: without TLS */
static const char PROTOCOL_NAMES[] = "\x02h2\x08http/1.1"; /* for ALPN */

static void on_message(peer *p, const ws_event *e, const void *data) {
    send_message(p, e->opcode, data, (size_t)e->len);
}

static void watch(int fd, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll_fd, operation, fd, &event);
}


/* ---- connections ---- */

static void schedule(connection *c) {
    if (c->scheduled)
        return;
    c->scheduled = true;
    c->next_scheduled = scheduled;
    scheduled = c;
}

/* Output was written, or the peer was dropped. Removes nothing, since a stream would
 * not go alone. */
static void update_peer(peer *p) {
    schedule(connections[p->fd]);
}

static void add_connection(int fd) {
    connection *c = fd < max_fds ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    if (!open_channel(&c->channel, fd, tls)) {
        free(c);
        return;
    }
    connections[fd] = c;
    connection_count++;
    highest_fd = fd > highest_fd ? fd : highest_fd;
    limit(c, options.handshake_timeout);
    c->watched = EPOLLIN;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
}

static void remove_connection(connection *c) {
    connections[c->channel.fd] = NULL;
    connection_count--;
    release_connection(c);
    free(c);
}

static void watch_again(connection *c) {
    uint32_t events = c->waits || c->channel.wants_to_write ? EPOLLOUT : EPOLLIN;
    if (events != c->watched)
        watch(c->channel.fd, EPOLL_CTL_MOD, events);
    c->watched = events;
}

static void update_connection(connection *c) {
    send_output(c);
    if (c->state == DEAD)
        remove_connection(c);
    else
        watch_again(c);
}

/* Updates connections with new output, and removes those that have ended. */
static void run_scheduled(void) {
    while (scheduled) {
        connection *c = scheduled;
        scheduled = c->next_scheduled;
        c->scheduled = false;
        update_connection(c);
    }
}

/* ---- events ---- */

static void on_connection_event(connection *c) {
    if (c->waits)
        send_output(c);
    else
        receive(c);
    schedule(c);
}

/* Clients that can be neither accepted nor refused wait until resume_listeners(). */
static void on_listener_event(int listener) {
    int fd = accept_client(listener);
    if (fd >= 0) {
        add_connection(fd);
    } else if (errno == EMFILE) {
        log_text("refused a connection: no descriptor is left\n");
    } else if (must_pause()) {
        watch(listener, EPOLL_CTL_MOD, 0);
        paused = true;
    }
}

static void resume_listeners(void) {
    for (int i = 0; i < listener_count && paused; i++)
        watch(listeners[i], EPOLL_CTL_MOD, EPOLLIN);
    paused = false;
}

static void check_connections(void) {
    for (int fd = 0; fd <= highest_fd; fd++) {
        connection *c = connections[fd];
        if (!c)
            continue;
        if (c->deadline && c->deadline <= now)
            on_time_over(c);
        if (c->state == HTTP2)
            session_tick(&c->session);
        schedule(c);
    }
}

static void poll_once(void) {
    static int timeout = 1000;
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, timeout);
    uint32_t last = now;
    timeout = read_clock();
    for (int i = 0; i < n; i++) {
        connection *c = connections[events[i].data.fd];
        if (c)
            on_connection_event(c);
        else
            on_listener_event(events[i].data.fd);
    }
    if (now != last) {
        check_deadlines();
        check_connections();
        resume_listeners();
    }
    run_scheduled();
}

/* ---- the program ---- */

static void start(void) {
    struct rlimit rlimit;
    getrlimit(RLIMIT_NOFILE, &rlimit);
    max_fds = rlimit.rlim_cur < MAX_FDS ? (int)rlimit.rlim_cur : MAX_FDS;
    connections = calloc((size_t)max_fds, sizeof *connections);
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (!connections || epoll_fd < 0)
        die("epoll", strerror(errno));
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without MSG_NOSIGNAL */
    listener_count = start_listening(tls ? "https" : "http", options.host, options.port,
                                     options.reuse_port, listeners, MAX_LISTENERS);
    for (int i = 0; i < listener_count; i++) {
        fcntl(listeners[i], F_SETFL, O_NONBLOCK);
        watch(listeners[i], EPOLL_CTL_ADD, EPOLLIN);
    }
}

static void start_ending(connection *c) {
    if (c->state == HTTP2)
        session_close(&c->session);
    else if (c->state == UNKNOWN)
        c->state = DEAD;
    schedule(c);
}

static void shut_down(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    listener_count = 0;
    peers_close();
    for (int fd = 0; fd <= highest_fd; fd++)
        if (connections[fd])
            start_ending(connections[fd]);
    run_scheduled();
    while (connection_count > 0)
        poll_once();
    release_peers();
    free(connections);
    SSL_CTX_free(tls);
}

int main(int argc, char **argv) {
    read_h2_options(
        argc, argv,
        "Sends every WebSocket message, of up to 16 MiB, back to its sender, over\n"
        "HTTP/2 (RFC 8441) and HTTP/1.1. Responds to GET / with a page that opens a\n"
        "WebSocket, or over HTTP/1.1 with a greeting.");
    max_message = 16 << 20;
    check_configuration();
    if (h2_options.tls)
        tls = new_tls(h2_options.certificate, h2_options.key, PROTOCOL_NAMES);
    catch_signals();
    start();
    while (!stopping)
        poll_once();
    shut_down();
    return 0;
}
