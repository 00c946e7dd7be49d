/* A WebSocket server on poll() that sends every message to all clients, its sender included.
 *
 * A message is encoded once for all that get it uncompressed, and at most once for all that
 * agreed on the same window: without context takeover, which the server insists on, the bytes
 * do not depend on what a client got before. They come from connections that do nothing else.
 *
 * A client that does not take what is sent is not read, and keeps nobody waiting: it is dropped
 * when more than MAX_WAITING bytes wait for it, or when it takes none of them for as long as a
 * handshake may take. How much a client says is not limited here. */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <poll.h>
#include <unistd.h>
#include <wscodec.h>

#include "buffer.h"
#include "server.h"

enum { READ_SIZE = 65536, MAX_WAITING = 4 << 20, MAX_ANSWER = WS_MAX_REPLY + 64 };

/* What bytes a client gets: uncompressed ones, or those for a window of 8 to 15 bits. */
enum { PLAIN, MIN_BITS = 8, MAX_BITS = 15, KINDS };

/* CLOSING: all was said; see echo_server.c. GONE: to be dropped at the end of this turn. */
typedef struct client {
    int fd;
    enum { HANDSHAKE, OPEN, CLOSING, GONE } state;
    time_t deadline; /* of HANDSHAKE and CLOSING, and while output waits; 0: none */
    ws_conn *ws;     /* from OPEN on; sends no messages itself */
    int kind;
    buffer head; /* of a request, while it is incomplete */
    buffer out;  /* what the client has not taken yet */
} client;

static client **clients; /* the listeners come first: they are none, and have NULL */
static struct pollfd *polled;
static int count, max_count, listener_count;
static time_t patience;
static compression compress;
static ws_conn *encoders[KINDS];
static buffer encoded[KINDS]; /* the message that is being sent */
static uint8_t input[READ_SIZE];

static void enter(client *c, int state) {
    c->state = state;
    c->deadline = state == OPEN ? 0 : now() + patience;
}

static void add(int fd, client *c) {
    polled[count] = (struct pollfd){.fd = fd, .events = POLLIN};
    clients[count++] = c;
}

static void drop(int i) {
    client *c = clients[i];
    close(c->fd);
    ws_conn_free(c->ws);
    release(&c->head);
    release(&c->out);
    free(c);
    count--;
    clients[i] = clients[count];
    polled[i] = polled[count];
}

