/* Why OpenSSL failed to use a file, or to start. */
#ifndef TLS_ERROR_H
#define TLS_ERROR_H

#include <openssl/err.h>

#include "program.h"

__attribute__((noreturn)) static inline void die_of_tls(const char *what) {
    unsigned long error = ERR_get_error();
    const char *why = ERR_SYSTEM_ERROR(error) ? strerror(ERR_GET_REASON(error))
                                              : ERR_reason_error_string(error);
    die(what, why ? why : "OpenSSL failed");
}

#endif
