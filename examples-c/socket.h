/* What the event loop does with a socket: it reads, sends, and closes. */
#ifndef SOCKET_H
#define SOCKET_H

#include "loop.h"

/* ---- sending ---- */

/* Returns how many of the bytes the socket accepted. */
static size_t try_to_send(peer *p, const uint8_t *bytes, size_t len) {
    size_t sent = 0;
    while (sent < len && p->state != DROPPED) {
        ssize_t n = send(p->fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n >= 0)
            sent += (size_t)n;
        else if (errno == EAGAIN)
            break;
        else if (errno != EINTR)
            drop(p, strerror(errno));
    }
    return sent;
}

/* Sends what the socket accepts now. While output waits, epoll waits until it can be
 * sent, and not for input. */
static void flush(peer *p) {
    bool waited = p->waits;
    ws_bytes out;
    do {
        out = peer_output(p);
        if (out.len > 0)
            peer_sent(p, try_to_send(p, out.data, out.len));
    } while (out.len > 0 && !p->waits);
    if (p->waits != waited)
        watch(p->fd, EPOLL_CTL_MOD, p->waits ? EPOLLOUT : EPOLLIN, p);
    if (peer_finishes(p))
        shutdown(p->fd, SHUT_WR);
}

/* ---- peers ---- */

static void add_peer(int fd) {
    peer *p = calloc(1, sizeof *p);
    if (!p || !peer_add(p, peer_address(fd))) {
        free(p);
        close(fd);
        return;
    }
    p->fd = fd;
    watch(fd, EPOLL_CTL_ADD, EPOLLIN, p);
}

static void update_peer(peer *p) {
    flush(p);
    if (p->state != DROPPED)
        return;
    peer_remove(p);
    close(p->fd);
    free(p);
}

/* ---- events ---- */

static void on_readable(peer *p) {
    ssize_t n = recv(p->fd, input, READ_SIZE, 0);
    if (n > 0)
        peer_input(p, input, (size_t)n);
    else if (n == 0 || (errno != EAGAIN && errno != EINTR))
        peer_end(p);
}

static void on_peer_event(peer *p) {
    if (peer_reads(p))
        on_readable(p);
    update_peer(p);
}

#endif
