/* TLS for wss, with OpenSSL. Without it (see the Makefile), the same functions refuse.
 */
#ifndef TLS_H
#define TLS_H

#include <sys/types.h>

#include "program.h"

typedef struct tls_options {
    const char *ca, *cert, *key; /* PEM files, or NULL */
    bool insecure;
} tls_options;

/* Results of reads and writes that are no number of bytes. */
enum { IO_AGAIN = -1, IO_FAILED = -2 };

#ifdef WITH_TLS

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls_error.h"

typedef SSL tls;

static inline const char *tls_version(void) {
    return OpenSSL_version(OPENSSL_VERSION);
}

/* Why the last operation failed. */
static inline const char *tls_error(tls *t) {
    unsigned long code = ERR_peek_last_error();
    long verify = t ? SSL_get_verify_result(t) : X509_V_OK;
    if (verify != X509_V_OK)
        return X509_verify_cert_error_string(verify);
    if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
        ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER)
        return "the response is not TLS";
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    return reason ? reason : errno != 0 ? strerror(errno) : "TLS failed";
}

static inline void tls_check(int result, const char *what) {
    if (result != 1)
        die_of_tls(what);
}

static inline SSL_CTX *tls_context(const tls_options *o) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    tls_check(context != NULL, "TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(context, o->insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
    if (o->ca)
        tls_check(SSL_CTX_load_verify_locations(context, o->ca, NULL), o->ca);
    else
        tls_check(SSL_CTX_set_default_verify_paths(context), "certificates");
    if (o->cert)
        tls_check(SSL_CTX_use_certificate_chain_file(context, o->cert), o->cert);
    if (o->key)
        tls_check(SSL_CTX_use_PrivateKey_file(context, o->key, SSL_FILETYPE_PEM),
                  o->key);
    return context;
}

/* Returns a session. The certificate must be for `host`, an address or a name; only
 * names have SNI (RFC 6066, 3). */
static inline tls *tls_new(const tls_options *o, const char *host) {
    static const unsigned char alpn[] = "\x08http/1.1";
    struct in6_addr address;
    SSL_CTX *context = tls_context(o);
    tls *t = SSL_new(context);
    tls_check(t != NULL, "TLS");
    SSL_CTX_free(context); /* the session keeps it */
    SSL_set_alpn_protos(t, alpn, sizeof alpn - 1);
    if (inet_pton(AF_INET, host, &address) == 1 ||
        inet_pton(AF_INET6, host, &address) == 1) {
        tls_check(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(t), host), host);
    } else {
        tls_check((int)SSL_set_tlsext_host_name(t, host), host);
        tls_check(SSL_set1_host(t, host), host);
    }
    return t;
}

static inline void tls_attach(tls *t, int fd) {
    tls_check(SSL_set_fd(t, fd), "TLS");
}

/* The result of an operation that returned `n`; *wants_write if it waits to write. */
static inline ssize_t tls_result(tls *t, int n, bool *wants_write) {
    int error = n > 0 ? SSL_ERROR_NONE : SSL_get_error(t, n);
    *wants_write = error == SSL_ERROR_WANT_WRITE;
    if (n > 0)
        return n;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return IO_AGAIN;
    /* The WebSocket layer notices whether the end came too early. */
    if (error == SSL_ERROR_ZERO_RETURN ||
        ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        return 0;
    return IO_FAILED;
}

static inline ssize_t tls_handshake(tls *t, bool *wants_write) {
    ERR_clear_error();
    errno = 0;
    return tls_result(t, SSL_connect(t), wants_write);
}

static inline ssize_t tls_read(tls *t, void *to, size_t cap, bool *wants_write) {
    ERR_clear_error();
    errno = 0;
    return tls_result(t, SSL_read(t, to, cap > INT_MAX ? INT_MAX : (int)cap),
                      wants_write);
}

static inline ssize_t tls_write(tls *t, const void *from, size_t len,
                                bool *wants_write) {
    ERR_clear_error();
    errno = 0;
    ssize_t n = tls_result(t, SSL_write(t, from, len > INT_MAX ? INT_MAX : (int)len),
                           wants_write);
    return n == 0 ? IO_FAILED : n;
}

static inline void tls_shutdown(tls *t) {
    ERR_clear_error();
    SSL_shutdown(t);
}

static inline void tls_free(tls *t) {
    SSL_free(t);
}

static inline const char *tls_protocol(tls *t) {
    return SSL_get_version(t);
}

static inline const char *tls_cipher(tls *t) {
    return SSL_get_cipher_name(t);
}

#else

typedef struct tls tls;

static inline const char *tls_version(void) {
    return "without TLS";
}

static inline tls *tls_new(const tls_options *o, const char *host) {
    (void)o, (void)host;
    die("wss", "built without TLS: install libssl-dev and build again");
}

static inline void tls_attach(tls *t, int fd) {
    (void)t, (void)fd;
}

static inline const char *tls_error(tls *t) {
    (void)t;
    return "built without TLS";
}

static inline ssize_t tls_handshake(tls *t, bool *wants_write) {
    (void)t, (void)wants_write;
    return IO_FAILED;
}

static inline ssize_t tls_read(tls *t, void *to, size_t cap, bool *wants_write) {
    (void)t, (void)to, (void)cap, (void)wants_write;
    return IO_FAILED;
}

static inline ssize_t tls_write(tls *t, const void *from, size_t len,
                                bool *wants_write) {
    (void)t, (void)from, (void)len, (void)wants_write;
    return IO_FAILED;
}

static inline void tls_shutdown(tls *t) {
    (void)t;
}

static inline void tls_free(tls *t) {
    (void)t;
}

static inline const char *tls_protocol(tls *t) {
    (void)t;
    return "";
}

static inline const char *tls_cipher(tls *t) {
    (void)t;
    return "";
}

#endif
#endif
