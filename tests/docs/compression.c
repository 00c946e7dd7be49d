/* Sends messages back, compressed. With --memory, prints what connections hold instead.
 */
#include "check.h"

#include "compression.inc"

#include "embedding.inc"

int hardware_random(void *user, void *out, size_t len) {
    (void)user;
    memset(out, 7, len);
    return 0;
}

/* Lets `to` receive a compressed message from `from`. */
static void pass_message(ws_conn *from, ws_conn *to) {
    static char text[1024];
    uint8_t frame[4096];
    ws_event e;
    size_t used;
    memset(text, 'x', sizeof text);
    ws_result n =
        ws_conn_send(from, WS_OPCODE_TEXT, 0, text, sizeof text, frame, sizeof frame);
    CHECK(n > 0 && n < 100);
    CHECK(ws_conn_recv(to, frame, (size_t)n, &e, 1, &used) == 1 &&
          e.len == sizeof text);
    CHECK(ws_conn_recv(to, NULL, 0, &e, 1, &used) == 0);
}

/* Prints the bytes that a server holds after a message in each direction, without its
 * handle. */
static void print_memory(const char *name, ws_pmd_params params) {
    budget b = {0, SIZE_MAX};
    const ws_allocator allocator = budget_allocator(&b);
    slot s, t;
    ws_conn *server = open_in(&s, WS_SERVER, &allocator),
            *client = open_in(&t, WS_CLIENT, NULL);
    CHECK(server && client && use_hardware_random(client));
    CHECK(ws_conn_set_pmd(server, &params) == WS_OK);
    CHECK(ws_conn_set_pmd(client, &params) == WS_OK);
    for (int i = 0; i < 3; i++) {
        pass_message(server, client);
        pass_message(client, server);
    }
    printf("%s: %zu\n", name, b.used);
    ws_conn_free(server);
    ws_conn_free(client);
    CHECK(b.used == 0);
}

static void print_all(void) {
    char key[WS_KEY_LEN];
    CHECK(make_key(key));
    print_memory("all zero", (ws_pmd_params){0});
    print_memory("server", (ws_pmd_params){.server_no_context_takeover = 1});
    print_memory("both", small);
    print_memory("9, 1", (ws_pmd_params){.server_max_window_bits = 9, .mem_level = 1});
}

void configure(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--memory") == 0) {
        print_all();
        exit(0);
    }
    set_compression(&accept_spec);
}

void on_open(client *c, const ws_accepted *a) {
    (void)a;
    compress_long_messages(c->ws);
}

void on_event(client *c, const ws_event *e, const void *data) {
    if (e->opcode == WS_OPCODE_TEXT)
        send_message(c, e->opcode, 0, data, (size_t)e->len);
    else if (e->opcode == WS_OPCODE_BINARY) {
        static char secret[4096];
        memset(secret, 's', sizeof secret - 1);
        send_secret(c, secret);
    }
}
