/*
 * A WebSocket echo server: one thread, one epoll, as many connections as there are
 * file descriptors.
 *
 * One read buffer and one reply buffer serve them all, and all replies of one read leave
 * in one send(). A connection owns memory only for a head or a message that has not come
 * whole, and for output that its peer is too slow to take. While output waits the peer
 * is not read, so there is never more of it than one read can cause.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <wscodec.h>

enum {
    READ_SIZE = 64 * 1024,
    MAX_MESSAGE = 16 * 1024 * 1024,
    MAX_REPLY_KEPT = 1024 * 1024,
    MAX_HEADERS = 1024, /* what we write in answer to a request, at most */
    MAX_LISTENERS = 8,
    GOODBYE_SECONDS = 2 /* for the peers to close, once we were told to stop */
};

static const char PROTOCOLS[] = "chat, superchat";
static const char TEXT_PLAIN[] = "Content-Type: text/plain\r\n";
static const char HELLO[] = "Hello, World!\n";

/* ---------------------------------------------------------------- memory */

typedef struct buffer {
    uint8_t *data;
    size_t len, cap;
} buffer;

/* Room for `more` bytes behind what is there. */
static uint8_t *reserve(buffer *b, size_t more) {
    if (b->cap - b->len < more) {
        size_t cap = b->len + more > 2 * b->cap ? b->len + more : 2 * b->cap;
        uint8_t *data = realloc(b->data, cap);
        if (!data)
            return NULL;
        b->data = data;
        b->cap = cap;
    }
    return b->data + b->len;
}

static bool append(buffer *b, const void *data, size_t len) {
    uint8_t *to = reserve(b, len);
    if (to && len > 0) {
        memcpy(to, data, len);
        b->len += len;
    }
    return to || len == 0;
}

static void release(buffer *b) {
    free(b->data);
    *b = (buffer){0};
}

/* ----------------------------------------------------------- connections */

/* What epoll watches: a descriptor, and who looks after it. */
typedef struct watch {
    int fd;
    void (*ready)(struct watch *);
} watch;

/* CLOSING: all was said. Send it, then read and discard until the peer hangs up, since
 * closing the socket at once can destroy what is on its way (RFC 6455, 7.1.1). */
enum state { HANDSHAKE, OPEN, CLOSING };

typedef struct conn {
    watch watch; /* first, so that a watch can be cast to its connection */
    struct conn *prev, *next;
    time_t deadline; /* of HANDSHAKE and CLOSING */
    enum state state;
    ws_decoder decoder;
    buffer in;           /* an incomplete head or message */
    uint32_t utf8;       /* how far the message's text was checked */
    uint8_t opcode;      /* of the message */
    uint8_t control[WS_MAX_CONTROL];
    buffer out;  /* what the peer has not taken yet */
    size_t sent; /* how much of it has left */
} conn;

/* Every connection is in one of these rings, behind those that came before it. */
static conn impatient = {.prev = &impatient, .next = &impatient}; /* has a deadline */
static conn settled = {.prev = &settled, .next = &settled};       /* OPEN */

static int epoll_fd;
static watch listeners[MAX_LISTENERS], signals;
static int listener_count;
static bool accepting = true, stopping;
static time_t patience = 10; /* seconds for an opening or a closing handshake */
static uint8_t input[READ_SIZE];
static buffer reply; /* of the connection at hand */

static time_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static void watch_for(watch *w, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = w};
    epoll_ctl(epoll_fd, operation, w->fd, &event);
}

static void leave_ring(conn *c) {
    c->prev->next = c->next;
    c->next->prev = c->prev;
}

static void enter(conn *c, enum state state) {
    conn *ring = state == OPEN ? &settled : &impatient;
    c->state = state;
    c->deadline = now() + patience;
    c->prev = ring->prev;
    c->next = ring;
    c->prev->next = c->next->prev = c;
}

static void change(conn *c, enum state state) {
    leave_ring(c);
    enter(c, state);
}

static void drop(conn *c) {
    leave_ring(c);
    close(c->watch.fd);
    release(&c->in);
    release(&c->out);
    free(c);
}

/* Sends what waits, else the reply. Keeps what the peer does not take, and does not read
 * the peer until it has. Returns false if the connection is lost. */
