/* A channel to a client: a TCP socket that does not block, with or without TLS. */
#ifndef CHANNEL_H
#define CHANNEL_H

#include "client_address.h"
#include "openssl.h"
#include "peer.h"

typedef struct channel {
    int fd;
    SSL *tls;            /* NULL: without TLS */
    bool failed;         /* TLS: nothing can be sent any more */
    bool wants_to_write; /* TLS: the handshake has output for which there is no room */
} channel;

enum { WOULD_BLOCK = -1, ENDED = -2 };

static void close_channel(channel *c) {
    SSL_free(c->tls);
    close(c->fd);
}

/* Returns false, and closes the socket, if there is no memory. `tls` may be NULL. */
static bool open_channel(channel *c, int fd, SSL_CTX *tls) {
    *c = (channel){.fd = fd, .tls = tls ? SSL_new(tls) : NULL};
    if (!tls)
        return true;
    if (!c->tls || SSL_set_fd(c->tls, fd) != 1) {
        close_channel(c);
        return false;
    }
    SSL_set_mode(c->tls,
                 SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_accept_state(c->tls);
    return true;
}

/* `n` is what SSL_read() or SSL_write() returned. */
static ssize_t tls_result(channel *c, int n) {
    int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(c->tls, n);
    c->wants_to_write = error == SSL_ERROR_WANT_WRITE;
    c->failed |= error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL;
    if (n > 0)
        return n;
    if (error == SSL_ERROR_SSL)
        log_text("%s: TLS: %s\n", peer_address(c->fd),
                 ERR_reason_error_string(ERR_peek_error()));
    ERR_clear_error(); /* OpenSSL has one list of errors for all connections */
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? WOULD_BLOCK
                                                                         : ENDED;
}

static ssize_t socket_result(ssize_t n) {
    if (n > 0)
        return n;
    return n < 0 && (errno == EAGAIN || errno == EINTR) ? WOULD_BLOCK : ENDED;
}

/* Returns the number of bytes, WOULD_BLOCK or ENDED. */
static ssize_t channel_read(channel *c, void *to, size_t cap) {
    if (!c->tls)
        return socket_result(recv(c->fd, to, cap, 0));
    return tls_result(c, SSL_read(c->tls, to, (int)cap));
}

/* Returns how many of the bytes were accepted; ENDED if no more will ever be. After
 * fewer than `len`, the next call must start with the rest of the same bytes. */
static ssize_t channel_write(channel *c, const uint8_t *bytes, size_t len) {
    size_t sent = 0;
    ssize_t n = 1;
    while (sent < len && n > 0) {
        if (c->tls)
            n = tls_result(c, SSL_write(c->tls, bytes + sent, (int)(len - sent)));
        else
            n = socket_result(send(c->fd, bytes + sent, len - sent, MSG_NOSIGNAL));
        sent += n > 0 ? (size_t)n : 0;
    }
    return n == ENDED ? ENDED : (ssize_t)sent;
}

/* Ends our output. The client can still send. */
static void end_channel(channel *c) {
    if (c->tls && !c->failed && SSL_is_init_finished(c->tls) &&
        SSL_shutdown(c->tls) < 0)
        ERR_clear_error();
    shutdown(c->fd, SHUT_WR);
}

/* Returns whether the client chose HTTP/2 by ALPN. */
static bool chose_h2(const channel *c) {
    const unsigned char *name = NULL;
    unsigned len = 0;
    SSL_get0_alpn_selected(c->tls, &name, &len);
    return len == 2 && memcmp(name, "h2", 2) == 0;
}

#endif
