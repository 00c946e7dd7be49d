/* A WebSocket echo server on epoll, in one thread.
 *
 * One read buffer serves all connections, and all replies of one read leave in one send().
 * Between two reads a connection owns memory only for a head or a message that has not come
 * whole, and for output that its peer is too slow to take. While output waits the peer is not
 * read; and since compressed messages can be a thousand times as long as what was read, not
 * even that is handled once MAX_OUT bytes wait. */
#define _GNU_SOURCE
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <wscodec.h>

#include "buffer.h"
#include "server.h"

enum { READ_SIZE = 512 << 10, MAX_MESSAGE = 16 << 20, MAX_ANSWER = WS_MAX_REPLY + 64 };
enum { MAX_OUT = 65536 }; /* while so much waits, no further message is answered */

/* CLOSING: all was said. Send it, then read and discard until the peer hangs up, since
 * closing the socket at once can destroy what is on its way (RFC 6455, 7.1.1). */
typedef struct conn {
    int fd;
    enum { HANDSHAKE, OPEN, CLOSING } state;
    time_t deadline; /* of HANDSHAKE and CLOSING; 0: none */
    ws_conn *ws;     /* from OPEN on */
    buffer in;       /* what is too early to handle: an incomplete head; see MAX_OUT */
    buffer out;      /* what the peer has not taken yet */
    size_t sent;     /* how much of it has left */
} conn;

static conn **conns; /* by descriptor; a listener has none */
static int max_fds, conn_count, epoll_fd, listeners[8], listener_count;
static int spare_fd;    /* given up for a moment when there is no other */
static time_t patience; /* seconds for an opening or a closing handshake */
static compression compress;
static uint8_t input[READ_SIZE];
static buffer spare_out; /* memory for the next output, so that it need not grow anew */

static void watch(int fd, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = fd};
    epoll_ctl(epoll_fd, operation, fd, &event);
}

static void enter(conn *c, int state) {
    c->state = state;
    c->deadline = state == OPEN ? 0 : now() + patience;
}

static void drop(conn *c) {
    conns[c->fd] = NULL;
    conn_count--;
    close(c->fd);
    ws_conn_free(c->ws);
    release(&c->in);
    release(&c->out);
    free(c);
}

/* Of an output that has left, the memory is kept for the next one, unless that is large. */
static void give_back(conn *c) {
    if (!spare_out.data && c->out.cap <= 2 * MAX_OUT)
        spare_out = (buffer){c->out.data, 0, c->out.cap};
    else
        release(&c->out);
    c->out = (buffer){0};
    c->sent = 0;
}

/* Room for output. */
static uint8_t *room_for(conn *c, size_t size) {
    if (!c->out.data) {
        c->out = spare_out;
        spare_out = (buffer){0};
    }
    return reserve(&c->out, size);
}

/* Sends what waits. While some of it does, the peer is not read. Returns false if the
 * connection is lost. */
static bool flush(conn *c, bool waited) {
    while (c->sent < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->sent, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            break;
        if (n < 0 && errno != EINTR)
            return false;
        c->sent += n > 0 ? (size_t)n : 0;
    }
    bool waits = c->sent < c->out.len;
    if (waits != waited)
        watch(c->fd, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
    if (waits) {
        trim(&c->out); /* compressed, it is much less than there was to be room for */
    } else {
        give_back(c);
        if (c->state == CLOSING)
            shutdown(c->fd, SHUT_WR);
    }
    return true;
}

/* Counts what was written into `out`. Who cannot be answered is of no use. */
static void said(conn *c, ws_result n) {
    if (n >= 0)
        c->out.len += (size_t)n;
    else
        enter(c, CLOSING);
}

static void on_event(conn *c, const ws_event *e) {
    if (e->opcode != WS_OPCODE_TEXT && e->opcode != WS_OPCODE_BINARY)
        return; /* pings and closes are answered by the connection itself */
    size_t room = ws_conn_send_bound(c->ws, e->len);
    uint32_t flags = compression_flags(&compress, e->len);
    uint8_t *to = room_for(c, room);
    said(c, to ? ws_conn_send(c->ws, e->opcode, flags, e->data, e->len, to, room) : -1);
}

/* Keeps these bytes, which may be a part of those that are kept already, for later. */
static void keep(conn *c, const uint8_t *bytes, size_t len) {
    buffer kept = {0};
    if (!append(&kept, bytes, len))
        enter(c, CLOSING);
    release(&c->in);
    c->in = kept;
}

static void on_bytes(conn *c, uint8_t *bytes, size_t len) {
    ws_event events[64];
    ws_result n;
    do {
        size_t used;
        n = ws_conn_recv(c->ws, bytes, len, events, 64, &used);
        for (ws_result i = 0; i < n; i++)
            on_event(c, &events[i]);
        uint8_t *to = room_for(c, WS_MAX_OUTPUT);
        said(c, to ? ws_conn_output(c->ws, to, WS_MAX_OUTPUT) : -1);
        bytes += used;
        len -= used;
    } while (n > 0 && c->state == OPEN && (len == 0 || c->out.len < MAX_OUT));
    if (ws_conn_state(c->ws) >= WS_STATE_CLOSED)
        enter(c, CLOSING);
    keep(c, bytes, c->state == OPEN ? len : 0);
}

/* Sends what waits, and handles what was kept, as far as the peer takes the answers. Returns
 * false if the connection is lost. */
static bool go_on(conn *c, bool waited) {
    bool lives = flush(c, waited);
    while (lives && c->state == OPEN && c->in.len > 0 && c->out.len == 0) {
        on_bytes(c, c->in.data, c->in.len);
        lives = flush(c, false);
    }
    return lives;
}

static bool is(const uint8_t *head, ws_span span, const char *text) {
    return span.len == strlen(text) && memcmp(head + span.off, text, span.len) == 0;
}

/* A plain HTTP request. */
static void on_request(conn *c, const uint8_t *head, const ws_handshake *hs) {
    bool get = is(head, hs->method, "GET"), known = get || is(head, hs->method, "HEAD");
    const char *headers = known ? "Content-Type: text/plain\r\n" : "Allow: GET, HEAD\r\n";
    const char *body = known ? "Hello, World!\n" : "";
    size_t body_len = strlen(body), unsaid = get ? 0 : body_len; /* HEAD gets no body */
    uint8_t *to = room_for(c, MAX_ANSWER);
    said(c, to ? ws_build_reply(known ? 200 : 405, headers, strlen(headers), body, body_len, to,
                                MAX_ANSWER) : -1);
    c->out.len -= c->out.len > 0 ? unsaid : 0;
    enter(c, CLOSING);
}

/* An upgrade, or a bad one. */
static void on_upgrade(conn *c, const uint8_t *head, size_t len) {
    static const char protocols[] = "chat, superchat";
    const ws_accept_spec spec = {.protocols = {protocols, sizeof protocols - 1},
                                 .pmd = compress.on ? &compress.params : NULL};
    uint8_t *to = room_for(c, MAX_ANSWER);
    said(c, to ? ws_conn_accept(head, len, &spec, sizeof spec, &c->ws, to, MAX_ANSWER) : -1);
    bool open = c->ws && ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, MAX_MESSAGE) == WS_OK;
    enter(c, open ? OPEN : CLOSING);
}

