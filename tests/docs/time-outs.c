/* Time limits, with a clock that runs 40 times as fast. Messages are sent back. */
#include <time.h>

#include "check.h"

#include "ping-and-keepalive.inc"

#include "time-outs.inc"

static long fast_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long)t.tv_sec * 40 + t.tv_nsec / 25000000;
}

void on_event(client *c, const ws_event *e, const void *data) {
    if (is_text(e, data, "close"))
        send_close(c, WS_CLOSE_NORMAL, "");
    else if (e->opcode == WS_OPCODE_BINARY)
        send_message(c, e->opcode, 0, data, (size_t)e->len);
}

void on_received(client *c) {
    is_alive(c);
    has_received(c);
}

void on_sent(client *c) {
    has_sent(c);
}

void on_tick(client *c, long now) {
    (void)now;
    check_time(c, fast_seconds());
}
