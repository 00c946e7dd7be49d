/* The message "stop" closes all connections. Prints how each one ended. */
#include "check.h"

#include "close.inc"

void on_event(client *c, const ws_event *e, const void *data) {
    (void)c;
    if (is_text(e, data, "stop"))
        close_all();
}

void on_end(client *c) {
    bool by_peer = false;
    if (c->ws) {
        uint16_t code = final_code(c->ws, &by_peer);
        printf("%d by %s\n", code, by_peer ? "the peer" : "us");
        fflush(stdout);
    }
}
