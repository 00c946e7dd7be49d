/* Connects a connection of hiredis with epoll. */
#ifndef ADAPTER_H
#define ADAPTER_H

#include <hiredis/async.h>
#include <stdbool.h>

#include "source.h"

typedef struct adapter {
    source source;
    redisAsyncContext *context; /* NULL: there is none */
    int epoll_fd, fd;
    uint32_t watched;
} adapter;

/* Takes over a connection that was started. Call adapter_update() after commands were
 * added: they are sent once the loop waits. */
void adapter_attach(adapter *a, int epoll_fd, redisAsyncContext *context);

#endif
