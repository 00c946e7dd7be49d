/* How many WebSockets each address has, in all threads. */
#ifndef ADDRESSES_H
#define ADDRESSES_H

#include <stdbool.h>
#include <sys/socket.h>

/* What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, since
 * that is what a subscriber gets. All others, e.g. unix sockets, count as one. */
typedef struct address_key {
    unsigned char bytes[16];
} address_key;

address_key address_key_of(const struct sockaddr_storage *address);

/* Counts a WebSocket. Returns false, and counts nothing, if the address has
 * --max-per-address of them. */
bool address_take(address_key key);
void address_give_back(address_key key);

#endif
