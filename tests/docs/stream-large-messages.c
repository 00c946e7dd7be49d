/* Stores uploads in the file that is its argument. The message "get" has the same file
 * sent as a binary message. */
#include "check.h"

#include "stream-large-messages.inc"

static const char *path;

void configure(int argc, char **argv) {
    CHECK(argc > 1);
    path = argv[1];
}

bool may_connect(client *c, size_t head_len) {
    (void)head_len;
    c->user = calloc(1, sizeof(transfer));
    return c->user != NULL;
}

void on_event(client *c, const ws_event *e, const void *data) {
    transfer *t = c->user;
    if (is_text(e, data, "get")) {
        t->download = fopen(path, "rb");
        CHECK(t->download);
        send_part(c);
    } else if (e->opcode == WS_OPCODE_BINARY) {
        if (!t->upload)
            t->upload = fopen(path, "wb");
        CHECK(t->upload);
        store_chunk(c, e, data);
        if (e->flags & WS_EVENT_LAST) {
            CHECK(fclose(t->upload) == 0);
            t->upload = NULL;
        }
    }
}

void on_sent(client *c) {
    send_part(c);
}

void on_end(client *c) {
    transfer *t = c->user;
    if (t && t->upload)
        fclose(t->upload);
    if (t && t->download)
        fclose(t->download);
    free(t);
}
