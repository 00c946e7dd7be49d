/* An echo server with TLS by OpenSSL, for wss.
 *
 * OpenSSL reads and writes memory BIOs, not the socket, as wscodec reads and writes
 * buffers: tls.h moves the bytes. */
#define _GNU_SOURCE
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

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
    uint8_t *to = reserve(&c->wire, len);
    if (len > 0 && !to)
        drop(&c->peer, ws_strerror(WS_ERR_NO_MEMORY));
    else if (len > 0)
        c->wire.len += (uint32_t)BIO_read(out, to, (int)len);
}

static ssize_t decrypt(connection *c, void *to, size_t cap) {
    SSL *ssl = c->session;
    if (c->decoded < c->in.len)
        BIO_write(SSL_get_rbio(ssl), c->in.data, (int)c->in.len);
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

/* ---- the certificate ---- */

static void check(bool success, const char *what) {
    const char *reason = success ? "" : ERR_reason_error_string(ERR_peek_error());
    if (!success)
        die(what, reason ? reason : "OpenSSL failed");
}

static void add_extension(X509 *cert, int nid, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    check(extension && X509_add_ext(cert, extension, -1), "certificate");
    X509_EXTENSION_free(extension);
}

/* Makes a certificate for localhost that is valid for a day. */
static void make_certificate(void) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    check(key && cert, "certificate");
    X509_NAME *name = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)"localhost",
                               -1, -1, 0);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(cert), (int64_t)time(NULL));
    X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
    X509_gmtime_adj(X509_getm_notAfter(cert), SECONDS_PER_DAY);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    add_extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1,IP:::1");
    check(X509_sign(cert, key, EVP_sha256()) > 0, "certificate");
    check(SSL_CTX_use_certificate(context, cert) == 1, "certificate");
    check(SSL_CTX_use_PrivateKey(context, key) == 1, "private key");
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void create_context(void) {
    context = SSL_CTX_new(TLS_server_method());
    check(context != NULL, "SSL_CTX_new");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    if (!cert_file) {
        make_certificate();
        return;
    }
    check(SSL_CTX_use_certificate_chain_file(context, cert_file) == 1, cert_file);
    check(SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) == 1,
          key_file);
}

int main(int argc, char **argv) {
    configure_tls(argc, argv, "Uses TLS by OpenSSL.");
    create_context();
    run("https");
    SSL_CTX_free(context);
    return 0;
}
