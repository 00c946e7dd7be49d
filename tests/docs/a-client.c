/* Sends its arguments to a server, and prints as many texts and the server's greeting:
 * PORT TARGET MESSAGE... */
#include <arpa/inet.h>

#include "check.h"

#include "a-client.inc"

static size_t wanted;

void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT) {
        printf("%.*s\n", (int)e->len, (const char *)data);
        if (--wanted == 0)
            send_close(c, WS_CLOSE_NORMAL, "done");
    }
}

int main(int argc, char **argv) {
    static uint8_t buf[4096];
    client c = {.fd = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)atoi(argv[1])),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char host[32];
    size_t len;
    CHECK(connect(c.fd, (struct sockaddr *)&address, sizeof address) == 0);
    snprintf(host, sizeof host, "127.0.0.1:%s", argv[1]);
    if (!open_websocket(&c, host, argv[2], buf, sizeof buf, &len))
        return 3;
    wanted = (size_t)argc - 2;
    for (int i = 3; i < argc; i++)
        send_text(&c, argv[i]);
    bool closed = converse(&c, buf, sizeof buf, len);
    ws_conn_free(c.ws);
    return closed ? 0 : 1;
}
