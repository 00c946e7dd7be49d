/* X-Forwarded-For: what a proxy that speaks HTTP says about the client. */
#ifndef FORWARDED_H
#define FORWARDED_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/* Reads the last address of all such fields in a head: what a client has sent itself
 * comes first, and the proxy adds its own at the end. The port is 0, since the field
 * has none. Returns false if there is no field, or the last value is no address. */
bool forwarded_address(const void *head, size_t len, struct sockaddr_storage *address);

#endif
