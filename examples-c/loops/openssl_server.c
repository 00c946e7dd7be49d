/* An echo server with TLS by OpenSSL, for wss.
 *
 * OpenSSL reads and writes memory BIOs, not the socket, as wscodec reads and writes
 * buffers: tls.h moves the bytes. */
#define _GNU_SOURCE
#include "../openssl.h"
#include "tls.h"

static SSL_CTX *context;

/* ---- bytes ---- */

static bool start_tls(connection *c) {
    SSL *ssl = SSL_new(context);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    if (!ssl || !in || !out) {
        SSL_free(ssl);
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    SSL_set_bio(ssl, in, out);
    SSL_set_accept_state(ssl);
    c->session = ssl;
    return true;
}

static void free_tls(connection *c) {
    SSL_free(c->session);
}

/* Moves what OpenSSL wrote into `wire`. */
static void move_output(connection *c) {
    BIO *out = SSL_get_wbio(c->session);
    size_t len = BIO_ctrl_pending(out);
    uint8_t *to = len > 0 ? reserve(&c->wire, len) : NULL;
    if (len > 0 && !to)
        drop(&c->peer, ws_strerror(WS_ERR_NO_MEMORY));
    else if (len > 0)
        c->wire.len += (uint32_t)BIO_read(out, to, (int)len);
}

static ssize_t decrypt(connection *c, void *to, size_t cap) {
    SSL *ssl = c->session;
    int len = (int)c->in.len;
    if (c->decoded < c->in.len && BIO_write(SSL_get_rbio(ssl), c->in.data, len) != len)
        return -1;
    c->decoded = c->in.len;
    ERR_clear_error();
    int n = SSL_read(ssl, to, (int)cap), error = SSL_get_error(ssl, n);
    if (error == SSL_ERROR_SSL)
        LOG(&c->peer, "TLS: %s", ERR_reason_error_string(ERR_peek_error()));
    move_output(c); /* the handshake, a key update, an alert */
    return n > 0 ? n : error == SSL_ERROR_WANT_READ ? 0 : -1;
}

static bool encrypt(connection *c, const void *bytes, size_t len) {
    int n = SSL_write(c->session, bytes, (int)len);
    move_output(c);
    return n == (int)len;
}

static void end_tls(connection *c) {
    ERR_clear_error();
    if (SSL_is_init_finished(c->session))
        SSL_shutdown(c->session);
    move_output(c);
}

int main(int argc, char **argv) {
    configure_tls(argc, argv, "Uses TLS by OpenSSL.");
    context = new_tls(cert_file, key_file, NULL);
    run("https");
    SSL_CTX_free(context);
    return 0;
}
