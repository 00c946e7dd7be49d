/* An echo server without its event loop: what the servers in this folder share.
 * ../protocol.h says what an event loop has to do. */
#ifndef ECHO_H
#define ECHO_H

#include "../client_address.h"
#include "../protocol.h"

static void on_message(peer *p, const ws_event *e, const void *data) {
    send_message(p, e->opcode, data, (size_t)e->len);
}

/* `where` completes the first sentence of --help. */
static inline void configure_echo(int argc, char **argv, const char *where) {
    char purpose[300];
    snprintf(
        purpose, sizeof purpose,
        "Sends every WebSocket message, of up to 16 MiB, back to its sender. Responds\n"
        "to a plain GET with a greeting. %s",
        where);
    signal(SIGPIPE, SIG_IGN);
    read_options(argc, argv, purpose);
    max_message = 16 << 20;
    check_configuration();
    read_clock();
}

/* Listens as the command line says. Returns the number of listeners. */
static inline int listen_for_clients(int fds[MAX_LISTENERS]) {
    return start_listening("http", options.host, options.port, options.reuse_port, fds,
                           MAX_LISTENERS);
}

#endif
