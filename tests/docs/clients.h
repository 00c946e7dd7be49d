/* The clients that a server serves now. */
#ifndef CLIENTS_H
#define CLIENTS_H

#include "check.h"

static client *clients[100];
static size_t count;

static inline void remember(client *c) {
    CHECK(count < 100);
    clients[count++] = c;
}

static inline void forget(const client *c) {
    for (size_t i = 0; i < count; i++)
        if (clients[i] == c)
            clients[i] = clients[--count];
}

#endif
