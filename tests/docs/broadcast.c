/* Sends every text to all clients. */
#include "check.h"

#include "broadcast.inc"

void configure(int argc, char **argv) {
    static const ws_pmd_params pmd;
    (void)argc;
    (void)argv;
    accept_spec.pmd = &pmd;
    CHECK(start_encoders());
}

void on_open(client *c, const ws_accepted *a) {
    (void)a;
    compress_without_context(c->ws);
}

void on_event(client *c, const ws_event *e, const void *data) {
    (void)c;
    if (e->opcode == WS_OPCODE_TEXT)
        broadcast(data, (size_t)e->len);
}