static bool flush(conn *c) {
    bool waited = c->out.len > 0;
    if (!waited) {
        buffer empty = c->out;
        c->out = reply;
        reply = empty;
    } else if (!append(&c->out, reply.data, reply.len)) {
        return false;
    }
    reply.len = 0;
    while (c->sent < c->out.len) {
        const uint8_t *from = c->out.data + c->sent;
        ssize_t n = send(c->watch.fd, from, c->out.len - c->sent, MSG_NOSIGNAL);
        if (n >= 0)
            c->sent += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            return false;
    }
    bool waits = c->sent < c->out.len;
    if (!waits) {
        if (reply.data || c->out.cap > MAX_REPLY_KEPT)
            release(&c->out);
        else
            reply = c->out;
        reply.len = c->sent = 0;
        c->out = (buffer){0};
        if (c->state == CLOSING)
            shutdown(c->watch.fd, SHUT_WR);
    }
    if (waits != waited)
        watch_for(&c->watch, EPOLL_CTL_MOD, waits ? EPOLLOUT : EPOLLIN);
    return true;
}

/* ---------------------------------------------------------------- frames */

/* Appends a frame to the reply. Without memory for it the connection is of no use. */
static void send_frame(conn *c, int opcode, const void *payload, size_t len) {
    size_t size = (size_t)ws_frame_size(len, 0);
    uint8_t *to = reserve(&reply, size);
    ws_result n = to ? ws_frame_encode(opcode, WS_FIN, NULL, payload, len, to, size)
                     : WS_ERR_NO_MEMORY;
    if (n >= 0)
        reply.len += (size_t)n;
    else
        change(c, CLOSING);
}

static void send_close(conn *c, uint16_t code) {
    uint8_t payload[2];
    ws_result n = ws_close_build(code, NULL, 0, payload, sizeof payload);
    send_frame(c, WS_OPCODE_CLOSE, payload, n > 0 ? (size_t)n : 0);
    change(c, CLOSING);
}

static void fail(conn *c, ws_result error) {
    send_close(c, ws_close_code_for(error));
}

static void on_control(conn *c, int opcode, const uint8_t *payload, size_t len) {
    if (opcode == WS_OPCODE_PING) {
        send_frame(c, WS_OPCODE_PONG, payload, len);
    } else if (opcode == WS_OPCODE_CLOSE) {
        uint16_t code;
        ws_result n = ws_close_parse(payload, len, &code);
        send_close(c, n >= 0 ? code : ws_close_code_for(n));
    }
}

/* A control frame may be cut in two by the end of a read, like any other. */
static void on_control_chunk(conn *c, const ws_frame *f, const uint8_t *chunk) {
    memcpy(c->control + f->chunk_pos, chunk, f->chunk_len);
    if (f->flags & WS_END)
        on_control(c, f->opcode, c->control, f->payload_len);
}

static void on_data_chunk(conn *c, const ws_frame *f, const uint8_t *chunk) {
    size_t len = (size_t)f->chunk_len;
    bool last = (f->flags & WS_FIN) && (f->flags & WS_END);
    if (f->opcode != WS_OPCODE_CONTINUATION)
        c->opcode = f->opcode;
    if (f->payload_len - f->chunk_pos > MAX_MESSAGE - c->in.len) {
        fail(c, WS_ERR_TOO_BIG);
        return;
    }
    if (c->opcode == WS_OPCODE_TEXT) {
        ws_result checked = ws_utf8_validate(&c->utf8, chunk, len);
        if (checked < 0 || (last && c->utf8 != 0)) {
            fail(c, WS_ERR_UTF8);
            return;
        }
    }
    if (last && c->in.len == 0) { /* it lies whole in the read buffer */
        send_frame(c, c->opcode, chunk, len);
    } else if (!append(&c->in, chunk, len)) {
        fail(c, WS_ERR_NO_MEMORY);
    } else if (last) {
        send_frame(c, c->opcode, c->in.data, c->in.len);
        release(&c->in);
    }
}

static void on_frames(conn *c, uint8_t *bytes, size_t len) {
    ws_frame frames[64];
    size_t used;
    ws_result n;
    while ((n = ws_decoder_feed(&c->decoder, bytes, len, frames, 64, &used)) > 0) {
        for (ws_result i = 0; i < n && c->state == OPEN; i++) {
            const uint8_t *chunk = bytes + frames[i].chunk_off;
            if (frames[i].opcode & 0x8)
                on_control_chunk(c, &frames[i], chunk);
            else
                on_data_chunk(c, &frames[i], chunk);
        }
        if (c->state != OPEN)
            return;
        bytes += used;
        len -= used;
    }
    if (n < 0)
        fail(c, n);
}

/* ------------------------------------------------------------- handshake */

