/* Connections with TLS on the epoll loop of ../loop.h, for openssl_server.c and
 * gnutls_server.c.
 *
 * The TLS library never sees the socket: it reads encrypted input from `in`, which was
 * read from the socket, and writes encrypted output to `wire`, which is sent. Output of
 * the peer is encrypted in pieces, so that `wire` stays small. */
#ifndef TLS_H
#define TLS_H

#include "../loop.h"
#include "echo.h"

enum { PIECE = 64 << 10 };

typedef struct connection {
    peer peer;
    void *session;    /* of the TLS library */
    buffer in;        /* encrypted input */
    buffer wire;      /* encrypted output */
    uint32_t decoded; /* bytes of `in` that the TLS library has read */
    uint32_t sent;    /* bytes of `wire` that were sent */
    size_t encrypted; /* bytes of peer_output() that were encrypted */
    bool blocked;     /* epoll waits until output can be sent, not for input */
    bool ended;       /* the peer has ended TLS, or TLS failed */
    bool ready;       /* the handshake of TLS is done */
    bool closed;      /* we have ended TLS */
} connection;

/* ---- defined by the program, for its TLS library ---- */

/* Returns false if there is no memory. */
static bool start_tls(connection *c);
static void free_tls(connection *c);

/* Continues the handshake of TLS, if it is not done. Returns the number of bytes that
 * it decrypted, 0 if more input is needed, or -1 at the end. */
static ssize_t decrypt(connection *c, void *to, size_t cap);

/* Encrypts bytes into `wire`. Returns false on failure. */
static bool encrypt(connection *c, const void *bytes, size_t len);

/* Writes a close_notify into `wire`. */
static void end_tls(connection *c);

/* ---- the command line ---- */

static const char *cert_file, *key_file;

static const extra_option TLS_OPTIONS[] = {
    {"cert", "FILE",
     "a certificate chain in PEM; without it, a self-signed\n"
     "                               certificate is made now",
     &cert_file},
    {"key", "FILE", "its private key in PEM", &key_file},
    {0},
};

static void configure_tls(int argc, char **argv, const char *where) {
    extra_options = TLS_OPTIONS;
    configure_echo(argc, argv, where);
    if (!cert_file != !key_file)
        reject(cert_file ? "--cert" : "--key", "needs --cert and --key");
}

/* ---- bytes ---- */

/* Reads encrypted input from the socket. */
static void on_readable(connection *c) {
    ssize_t n = recv(c->peer.fd, input, READ_SIZE / 4, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        peer_end(&c->peer);
    else if (n > 0 && !append(&c->in, input, (size_t)n))
        drop(&c->peer, ws_strerror(WS_ERR_NO_MEMORY));
}

static void handle_input(connection *c) {
    ssize_t n = 1;
    while (n > 0 && peer_reads(&c->peer) && !c->ended) {
        n = decrypt(c, input, READ_SIZE);
        if (n > 0)
            peer_input(&c->peer, input, (size_t)n);
        c->ended = n < 0;
    }
    if (c->decoded == c->in.len) {
        release(&c->in);
        c->decoded = 0;
    }
}

/* Encrypts the next piece of output. After the last one, TLS ends if it has to. */
static void encrypt_output(connection *c) {
    peer *p = &c->peer;
    ws_bytes out = peer_output(p);
    bool finishes = peer_finishes(p) || (c->ended && out.len == 0);
    if (out.len > 0) {
        size_t left = out.len - c->encrypted, len = left < PIECE ? left : PIECE;
        if (!encrypt(c, (const uint8_t *)out.data + c->encrypted, len))
            drop(p, "cannot encrypt");
        c->encrypted += len;
    } else if (finishes && !c->closed) {
        end_tls(c);
        c->closed = true;
    }
}

/* Returns whether all of `wire` is sent. */
static bool send_wire(connection *c) {
    peer *p = &c->peer;
    while (c->sent < c->wire.len && p->state != DROPPED) {
        const uint8_t *bytes = c->wire.data + c->sent;
        ssize_t n = send(p->fd, bytes, c->wire.len - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN)
            return false;
        if (n < 0 && errno != EINTR)
            drop(p, strerror(errno));
        c->sent += n > 0 ? (uint32_t)n : 0;
        if (n > 0 && p->waits)
            restart_deadline(p);
    }
    release(&c->wire);
    c->sent = 0;
    return true;
}

/* Encrypts and sends one piece. Returns whether there may be more to do. */
static bool send_piece(connection *c) {
    peer *p = &c->peer;
    if (c->wire.len == 0)
        encrypt_output(c);
    bool had_output = c->wire.len > 0, sent = send_wire(c);
    if (sent && c->encrypted == peer_output(p).len) {
        peer_sent(p, c->encrypted);
        c->encrypted = 0;
    } else if (!sent && c->encrypted > 0) {
        peer_sent(p, 0);
    }
    return had_output && sent && p->state != DROPPED;
}

/* ---- the loop's part ---- */

static void update_peer(peer *p) {
    connection *c = (connection *)p;
    do
        handle_input(c);
    while (send_piece(c));
    bool blocked = c->wire.len > 0;
    if (blocked != c->blocked)
        watch(p->fd, EPOLL_CTL_MOD, blocked ? EPOLLOUT : EPOLLIN, p);
    c->blocked = blocked;
    if (c->closed && !blocked)
        shutdown(p->fd, SHUT_WR);
    if (c->ended && c->closed && !blocked)
        peer_end(p);
    if (p->state != DROPPED)
        return;
    peer_remove(p);
    free_tls(c);
    release(&c->in);
    release(&c->wire);
    close(p->fd);
    free(c);
}

static void on_peer_event(peer *p) {
    connection *c = (connection *)p;
    if (!c->blocked && peer_reads(p))
        on_readable(c);
    update_peer(p);
}

static void add_peer(int fd) {
    connection *c = calloc(1, sizeof *c);
    if (c && start_tls(c)) {
        c->peer.fd = fd;
        if (peer_add(&c->peer, peer_address(fd))) {
            watch(fd, EPOLL_CTL_ADD, EPOLLIN, c);
            return;
        }
        free_tls(c);
    }
    free(c);
    close(fd);
}

#endif
