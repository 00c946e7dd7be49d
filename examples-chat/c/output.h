/* Output of a client: bytes are collected while the worker handles events, sent
 * together before it waits again, and kept if they must wait. A client for which too
 * much waits is closed with 1013. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "client.h"

/* Returns room for output, or NULL if the client has gone, or is given up since there
 * is no memory. */
uint8_t *client_reserve(client *c, size_t size);

/* Counts output that was written there. */
void client_commit(client *c, size_t n);

/* Sends a message to one of many clients. */
void client_deliver(client *c, frames *f);

/* Sends a text to this client alone. */
void client_send_text(client *c, const char *text, size_t len);

/* Lets the worker call client_update() before it waits again. */
void client_update_later(client *c);

/* ---- for the worker ---- */

/* Sends output, and does what depends on it. */
void client_update(client *c);

/* ---- for client.c ---- */

/* The client has gone: its output waits no more. */
void output_forget(client *c);

#endif
