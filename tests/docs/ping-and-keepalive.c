/* Pings a client that is silent at two ticks, about a second apart, and drops it. */
#include <sys/socket.h>

#include "check.h"

#include "ping-and-keepalive.inc"

void on_received(client *c) {
    is_alive(c);
    c->limit = 0;
}

void on_tick(client *c, long now) {
    if (c->limit == 0) {
        c->limit = 1;
        c->deadline = now + 1;
    } else if (c->ws && now >= c->deadline) {
        c->deadline = now + 1;
        if (!keep_alive(c))
            shutdown(c->fd, SHUT_RDWR);
    }
}