/* Answers something that is no WebSocket, and ends the connection. */
static void send_reply(conn *c, uint16_t status, const char *headers, const char *body,
                       bool with_body) {
    uint8_t *to = reserve(&reply, MAX_HEADERS);
    size_t body_len = strlen(body);
    ws_result n = to ? ws_build_reply(status, headers, strlen(headers), body, body_len, to,
                                      MAX_HEADERS)
                     : WS_ERR_NO_MEMORY;
    if (n > 0)
        reply.len += (size_t)n - (with_body ? 0 : body_len);
    change(c, CLOSING);
}

static bool is(const uint8_t *head, ws_span span, const char *text) {
    return span.len == strlen(text) && memcmp(head + span.off, text, span.len) == 0;
}

/* A plain HTTP request. */
static void on_request(conn *c, const uint8_t *head, const ws_handshake *hs) {
    if (is(head, hs->method, "GET"))
        send_reply(c, 200, TEXT_PLAIN, HELLO, true);
    else if (is(head, hs->method, "HEAD"))
        send_reply(c, 200, TEXT_PLAIN, HELLO, false);
    else
        send_reply(c, 405, "Allow: GET, HEAD\r\n", "", true);
}

static void on_upgrade(conn *c, const uint8_t *head, const ws_handshake *hs) {
    ws_response_spec spec = {.key = {head + hs->key.off, hs->key.len}};
    ws_span protocol;
    if (ws_select_protocol(head, hs->head_len, PROTOCOLS, sizeof PROTOCOLS - 1, &protocol) == 1)
        spec.protocol = (ws_bytes){PROTOCOLS + protocol.off, protocol.len};
    uint8_t *to = reserve(&reply, MAX_HEADERS);
    ws_result n = to ? ws_build_response(&spec, sizeof spec, to, MAX_HEADERS) : 0;
    if (n > 0 && ws_decoder_init(&c->decoder, WS_SERVER, MAX_MESSAGE) == WS_OK) {
        reply.len += (size_t)n;
        change(c, OPEN);
    } else {
        change(c, CLOSING);
    }
}

/* Bytes of a head, and perhaps the first frames behind it. */
static void on_head(conn *c, uint8_t *bytes, size_t len) {
    buffer head = c->in; /* ours from here on */
    c->in = (buffer){0};
    if (head.len > 0) {
        if (!append(&head, bytes, len)) {
            release(&head);
            change(c, CLOSING);
            return;
        }
        bytes = head.data;
        len = head.len;
    }
    ws_handshake hs;
    ws_result n = ws_parse_handshake(bytes, len, &hs, sizeof hs);
    if (n > 0) {
        on_upgrade(c, bytes, &hs);
        if (c->state == OPEN)
            on_frames(c, bytes + n, len - (size_t)n);
    } else if (n == WS_ERR_NOT_UPGRADE) {
        on_request(c, bytes, &hs);
    } else if (n < 0) {
        send_reply(c, ws_http_status(n), TEXT_PLAIN, ws_strerror(n), true);
    } else if (head.len > 0 || append(&head, bytes, len)) {
        c->in = head; /* the rest is still to come */
        return;
    } else {
        change(c, CLOSING);
    }
    release(&head);
}

/* ---------------------------------------------------------------- events */

/* Returns false if the connection is lost. */
static bool on_readable(conn *c) {
    ssize_t n = read(c->watch.fd, input, sizeof input);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (n == 0)
        return false;
    if (c->state == CLOSING)
        return true;
    if (c->state == HANDSHAKE)
        on_head(c, input, (size_t)n);
    else
        on_frames(c, input, (size_t)n);
    return flush(c);
}

static void on_conn(watch *w) {
    conn *c = (conn *)w;
    if (!(c->out.len > 0 ? flush(c) : on_readable(c)))
        drop(c);
}

static void set_accepting(bool on) {
    for (int i = 0; i < listener_count && on != accepting; i++)
        watch_for(&listeners[i], EPOLL_CTL_MOD, on ? EPOLLIN : 0);
    accepting = on;
}

static void on_listener(watch *w) {
    int fd = accept4(w->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    conn *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c) {
        if (fd >= 0)
            close(fd);
        else if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM)
            return; /* the peer has gone already */
        set_accepting(false); /* until the next tick, or we would spin */
        return;
    }
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    c->watch = (watch){fd, on_conn};
    enter(c, HANDSHAKE);
    watch_for(&c->watch, EPOLL_CTL_ADD, EPOLLIN);
}

static void on_signal(watch *w) {
    struct signalfd_siginfo info;
    stopping = read(w->fd, &info, sizeof info) == sizeof info;
}

/* Drops those who let us wait too long. */
static void on_tick(void) {
    time_t t = now();
    while (impatient.next != &impatient && impatient.next->deadline <= t)
        drop(impatient.next);
    if (!stopping)
        set_accepting(true);
}

