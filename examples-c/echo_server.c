/* A WebSocket echo server.
 *
 *   settings.h   the command line
 *   server.h     listening, signals, the clock
 *   loop.h       epoll, timers, the end
 *   websocket.h  the opening handshake, frames, closes: what wscodec is used for
 *   peer.h       a connection: its output, its deadline, the log
 *
 * One read buffer serves all connections, and all replies of one read leave in one send(). */
#define _GNU_SOURCE
#include "loop.h"

static void on_message(peer *p, const ws_event *e, const void *data) {
    send_message(p, e->opcode, data, (size_t)e->len);
}

int main(int argc, char **argv) {
    read_settings(argc, argv,
                  "Echoes WebSocket messages of up to 16 MiB. Says hello to a plain GET.");
    max_message = 16 << 20;
    check_settings();
    run();
    return 0;
}
