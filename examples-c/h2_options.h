/* The options of TLS and HTTP/2. Include this file before any other. */
#ifndef H2_OPTIONS_H
#define H2_OPTIONS_H

#include "program.h"

static struct h2_options {
    const char *certificate, *key; /* files */
    bool no_tls;
    long idle_timeout; /* seconds */
} h2_options = {.idle_timeout = 60};

#define MORE_OPTIONS                                                                   \
    {"certificate", required_argument, NULL, 'E'},                                     \
        {"key", required_argument, NULL, 'K'}, {"no-tls", no_argument, NULL, 'L'},     \
        {"idle-timeout", required_argument, NULL, 'I'},

static inline void print_more_help(void) {
    puts(
        "  --certificate FILE           PEM: the certificate of the server, then those of\n"
        "                               its issuers; without it, the server makes one that\n"
        "                               no client trusts\n"
        "  --key FILE                   PEM: the private key of the certificate\n"
        "  --no-tls                     speak without TLS, e.g. behind a proxy\n"
        "  --idle-timeout SECONDS       close a connection of HTTP/2 that has had no stream\n"
        "                               for so long (60)");
}

static inline bool set_more(int option, const char *value) {
    switch (option) {
    case 'E': h2_options.certificate = value; return true;
    case 'K': h2_options.key = value; return true;
    case 'L': h2_options.no_tls = true; return true;
    case 'I':
        h2_options.idle_timeout = parse_number("--idle-timeout", value, 1, 86400);
        return true;
    default: return false;
    }
}

/* Called after the last option. */
static inline void check_more(void) {
    const struct h2_options *o = &h2_options;
    if (!o->certificate != !o->key)
        reject(o->key ? "--key" : "--certificate", "needs --certificate and --key");
    if (o->no_tls && o->key)
        reject("--no-tls", "not possible with --certificate");
}

#endif
