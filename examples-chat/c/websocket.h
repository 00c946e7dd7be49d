/* The frames of a client, from the opening handshake on: this is where wscodec is used.
 */
#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "client.h"

/* Handles bytes that were read, and overwrites them. */
void websocket_input(client *c, uint8_t *bytes, size_t len);

/* Handles input that has waited, when a join or a say is done. */
void client_continue(client *c);

/* Starts the closing handshake, if the client is OPEN. */
void client_close(client *c, uint16_t code, const char *why);

void websocket_ping(client *c);

#endif
