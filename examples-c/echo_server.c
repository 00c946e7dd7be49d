/* A WebSocket echo server. server.h says where to read on; demo.h is the page at /demo.
 *
 * Replies to the input of one read are sent together, about 64 KiB at a time. */
#define _GNU_SOURCE
#include "server.h"

#include "demo.h"

static void on_message(peer *p, const ws_event *e, const void *data) {
    send_message(p, e->opcode, data, (size_t)e->len);
}

int main(int argc, char **argv) {
    read_options(
        argc, argv,
        "Sends every WebSocket message, of up to 16 MiB, back to its sender. Responds\n"
        "to a plain GET with a greeting, and at /demo with a page for browsers.");
    max_message = 16 << 20;
    serve_demo(max_message);
    check_configuration();
    run("http");
    return 0;
}