/* Waits for events, and handles them. */
static void turn(void) {
    struct epoll_event events[64];
    int n = epoll_wait(epoll_fd, events, 64, accepting ? 1000 : 100);
    for (int i = 0; i < n; i++) {
        watch *w = events[i].data.ptr;
        w->ready(w);
    }
    on_tick();
}

static void say_goodbye(void) {
    set_accepting(false);
    for (int i = 0; i < listener_count; i++)
        close(listeners[i].fd);
    while (settled.next != &settled) {
        conn *c = settled.next;
        send_close(c, WS_CLOSE_GOING_AWAY);
        if (!flush(c))
            drop(c);
    }
    for (conn *c = impatient.next, *next; c != &impatient; c = next) {
        next = c->next;
        if (c->state == HANDSHAKE)
            drop(c);
    }
    time_t deadline = now() + GOODBYE_SECONDS;
    while (impatient.next != &impatient && now() < deadline)
        turn();
    while (impatient.next != &impatient)
        drop(impatient.next);
}

/* ----------------------------------------------------------------- start */

static void die(const char *what, const char *why) {
    fprintf(stderr, "echo_server: %s: %s\n", what, why);
    exit(1);
}

static int listen_on(const struct addrinfo *a) {
    int yes = 1;
    int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (a->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
    if (bind(fd, a->ai_addr, a->ai_addrlen) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    close(fd);
    return -1;
}

static void announce(int fd) {
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char host[NI_MAXHOST], port[NI_MAXSERV];
    int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
    getsockname(fd, (struct sockaddr *)&address, &len);
    if (getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    numeric) == 0)
        printf(address.ss_family == AF_INET6 ? "listening on http://[%s]:%s\n"
                                             : "listening on http://%s:%s\n",
               host, port);
    fflush(stdout);
}

static void start_listening(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *all;
    int error = getaddrinfo(host, port, &hints, &all);
    if (error != 0)
        die(host, gai_strerror(error));
    for (struct addrinfo *a = all; a && listener_count < MAX_LISTENERS; a = a->ai_next) {
        int fd = listen_on(a);
        if (fd >= 0)
            listeners[listener_count++] = (watch){fd, on_listener};
    }
    freeaddrinfo(all);
    if (listener_count == 0)
        die(host, strerror(errno));
    for (int i = 0; i < listener_count; i++) {
        watch_for(&listeners[i], EPOLL_CTL_ADD, EPOLLIN);
        announce(listeners[i].fd);
    }
}

static void catch_signals(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signals = (watch){signalfd(-1, &set, SFD_CLOEXEC), on_signal};
    watch_for(&signals, EPOLL_CTL_ADD, EPOLLIN);
}

static const char USAGE[] =
    "Usage: echo_server [--host HOST] [--port PORT] [--handshake-timeout SECONDS]\n"
    "\n"
    "Echoes WebSocket messages of up to 16 MiB; says hello to a plain GET.\n"
    "\n"
    "  --host HOST                  name or address to listen on (127.0.0.1)\n"
    "  --port PORT                  0 for a free one (8080)\n"
    "  --handshake-timeout SECONDS  for opening and closing handshakes (10)\n"
    "  --help                       this text\n";

/* The number that `text` is, if it is one within these bounds. */
static long number(const char *option, const char *text, long min, long max) {
    char *end;
    long n = strtol(text, &end, 10);
    if (end == text || *end != '\0' || n < min || n > max)
        die(option, "not a number that makes sense here (see --help)");
    return n;
}

int main(int argc, char **argv) {
    static const struct option options[] = {{"host", required_argument, NULL, 'h'},
                                            {"port", required_argument, NULL, 'p'},
                                            {"handshake-timeout", required_argument, NULL, 't'},
                                            {"help", no_argument, NULL, 'H'},
                                            {NULL, 0, NULL, 0}};
    const char *host = "127.0.0.1", *port = "8080";
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            host = optarg;
        } else if (option == 'p') {
            number("--port", optarg, 0, 65535);
            port = optarg;
        } else if (option == 't') {
            patience = number("--handshake-timeout", optarg, 1, 86400);
        } else {
            bool asked = option == 'H';
            fputs(USAGE, asked ? stdout : stderr);
            return asked ? 0 : 2;
        }
    }
    if (optind < argc)
        die(argv[optind], "unexpected argument (see --help)");

    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    catch_signals();
    start_listening(host, port);
    while (!stopping)
        turn();
    say_goodbye();
    release(&reply);
    close(signals.fd);
    close(epoll_fd);
    return 0;
}
