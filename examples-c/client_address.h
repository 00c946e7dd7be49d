/* The address of a client, for the log of a server. */
#ifndef CLIENT_ADDRESS_H
#define CLIENT_ADDRESS_H

#include "listen.h"
#include "options.h"

/* Returns the address of the other side for the log, or "?". Without a log it is "". */
static inline const char *peer_address(int fd) {
    if (!options.verbose)
        return "";
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    bool known = getpeername(fd, (struct sockaddr *)&address, &len) == 0;
    return known ? address_text(&address, len) : "?";
}

#endif
