/* The session: waits for the server, for stdin and for its timers. */
#ifndef SESSION_H
#define SESSION_H

#include <signal.h>

#include "lines.h"

enum { SECOND = 1000000 };
enum { EXIT_NORMAL = 0, EXIT_ERROR = 1, EXIT_INCOMPLETE = 3 };

/* ---- signals ---- */

static int interrupts[2]; /* a pipe that wakes poll() */

/* The first SIGINT or SIGTERM closes the connection, and the next one ends us. */
static void on_signal(int number) {
    char byte = (char)number;
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    if (write(interrupts[1], &byte, 1) < 0)
        _exit(EXIT_ERROR);
}

static inline void catch_signals(void) {
    struct sigaction close_first = {.sa_handler = on_signal};
    if (pipe(interrupts) != 0)
        die("pipe", strerror(errno));
    sigaction(SIGINT, &close_first, NULL);
    sigaction(SIGTERM, &close_first, NULL);
}

static inline void on_interrupt(client *c) {
    char byte;
    ssize_t n = read(interrupts[0], &byte, 1);
    if (n > 0)
        close_as_asked(c, WS_CLOSE_NORMAL, "");
}

/* ---- timers ---- */

static inline uint64_t awaited(const client *c) {
    return options.any_count ? c->sent : options.count;
}

/* True while the connection is open and messages are awaited after the last one that we
 * send. */
static inline bool awaits(const client *c) {
    return !c->reads && !options.no_close && ws_conn_state(c->ws) == WS_STATE_OPEN;
}

static inline int64_t earlier(int64_t a, int64_t b) {
    return a < b ? a : b;
}

/* The server must read our output, and reply to our close. */
static inline bool server_must_act(const client *c) {
    return c->out.len > 0 || ws_conn_state(c->ws) != WS_STATE_OPEN;
}

typedef struct deadlines {
    int64_t progress, message, ping;
} deadlines;

static inline deadlines find_deadlines(const client *c, int64_t next_ping) {
    deadlines d = {INT64_MAX, INT64_MAX, INT64_MAX};
    if (server_must_act(c))
        d.progress = c->progress + options.timeout * SECOND;
    else if (awaits(c) && options.wait > 0)
        d.message = c->message_progress + options.wait * SECOND;
    if (options.ping > 0 && ws_conn_state(c->ws) == WS_STATE_OPEN)
        d.ping = next_ping;
    return d;
}

static inline void on_ping_time(client *c, int64_t *next_ping) {
    *next_ping = clock_microseconds() + options.ping * SECOND;
    if (c->pinged == 0) {
        send_ping(c);
        return;
    }
    on_disconnect(c, "no pong for the last ping");
}

static inline void on_time(client *c, const deadlines *d, int64_t *next_ping) {
    const int64_t now = clock_microseconds();
    if (now >= d->progress) {
        on_disconnect(c, "the server does not respond");
    } else if (now >= d->message) {
        c->gave_up = true;
        send_close(c, WS_CLOSE_NORMAL, NULL, 0);
    } else if (now >= d->ping) {
        on_ping_time(c, next_ping);
    }
}

/* ---- the loop ---- */

static inline void wait_for_events(client *c, int64_t *next_ping) {
    const bool writes = c->out.len > 0;
    const bool reads = c->reads && !writes && ws_conn_state(c->ws) == WS_STATE_OPEN;
    const deadlines d = find_deadlines(c, *next_ping);
    const int64_t next = earlier(d.progress, earlier(d.message, d.ping));
    const bool full = c->out.len > TOO_MUCH_OUTPUT;
    const short events = transport_events(&c->io, writes);
    struct pollfd fds[] = {{c->io.fd, full ? POLLOUT : events, 0},
                           {reads ? STDIN_FILENO : -1, POLLIN, 0},
                           {interrupts[0], POLLIN, 0}};
    if (poll(fds, 3, next == INT64_MAX ? -1 : until(next)) < 0)
        return; /* EINTR */
    if (fds[2].revents)
        on_interrupt(c);
    if (fds[0].revents)
        flush(c);
    if (!full && fds[0].revents & (POLLIN | POLLHUP | POLLERR | POLLOUT))
        receive(c);
    if (fds[1].revents)
        read_lines(c);
    on_time(c, &d, next_ping);
}

/* Runs until both sides have closed, or the connection has failed. */
static inline void run(client *c) {
    int64_t next_ping = clock_microseconds() + options.ping * SECOND;
    c->message_progress = clock_microseconds();
    while (ws_conn_state(c->ws) < WS_STATE_CLOSED || c->out.len > 0) {
        if (awaits(c) && (interactive || c->received >= awaited(c)))
            send_close(c, WS_CLOSE_NORMAL, NULL, 0);
        collect_output(c);
        flush(c);
        wait_for_events(c, &next_ping);
    }
}

/* ---- the result ---- */

static inline bool is_complete(const client *c) {
    if (interactive || options.no_close || c->asked)
        return true;
    return !c->reads && !c->gave_up && c->received >= awaited(c);
}

static inline int report_result(const client *c) {
    if (interactive) {
        clear_prompt();
        fflush(stdout);
    }
    if (c->error[0] != '\0')
        die(options.url, c->error);
    if (is_complete(c))
        return EXIT_NORMAL;
    fprintf(stderr, "%s: %s: closed %s: %llu messages sent, %llu received\n", program,
            options.url,
            c->gave_up ? "since a message did not arrive in time"
                       : "before all messages were sent and received",
            (unsigned long long)c->sent, (unsigned long long)c->received);
    return EXIT_INCOMPLETE;
}

#endif
