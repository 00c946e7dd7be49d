/* An echo server for one TLS client: CERTIFICATE KEY. */
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#include "tls.inc"

static bool send_ciphertext(const tls *t, int fd) {
    uint8_t bytes[4096];
    size_t n;
    while (BIO_read_ex(t->out, bytes, sizeof bytes, &n) == 1)
        if (send(fd, bytes, n, MSG_NOSIGNAL) != (ssize_t)n)
            return false;
    return true;
}

int main(int argc, char **argv) {
    static uint8_t bytes[5000]; /* cuts records */
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    client c = {0};
    tls t;
    CHECK(argc >= 3);
    CHECK(SSL_CTX_use_certificate_chain_file(context, argv[1]) == 1);
    CHECK(SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) == 1);
    configure(0, NULL);
    int listener = start_listening();
    c.fd = accept(listener, NULL, NULL);
    CHECK(tls_init(&t, context));
    bool open = true;
    while (open && !c.ended) {
        ssize_t n = recv(c.fd, bytes, sizeof bytes, 0);
        open = n > 0 && tls_on_bytes(&t, &c, bytes, (size_t)n);
        if (!send_ciphertext(&t, c.fd))
            open = false;
    }
    if (c.ended)
        SSL_shutdown(t.ssl);
    send_ciphertext(&t, c.fd);
    shutdown(c.fd, SHUT_WR);
    while (recv(c.fd, bytes, sizeof bytes, 0) > 0)
        continue;
    bool closed = c.ws && ws_conn_finish(c.ws) == WS_OK;
    close(c.fd);
    close(listener);
    ws_conn_free(c.ws);
    free(c.head.data);
    SSL_free(t.ssl);
    SSL_CTX_free(context);
    return closed ? 0 : 1;
}
