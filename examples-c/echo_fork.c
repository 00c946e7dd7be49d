/* The first example: a WebSocket server that sends every message back.
 *
 * Each connection has a process and a blocking socket, so the code follows the protocol
 * from top to bottom: serve() accepts the request, handles messages until the
 * connection is closed, and hangs up. See echo_server.c for many connections in one
 * process, compression, pings and limits. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <wscodec.h>

enum { DEFAULT_PORT = 8080, MAX_EVENTS = 64, MAX_MESSAGE = 16 << 20 };
enum { HANDSHAKE_SECONDS = 10, IDLE_SECONDS = 60 };

/* ---- bytes ---- */

/* Returns the number of bytes read, 0 at the end of the input, or -1. */
static ssize_t receive(int fd, uint8_t *to, size_t cap) {
    ssize_t n;
    do
        n = recv(fd, to, cap, 0);
    while (n < 0 && errno == EINTR);
    return n;
}

/* Sends output of wscodec. `len` is the result: the number of bytes, or an error. */
static bool send_all(int fd, const uint8_t *bytes, ws_result len) {
    if (len < 0)
        warnx("%s", ws_strerror(len));
    while (len > 0) {
        ssize_t n = send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        bytes += n > 0 ? n : 0;
        len -= n > 0 ? n : 0;
    }
    return len == 0;
}

/* ---- messages ---- */

static bool echo(int fd, ws_conn *conn, const ws_event *e, const void *data) {
    size_t len = (size_t)e->len, cap = ws_conn_send_bound(conn, len);
    uint8_t *out = malloc(cap);
    ws_result n = WS_ERR_NO_MEMORY;
    if (out)
        n = ws_conn_send(conn, e->opcode, 0, data, len, out, cap);
    bool sent = send_all(fd, out, n);
    free(out);
    return sent;
}

/* Handles bytes that were read. Returns false if no more should be read. */
static bool on_input(int fd, ws_conn *conn, uint8_t *input, size_t len) {
    ws_event events[MAX_EVENTS];
    uint8_t out[WS_MAX_OUTPUT];
    size_t consumed;
    for (; len > 0; input += consumed, len -= consumed) {
        ws_result n = ws_conn_recv(conn, input, len, events, MAX_EVENTS, &consumed);
        for (ws_result i = 0; i < n; i++) {
            const ws_event *e = &events[i];
            if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY)
                if (!echo(fd, conn, e, ws_event_data(conn, input, e)))
                    return false;
        }
        if (n < 0)
            warnx("%s", ws_strerror(n));
        /* A pong, or the close frame that responds to a close or reports the error. */
        if (!send_all(fd, out, ws_conn_output(conn, out, sizeof out)) || n < 0)
            return false;
    }
    return ws_conn_state(conn) < WS_STATE_CLOSED;
}

/* Handles messages until the connection is closed. `input` has room for WS_MAX_HEAD
 * bytes, and the first `len` of them were read already. */
static void converse(int fd, ws_conn *conn, uint8_t *input, ssize_t len) {
    uint8_t out[WS_MAX_OUTPUT];
    do {
        if (!on_input(fd, conn, input, (size_t)len))
            return;
        len = receive(fd, input, WS_MAX_HEAD);
    } while (len > 0);
    if (len < 0) /* nothing for IDLE_SECONDS, or the connection was lost */
        len = ws_conn_close(conn, WS_CLOSE_GOING_AWAY, NULL, 0, out, sizeof out);
    send_all(fd, out, len);
}

/* ---- the connection ---- */

/* Reads a request into `input`, and responds to it. Returns NULL if it is refused or the
 * peer has gone. The first frames may follow the request: *len bytes, moved to the start
 * of `input`. */
static ws_conn *accept_request(int fd, uint8_t *input, ssize_t *len) {
    static const char protocols[] = "chat, superchat";
    const ws_accept_spec spec = {.protocols = {protocols, sizeof protocols - 1}};
    uint8_t out[WS_MAX_REPLY + sizeof protocols];
    ws_accepted a;
    ws_result n = 0;
    size_t have = 0;
    while (n == 0) { /* the head is incomplete; one that fills `input` is refused */
        ssize_t got = receive(fd, input + have, WS_MAX_HEAD - have);
        if (got <= 0)
            return NULL;
        have += (size_t)got;
        n = ws_conn_accept(input, have, &spec, sizeof spec, &a, sizeof a, out,
                           sizeof out);
    }
    if (a.error != WS_OK)
        warnx("%s", ws_strerror(a.error));
    if (!send_all(fd, out, n) || !a.conn) {
        ws_conn_free(a.conn);
        return NULL;
    }
    ws_conn_set(a.conn, WS_OPT_MAX_MESSAGE, MAX_MESSAGE);
    *len = (ssize_t)(have - a.head_len);
    memmove(input, input + a.head_len, (size_t)*len);
    return a.conn;
}

static void serve(int fd) {
    static uint8_t input[WS_MAX_HEAD];
    const struct timeval idle = {.tv_sec = IDLE_SECONDS};
    ssize_t len = 0;
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
    alarm(HANDSHAKE_SECONDS); /* for the whole request: SIGALRM ends the process */
    ws_conn *conn = accept_request(fd, input, &len);
    alarm(0);
    if (conn)
        converse(fd, conn, input, len);
    ws_conn_free(conn);
    /* Closing the socket at once could destroy output in transit (RFC 6455, 7.1.1). */
    shutdown(fd, SHUT_WR);
    alarm(HANDSHAKE_SECONDS);
    while (receive(fd, input, sizeof input) > 0)
        ;
    close(fd);
}

/* ---- the server ---- */

static uint16_t parse_port(int argc, char **argv) {
    if (argc == 1)
        return DEFAULT_PORT;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        printf("Usage: echo_fork [--port PORT]\n\n"
               "Sends every WebSocket message, of up to %d MiB, back to its sender.\n"
               "Listens on 127.0.0.1.\n\n"
               "  --port PORT  0 for a free one (%d)\n"
               "  --help       print this text\n",
               MAX_MESSAGE >> 20, DEFAULT_PORT);
        exit(0);
    }
    if (argc != 3 || strcmp(argv[1], "--port") != 0)
        errx(2, "%s: expected --port PORT (see --help)", argv[1]);
    char *end;
    long port = strtol(argv[2], &end, 10);
    if (end == argv[2] || *end != '\0' || port < 0 || port > 65535)
        errx(2, "--port: not a number from 0 to 65535 (see --help)");
    return (uint16_t)port;
}

static int start_listening(uint16_t port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        err(1, "port %d", port);
    dprintf(STDOUT_FILENO, "listening on http://127.0.0.1:%d\n",
            ntohs(address.sin_port));
    return fd;
}

int main(int argc, char **argv) {
    int listener = start_listening(parse_port(argc, argv));
    signal(SIGCHLD, SIG_IGN); /* the system removes processes that end: no zombies */
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        pid_t child = fd < 0 ? -1 : fork();
        if (child == 0) {
            close(listener);
            serve(fd);
            _exit(0);
        }
        if (child < 0 && errno != EINTR && errno != ECONNABORTED) {
            warn("cannot serve a connection");
            sleep(1); /* until others have ended */
        }
        if (fd >= 0)
            close(fd);
    }
}
