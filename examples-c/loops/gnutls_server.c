/* An echo server with TLS by GnuTLS, for wss.
 *
 * GnuTLS reads and writes through two functions, which use buffers and not the socket:
 * tls.h moves the bytes. */
#define _GNU_SOURCE
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "tls.h"

static gnutls_certificate_credentials_t credentials;
static gnutls_priority_t priorities;

/* ---- bytes ---- */

static ssize_t pull(gnutls_transport_ptr_t transport, void *to, size_t cap) {
    connection *c = transport;
    size_t left = c->in.len - c->decoded, n = left < cap ? left : cap;
    if (n == 0) {
        gnutls_transport_set_errno(c->session, EAGAIN);
        return -1;
    }
    memcpy(to, c->in.data + c->decoded, n);
    c->decoded += (uint32_t)n;
    return (ssize_t)n;
}

static ssize_t push(gnutls_transport_ptr_t transport, const void *from, size_t len) {
    connection *c = transport;
    if (append(&c->wire, from, len))
        return (ssize_t)len;
    gnutls_transport_set_errno(c->session, ENOMEM);
    return -1;
}

static bool start_tls(connection *c) {
    gnutls_session_t session;
    if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK) < 0)
        return false;
    gnutls_priority_set(session, priorities);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_ptr(session, c);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_push_function(session, push);
    gnutls_handshake_set_timeout(session, GNUTLS_INDEFINITE_TIMEOUT);
    c->session = session;
    return true;
}

static void free_tls(connection *c) {
    gnutls_deinit(c->session);
}

/* Reports an error to the client by an alert. */
static ssize_t fail(connection *c, int error) {
    LOG(&c->peer, "TLS: %s", gnutls_strerror(error));
    gnutls_alert_send_appropriate(c->session, error);
    return -1;
}

/* A record without data, or a warning. Renegotiation is refused. */
static bool is_harmless(ssize_t n) {
    return n < 0 && n != GNUTLS_E_REHANDSHAKE && !gnutls_error_is_fatal((int)n);
}

static bool may_continue(const connection *c, ssize_t n) {
    return is_harmless(n) && c->decoded < c->in.len;
}

static ssize_t decrypt(connection *c, void *to, size_t cap) {
    ssize_t n = 0;
    while (!c->ready && (n = gnutls_handshake(c->session)) != 0 && may_continue(c, n))
        continue;
    c->ready = n == 0;
    if (c->ready)
        do
            n = gnutls_record_recv(c->session, to, cap);
        while (may_continue(c, n));
    if (c->ready && n == 0) /* a close_notify */
        return -1;
    if (is_harmless(n))
        return 0;
    return n >= 0 ? n : fail(c, (int)n);
}

static bool encrypt(connection *c, const void *bytes, size_t len) {
    const uint8_t *from = bytes;
    while (len > 0) { /* a record at a time */
        ssize_t n = gnutls_record_send(c->session, from, len);
        if (n < 0)
            return false;
        from += n;
        len -= (size_t)n;
    }
    return true;
}

static void end_tls(connection *c) {
    if (c->ready)
        gnutls_bye(c->session, GNUTLS_SHUT_WR);
}

/* ---- the certificate ---- */

static void check(int error, const char *what) {
    if (error < 0)
        die(what, gnutls_strerror(error));
}

/* Makes a certificate for localhost that is valid for a day. */
static void make_certificate(void) {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t cert;
    const uint8_t serial[] = {1}, address[] = {127, 0, 0, 1};
    time_t present = time(NULL);
    check(gnutls_x509_privkey_init(&key), "private key");
    check(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA,
                                       GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1),
                                       0),
          "private key");
    check(gnutls_x509_crt_init(&cert), "certificate");
    gnutls_x509_crt_set_version(cert, 3);
    gnutls_x509_crt_set_serial(cert, serial, sizeof serial);
    gnutls_x509_crt_set_activation_time(cert, present - 3600);
    gnutls_x509_crt_set_expiration_time(cert, present + SECONDS_PER_DAY);
    check(gnutls_x509_crt_set_dn(cert, "CN=localhost", NULL), "certificate");
    check(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_DNSNAME, "localhost", 9,
                                               GNUTLS_FSAN_SET),
          "certificate");
    check(gnutls_x509_crt_set_subject_alt_name(cert, GNUTLS_SAN_IPADDRESS, address,
                                               sizeof address, GNUTLS_FSAN_APPEND),
          "certificate");
    check(gnutls_x509_crt_set_key(cert, key), "certificate");
    check(gnutls_x509_crt_sign2(cert, cert, key, GNUTLS_DIG_SHA256, 0), "certificate");
    check(gnutls_certificate_set_x509_key(credentials, &cert, 1, key), "certificate");
    gnutls_x509_crt_deinit(cert);
    gnutls_x509_privkey_deinit(key);
}

int main(int argc, char **argv) {
    configure_tls(argc, argv, "Uses TLS by GnuTLS.");
    check(gnutls_certificate_allocate_credentials(&credentials), "GnuTLS");
    check(gnutls_priority_init(&priorities, "NORMAL:-VERS-TLS1.1:-VERS-TLS1.0", NULL),
          "GnuTLS");
    if (cert_file)
        check(gnutls_certificate_set_x509_key_file(credentials, cert_file, key_file,
                                                   GNUTLS_X509_FMT_PEM),
              cert_file);
    else
        make_certificate();
    run("https");
    gnutls_priority_deinit(priorities);
    gnutls_certificate_free_credentials(credentials);
    return 0;
}
