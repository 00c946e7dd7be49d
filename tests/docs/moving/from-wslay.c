/* Sends messages back. The text "file PATH" sends a file, piece by piece, as the socket
 * accepts it. */
#include "check.h"

static void echo(client *c, const ws_event *e, const void *data);

#define on_event echo
#include "from-wslay.inc"
#undef on_event

static FILE *file;

static void send_next_piece(client *c) {
    if (!send_piece(c, file)) {
        fclose(file);
        file = NULL;
    }
}

void on_event(client *c, const ws_event *e, const void *data) {
    char path[256] = "";
    if (e->opcode != WS_OPCODE_TEXT || e->len <= 5 || memcmp(data, "file ", 5) != 0) {
        echo(c, e, data);
        return;
    }
    CHECK(e->len - 5 < sizeof path && !file);
    memcpy(path, (const char *)data + 5, (size_t)e->len - 5);
    file = fopen(path, "rb");
    CHECK(file);
    send_next_piece(c);
}

void on_sent(client *c) {
    if (file && c->out.len == 0)
        send_next_piece(c);
}
