/* The PROXY protocol, versions 1 and 2: what a proxy says about the client before the
 * client's own bytes. https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt */
#ifndef PROXY_PROTOCOL_H
#define PROXY_PROTOCOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* The longest header that is accepted. Version 1 has at most 107 bytes; version 2 has
 * additions (TLVs) of up to 64 KiB, but those in use take some hundred bytes. */
enum { PROXY_MAX_HEADER = 4096 };

typedef struct proxy_client {
    bool known; /* else the proxy speaks for itself, or says nothing about the client */
    struct sockaddr_storage address;
    socklen_t address_len;
} proxy_client;

/* Reads a header at the start of the bytes. Returns its length, 0 if it is incomplete,
 * or -1 as soon as the bytes cannot become one. */
int proxy_parse(const uint8_t *bytes, size_t len, proxy_client *client);

#endif
