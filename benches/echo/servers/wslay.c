/* An echo server on wslay's event interface, with the callbacks of its manual: it reads
 * and writes the socket by itself, and writes each message when it comes to it. wslay
 * has no opening handshake; that is borrowed from wscodec. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wscodec.h>
#include <wslay/wslay.h>

typedef struct conn {
    int fd;
    wslay_event_context_ptr ctx; /* from the handshake on */
    uint32_t watched;
} conn;

static int epoll_fd;

/* ---- callbacks of wslay ---- */

static ssize_t on_recv(wslay_event_context_ptr ctx, uint8_t *buf, size_t len, int flags,
                       void *user) {
    (void)flags;
    ssize_t n = recv(((conn *)user)->fd, buf, len, 0);
    if (n > 0)
        return n;
    bool later = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    wslay_event_set_error(ctx,
                          later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static ssize_t on_send(wslay_event_context_ptr ctx, const uint8_t *data, size_t len,
                       int flags, void *user) {
    int more = flags & WSLAY_MSG_MORE ? MSG_MORE : 0;
    ssize_t n = send(((conn *)user)->fd, data, len, MSG_NOSIGNAL | more);
    if (n >= 0)
        return n;
    bool later = errno == EAGAIN || errno == EWOULDBLOCK;
    wslay_event_set_error(ctx,
                          later ? WSLAY_ERR_WOULDBLOCK : WSLAY_ERR_CALLBACK_FAILURE);
    return -1;
}

static void on_message(wslay_event_context_ptr ctx,
                       const struct wslay_event_on_msg_recv_arg *arg, void *user) {
    (void)user;
    struct wslay_event_msg message = {arg->opcode, arg->msg, arg->msg_length};
    if (!wslay_is_ctrl_frame(arg->opcode))
        wslay_event_queue_msg(ctx, &message);
}

/* ---- connections ---- */

static void drop(conn *c) {
    close(c->fd);
    wslay_event_context_free(c->ctx);
    free(c);
}

/* All at once, for the generator sends it so. */
static bool shake_hands(conn *c) {
    static const struct wslay_event_callbacks callbacks = {
        .recv_callback = on_recv,
        .send_callback = on_send,
        .on_msg_recv_callback = on_message,
    };
    char head[4096], answer[512];
    ws_handshake hs;
    ssize_t n = recv(c->fd, head, sizeof head, 0);
    if (n <= 0 || ws_parse_handshake(head, (size_t)n, &hs, sizeof hs) != n)
        return false;
    ws_response_spec spec = {.key = {head + hs.key.off, hs.key.len}};
    ws_result len = ws_build_response(&spec, sizeof spec, answer, sizeof answer);
    return len > 0 && send(c->fd, answer, (size_t)len, MSG_NOSIGNAL) == len &&
           wslay_event_context_server_init(&c->ctx, &callbacks, c) == 0;
}

static void watch_anew(conn *c) {
    uint32_t events = (wslay_event_want_read(c->ctx) ? EPOLLIN : 0U) |
                      (wslay_event_want_write(c->ctx) ? EPOLLOUT : 0U);
    struct epoll_event event = {.events = events, .data.ptr = c};
    if (events != c->watched)
        epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
    c->watched = events;
}

static void on_event(conn *c, uint32_t events) {
    bool fine;
    if (!c->ctx)
        fine = shake_hands(c);
    else
        fine = (!(events & ~(uint32_t)EPOLLOUT) || wslay_event_recv(c->ctx) == 0) &&
               wslay_event_send(c->ctx) == 0 &&
               (wslay_event_want_read(c->ctx) || wslay_event_want_write(c->ctx));
    if (fine)
        watch_anew(c);
    else
        drop(c);
}

static void on_listener(int listener) {
    int yes = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    conn *c = fd >= 0 ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    *c = (conn){.fd = fd, .watched = EPOLLIN};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int listening(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, SOMAXCONN) < 0)
        exit(1);
    struct epoll_event event = {.events = EPOLLIN}; /* data.ptr NULL: the listener */
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

int main(int argc, char **argv) {
    struct epoll_event events[64];
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    int listener = listening(argc > 1 ? atoi(argv[1]) : 0);
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 64, -1);
        for (int i = 0; i < n; i++)
            if (events[i].data.ptr)
                on_event(events[i].data.ptr, events[i].events);
            else
                on_listener(listener);
    }
}
