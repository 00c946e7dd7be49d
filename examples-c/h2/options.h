/* The options of TLS and HTTP/2. */
#ifndef H2_OPTIONS_H
#define H2_OPTIONS_H

#include "../options.h"

static struct h2_options {
    const char *certificate, *key; /* files */
    bool tls;
    long idle_timeout; /* seconds */
} h2_options = {.tls = true, .idle_timeout = 60};

#define SPACE "\n                               "

static inline void read_h2_options(int argc, char **argv, const char *purpose) {
    static struct h2_options *o = &h2_options;
    static const char *no_tls, *idle;
    static const extra_option EXTRA[] = {
        {"cert", "FILE",
         "PEM: the certificate of the server, then those of" SPACE
         "its issuers; without it, the server makes one that" SPACE "no client trusts",
         &h2_options.certificate},
        {"key", "FILE", "PEM: the private key of the certificate", &h2_options.key},
        {"no-tls", NULL, "speak without TLS, e.g. behind a proxy", &no_tls},
        {"idle-timeout", "SECONDS",
         "close a connection of HTTP/2 that has had no stream" SPACE "for so long (60)",
         &idle},
        {NULL, NULL, NULL, NULL},
    };
    extra_options = EXTRA;
    read_options(argc, argv, purpose);
    if (idle)
        o->idle_timeout = seconds("--idle-timeout", idle, 1);
    o->tls = !no_tls;
    if (!o->certificate != !o->key)
        reject(o->key ? "--key" : "--cert", o->key ? "needs --cert" : "needs --key");
    if (no_tls && o->key)
        reject("--no-tls", "not possible with --cert");
}

#endif