/* Returns how many of these bytes the client takes now. */
static size_t try_to_send(client *c, const uint8_t *bytes, size_t len) {
    ssize_t n = send(c->fd, bytes, len, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        c->state = GONE;
    return n > 0 ? (size_t)n : 0;
}

/* Sends these bytes; what the client does not take now has to wait. */
static void deliver(client *c, const uint8_t *bytes, size_t len) {
    bool waited = c->out.len > 0;
    size_t n = waited ? 0 : try_to_send(c, bytes, len);
    if (n < len && !waited && c->state == OPEN)
        c->deadline = now() + patience;
    if (c->out.len + len - n > MAX_WAITING || !append(&c->out, bytes + n, len - n))
        c->state = GONE;
}

static void flush(client *c) {
    size_t n = try_to_send(c, c->out.data, c->out.len);
    c->out.len -= n;
    if (c->out.len > 0)
        memmove(c->out.data, c->out.data + n, c->out.len);
    else
        release(&c->out);
    if (n > 0 && c->state == OPEN) /* it has as long again for the next bytes */
        c->deadline = c->out.len > 0 ? now() + patience : 0;
}

static bool encode(int kind, const ws_event *e) {
    buffer *b = &encoded[kind];
    size_t room = ws_conn_send_bound(encoders[kind], e->len);
    uint8_t *to = reserve(b, room);
    if (!to)
        return false;
    ws_result n = ws_conn_send(encoders[kind], e->opcode, 0, e->data, e->len, to, room);
    b->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* Each client gets the bytes of its kind, which its first needs to be encoded. */
static void on_message(const ws_event *e) {
    for (int i = listener_count; i < count; i++) {
        client *c = clients[i];
        int kind = e->len < compress.from ? PLAIN : c->kind;
        if (c->state != OPEN)
            continue;
        if (encoded[kind].len > 0 || encode(kind, e))
            deliver(c, encoded[kind].data, encoded[kind].len);
        else
            c->state = GONE; /* rather than go on with a message less */
    }
    for (int kind = 0; kind < KINDS; kind++)
        release(&encoded[kind]);
}

static void on_bytes(client *c, uint8_t *bytes, size_t len) {
    ws_event events[64];
    uint8_t own[WS_MAX_OUTPUT];
    ws_result n;
    do {
        size_t used;
        n = ws_conn_recv(c->ws, bytes, len, events, 64, &used);
        for (ws_result i = 0; i < n; i++)
            if (events[i].opcode == WS_OPCODE_TEXT || events[i].opcode == WS_OPCODE_BINARY)
                on_message(&events[i]);
        ws_result said = ws_conn_output(c->ws, own, sizeof own);
        if (said > 0 && c->state == OPEN)
            deliver(c, own, (size_t)said);
        bytes += used;
        len -= used;
    } while (n > 0 && c->state == OPEN);
    if (c->state == OPEN && ws_conn_state(c->ws) >= WS_STATE_CLOSED)
        enter(c, CLOSING);
}

static void on_head(client *c, const uint8_t *bytes, size_t len) {
    const ws_accept_spec spec = {.pmd = compress.on ? &compress.params : NULL};
    ws_handshake hs;
    ws_pmd_params agreed;
    uint8_t answer[MAX_ANSWER];
    if (!append(&c->head, bytes, len))
        return;
    ws_result n = ws_parse_handshake(c->head.data, c->head.len, &hs, sizeof hs);
    if (n == 0)
        return; /* the rest is still to come */
    ws_result said = ws_conn_accept(c->head.data, c->head.len, &spec, sizeof spec, &c->ws,
                                    answer, sizeof answer);
    enter(c, c->ws ? OPEN : CLOSING);
    deliver(c, answer, said > 0 ? (size_t)said : 0);
    if (c->ws && ws_conn_get_pmd(c->ws, &agreed) == 1)
        c->kind = agreed.server_max_window_bits;
    if (c->ws)
        on_bytes(c, c->head.data + n, c->head.len - (size_t)n); /* the first frames */
    release(&c->head);
}

static void on_readable(client *c) {
    ssize_t n = read(c->fd, input, sizeof input);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        c->state = GONE;
    else if (n > 0 && c->state == HANDSHAKE)
        on_head(c, input, (size_t)n);
    else if (n > 0 && c->state == OPEN)
        on_bytes(c, input, (size_t)n);
}

static void on_listener(int listener) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    client *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->fd = fd;
    enter(c, HANDSHAKE);
    add(fd, c);
}

/* Drops who has to go, and says what is to be waited for. */
static void prepare(void) {
    time_t t = now();
    for (int i = count - 1; i >= listener_count; i--) {
        client *c = clients[i];
        if (c->state == CLOSING && c->out.len == 0)
            shutdown(c->fd, SHUT_WR);
        polled[i].events = c->out.len > 0 ? POLLOUT : POLLIN;
        if (c->state == GONE || (c->deadline && c->deadline <= t))
            drop(i);
    }
    for (int i = 0; i < listener_count; i++) /* else poll() would return at once, for ever */
        polled[i].events = count < max_count ? POLLIN : 0;
}

static void turn(void) {
    prepare();
    int events = poll(polled, (nfds_t)count, 1000);
    for (int i = 0, last = count; i < last && events > 0; i++) {
        if (polled[i].revents == 0)
            continue;
        if (!clients[i] && count < max_count)
            on_listener(polled[i].fd);
        else if (clients[i] && clients[i]->out.len > 0)
            flush(clients[i]);
        else if (clients[i])
            on_readable(clients[i]);
    }
}

static void say_goodbye(void) {
    uint8_t goodbye[WS_MAX_OUTPUT];
    patience = 2;
    for (int i = 0; i < listener_count; i++) {
        close(polled[i].fd);
        polled[i].fd = -1;
    }
    for (int i = listener_count; i < count; i++) {
        client *c = clients[i];
        bool open = c->state == OPEN;
        ws_result n = open ? ws_conn_close(c->ws, WS_CLOSE_GOING_AWAY, NULL, 0, goodbye,
                                           sizeof goodbye) : 0;
        if (n > 0)
            deliver(c, goodbye, (size_t)n);
        enter(c, c->state == HANDSHAKE || c->state == GONE ? GONE : CLOSING);
    }
    while (count > listener_count)
        turn();
}

static void start_encoders(void) {
    for (int kind = 0; kind < KINDS; kind++) {
        ws_pmd_params params = {.server_no_context_takeover = 1,
                                .server_max_window_bits = (uint8_t)kind};
        if (kind != PLAIN && (kind < MIN_BITS || !compress.on))
            continue;
        encoders[kind] = ws_conn_new(WS_SERVER, NULL);
        if (kind != PLAIN && ws_conn_set_pmd(encoders[kind], &params) != WS_OK)
            die("compression", ws_strerror(WS_ERR_NO_MEMORY));
    }
}

static void start(settings s) {
    int fds[8];
    patience = s.seconds;
    compress = s.compression;
    compress.params.server_no_context_takeover = 1;
    max_count = max_descriptors() - 16;
    clients = calloc((size_t)max_count, sizeof *clients);
    polled = calloc((size_t)max_count, sizeof *polled);
    if (!clients || !polled)
        die("start", strerror(ENOMEM));
    start_encoders();
    catch_signals();
    listener_count = start_listening(s.host, s.port, fds, 8);
    for (int i = 0; i < listener_count; i++)
        add(fds[i], NULL);
}

int main(int argc, char **argv) {
    start(read_settings(argc, argv,
                        "Sends every message, of up to 1 MiB, to all clients. Drops whom 4 MiB\n"
                        "wait for, and who takes nothing for the time of a handshake."));
    while (!stopping)
        turn();
    say_goodbye();
    for (int kind = 0; kind < KINDS; kind++)
        ws_conn_free(encoders[kind]);
    free(clients);
    free(polled);
    return 0;
}
