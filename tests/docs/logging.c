/* Sends messages back, and logs to stderr. */
#include "check.h"

#include "logging.inc"

void configure(int argc, char **argv) {
    static const char origins[] = "https://a.example";
    (void)argc;
    (void)argv;
    accept_spec.origins = (ws_bytes){origins, strlen(origins)};
}

/* The server does not report a refusal, so find out whether it will refuse. */
bool may_connect(client *c, size_t head_len) {
    uint8_t out[WS_MAX_REPLY];
    ws_accepted a;
    CHECK(ws_conn_accept(c->head.data, head_len, &accept_spec, sizeof accept_spec, &a,
                         sizeof a, out, sizeof out) > 0);
    log_request(stderr, &a, c->head.data, head_len);
    ws_conn_free(a.conn);
    return true;
}

void on_open(client *c, const ws_accepted *a) {
    (void)a;
    ws_conn_set(c->ws, WS_OPT_MAX_MESSAGE, 1000);
}

void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_CLOSE)
        log_close(stderr, e, data);
    else if (e->opcode == WS_OPCODE_TEXT)
        send_message(c, e->opcode, 0, data, (size_t)e->len);
}

void on_end(client *c) {
    if (c->ws)
        log_end(stderr, c->ws);
}
