/* Sends each client the number of its subprotocol. */
#include "check.h"

#include "subprotocols.inc"

void configure(int argc, char **argv) {
    (void)argc;
    (void)argv;
    CHECK(which_protocol((ws_span){0, 0}) == NONE);
    set_protocols(&accept_spec);
}

void on_open(client *c, const ws_accepted *a) {
    send_text(c, which_protocol(a->protocol) == CHAT_V2 ? "2" : "1");
}
