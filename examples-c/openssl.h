/* TLS with OpenSSL: the certificate of a server, and the choice of a protocol by ALPN.
 */
#ifndef OPENSSL_H
#define OPENSSL_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "tls_error.h"

/* ---- a certificate for tests ---- */

static inline bool add_names(X509 *certificate) {
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, &context, NID_subject_alt_name,
                                                "DNS:localhost, IP:127.0.0.1, IP:::1");
    bool added = names && X509_add_ext(certificate, names, -1) == 1;
    X509_EXTENSION_free(names);
    return added;
}

/* Fills in a certificate for localhost, which is signed with its own key and valid for
 * a day. */
static inline bool fill_in(X509 *certificate, EVP_PKEY *key) {
    X509_NAME *name = X509_get_subject_name(certificate);
    return X509_set_version(certificate, 2) &&
           ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1) &&
           X509_gmtime_adj(X509_getm_notBefore(certificate), -3600) &&
           X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 3600) &&
           X509_set_pubkey(certificate, key) &&
           X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                      (const unsigned char *)"localhost", -1, -1, 0) &&
           X509_set_issuer_name(certificate, name) && add_names(certificate) &&
           X509_sign(certificate, key, EVP_sha256()) > 0;
}

static inline void use_own_certificate(SSL_CTX *tls) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    if (!key || !certificate || !fill_in(certificate, key) ||
        SSL_CTX_use_certificate(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(tls, key) != 1)
        die_of_tls("certificate");
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static inline void load_certificate(SSL_CTX *tls, const char *certificate,
                                    const char *key) {
    if (SSL_CTX_use_certificate_chain_file(tls, certificate) != 1)
        die_of_tls(certificate);
    if (SSL_CTX_use_PrivateKey_file(tls, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(tls) != 1)
        die_of_tls(key);
}

/* ---- the context of a server ---- */

/* Chooses the first protocol of ours, which are at `ours`, that the client offers, too.
 * Without a common one, the handshake fails (RFC 7301, 3.2). */
static int choose_protocol(SSL *tls, const unsigned char **chosen, unsigned char *len,
                           const unsigned char *offered, unsigned offered_len,
                           void *ours) {
    (void)tls;
    unsigned char *out = NULL;
    int result = SSL_select_next_proto(&out, len, ours, (unsigned)strlen(ours), offered,
                                       offered_len);
    *chosen = out;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK
                                            : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* `protocols`, for ALPN, e.g. "\x02h2\x08http/1.1". Without a file of a certificate,
 * one is made. */
static inline SSL_CTX *new_tls(const char *certificate, const char *key,
                               const char *protocols) {
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1)
        die_of_tls("TLS");
    if (certificate)
        load_certificate(tls, certificate, key);
    else
        use_own_certificate(tls);
    /* WebSocket and HTTP/2 see for themselves whether a stream was cut off. */
    SSL_CTX_set_options(tls, SSL_OP_IGNORE_UNEXPECTED_EOF);
    /* As HTTP/2 demands (RFC 9113, 9.2). */
    SSL_CTX_set_options(tls, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    if (SSL_CTX_set_cipher_list(tls, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1)
        die_of_tls("TLS");
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    if (protocols)
        SSL_CTX_set_alpn_select_cb(tls, choose_protocol, (void *)protocols);
    return tls;
}

#endif
