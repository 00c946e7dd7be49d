/* What comes before the frames: the header of the PROXY protocol, and the request. It
 * asks for a WebSocket, or for one of our plain HTTP resources. */
#ifndef HANDSHAKE_H
#define HANDSHAKE_H

#include "client.h"

/* Handles bytes of a client in PROXY_HEADER or REQUEST. After an opening handshake, the
 * client is OPEN, and its `in` holds what followed the request. */
void handshake_input(client *c, const uint8_t *bytes, size_t len);

#endif