static void on_head(conn *c, uint8_t *bytes, size_t len) {
    bool goes_on = c->in.len > 0;
    if (goes_on && append(&c->in, bytes, len)) {
        bytes = c->in.data;
        len = c->in.len;
    }
    ws_handshake hs;
    ws_result n = ws_parse_handshake(bytes, len, &hs, sizeof hs);
    if (n == 0 && (goes_on || append(&c->in, bytes, len)))
        return; /* the rest is still to come */
    if (n == WS_ERR_NOT_UPGRADE)
        on_request(c, bytes, &hs);
    else
        on_upgrade(c, bytes, len);
    if (c->state == OPEN)
        on_bytes(c, bytes + n, len - (size_t)n); /* the first frames */
    else
        release(&c->in);
}

/* Returns false if the connection is lost. */
static bool on_readable(conn *c) {
    ssize_t n = recv(c->fd, input, sizeof input, 0);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    if (c->state == HANDSHAKE)
        on_head(c, input, (size_t)n);
    else if (c->state == OPEN)
        on_bytes(c, input, (size_t)n);
    return go_on(c, false);
}

static void on_listener(int listener) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && errno == EMFILE) { /* a peer that waits for ever would make us spin */
        close(spare_fd);
        close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
        spare_fd = dup(epoll_fd);
    }
    conn *c = fd >= 0 && fd < max_fds ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    conns[fd] = c;
    conn_count++;
    c->fd = fd;
    enter(c, HANDSHAKE);
    watch(fd, EPOLL_CTL_ADD, EPOLLIN);
}

/* Waits for events and handles them; drops those who let us wait too long. */
static void turn(void) {
    static time_t last_tick;
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, 1000);
    for (int i = 0; i < n; i++) {
        conn *c = conns[events[i].data.fd];
        if (!c)
            on_listener(events[i].data.fd);
        else if (!(c->out.len > 0 ? go_on(c, true) : on_readable(c)))
            drop(c);
    }
    time_t t = now();
    for (int fd = 0; fd < max_fds && t != last_tick; fd++)
        if (conns[fd] && conns[fd]->deadline && conns[fd]->deadline <= t)
            drop(conns[fd]);
    last_tick = t;
}

static void say_goodbye(void) {
    for (int i = 0; i < listener_count; i++)
        close(listeners[i]);
    patience = 2;
    for (int fd = 0; fd < max_fds; fd++) {
        conn *c = conns[fd];
        bool waited = c && c->out.len > 0;
        uint8_t *to = c && c->ws ? room_for(c, WS_MAX_OUTPUT) : NULL;
        if (to) {
            said(c, ws_conn_close(c->ws, WS_CLOSE_GOING_AWAY, NULL, 0, to, WS_MAX_OUTPUT));
            enter(c, CLOSING);
        }
        if (c && !(to && flush(c, waited)))
            drop(c);
    }
    while (conn_count > 0)
        turn();
}

static void start(settings s) {
    patience = s.seconds;
    compress = s.compression;
    max_fds = max_descriptors();
    conns = calloc((size_t)max_fds, sizeof(conn *));
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    spare_fd = dup(epoll_fd);
    if (!conns || spare_fd < 0)
        die("epoll", strerror(errno));
    catch_signals();
    listener_count = start_listening(s.host, s.port, listeners, 8);
    for (int i = 0; i < listener_count; i++)
        watch(listeners[i], EPOLL_CTL_ADD, EPOLLIN);
}

int main(int argc, char **argv) {
    start(read_settings(argc, argv,
                        "Echoes messages of up to 16 MiB. Says hello to a plain GET."));
    while (!stopping)
        turn();
    say_goodbye();
    release(&spare_out);
    free(conns);
    return 0;
}
