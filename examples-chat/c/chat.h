/* What the messages of a client do. */
#ifndef CHAT_H
#define CHAT_H

#include "client.h"

/* Handles a message. */
void chat_message(client *c, int opcode, const void *data, size_t len);

/* The client leaves its room, if it is in one, and waits for nothing any more. */
void chat_leave(client *c);

#endif
