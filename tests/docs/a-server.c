/* The server of the guide. By default it sends messages back; the harness of another
 * section overrides what it tests. */
#include "check.h"

#include "a-server.inc"

#define DEFAULT __attribute__((weak))

DEFAULT void configure(int argc, char **argv) {
    static const char protocols[] = "chat, superchat";
    (void)argc;
    (void)argv;
    accept_spec.protocols = (ws_bytes){protocols, strlen(protocols)};
}

DEFAULT bool may_connect(client *c, size_t head_len) {
    (void)c;
    (void)head_len;
    return true;
}

DEFAULT void on_open(client *c, const ws_accepted *a) {
    (void)a;
    ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, 16 << 20);
}

DEFAULT void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT || e->opcode == WS_OPCODE_BINARY)
        send_message(c, e->opcode, 0, data, (size_t)e->len);
}

DEFAULT void on_received(client *c) {
    (void)c;
}

DEFAULT void on_sent(client *c) {
    (void)c;
}

DEFAULT void on_tick(client *c, long now) {
    (void)c;
    (void)now;
}

DEFAULT void on_end(client *c) {
    (void)c;
}

int start_listening(void) {
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, len) == 0);
    CHECK(listen(fd, SOMAXCONN) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

DEFAULT int main(int argc, char **argv) {
    configure(argc, argv);
    serve(start_listening());
}
