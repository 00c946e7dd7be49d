/* Connections in static memory, with a budget, and without random bytes of the system.
 */
#include "check.h"

#include "embedding.inc"

static bool broken;
static unsigned calls;

int hardware_random(void *user, void *out, size_t len) {
    (void)user;
    calls++;
    for (size_t i = 0; i < len; i++)
        ((uint8_t *)out)[i] = (uint8_t)(i + 1);
    return broken ? -1 : 0;
}

/* The key in RFC 6455, 4.1: the bytes 0x01 to 0x10. */
static void check_key(void) {
    char key[WS_KEY_LEN];
    CHECK(make_key(key));
    CHECK(memcmp(key, "AQIDBAUGBwgJCgsMDQ4PEA==", WS_KEY_LEN) == 0);
    broken = true;
    CHECK(!make_key(key));
    broken = false;
}

static void check_random(void) {
    static slot s;
    uint8_t out[64];
    ws_conn *client = open_in(&s, WS_CLIENT, NULL);
    CHECK(client == (void *)&s && use_hardware_random(client));
    calls = 0;
    CHECK(ws_conn_send(client, WS_OPCODE_TEXT, 0, "Hello", 5, out, sizeof out) == 11);
    CHECK(calls == 1 && memcmp(out, "\x81\x85\x01\x02\x03\x04", 6) == 0);
    CHECK(out[6] == ('H' ^ 1) && out[10] == ('o' ^ 1));
    ws_conn_free(client);
}

/* A message of which only a part has arrived is in the budget's memory. */
static ws_result receive_part(budget *b, uint8_t *input, size_t len, size_t *held) {
    static slot s;
    const ws_allocator allocator = budget_allocator(b);
    ws_event e;
    ws_conn *server = open_in(&s, WS_SERVER, &allocator);
    size_t used;
    ws_result n = 0;
    CHECK(server && b->used == 0); /* the handle costs nothing */
    for (size_t done = 0; done < len && n >= 0; done += used)
        n = ws_conn_recv(server, input + done, len - done > 100 ? 100 : len - done, &e,
                         1, &used);
    *held = b->used;
    ws_conn_free(server);
    CHECK(b->used == 0);
    return n;
}

static void check_budget(void) {
    uint8_t input[8 + 2000] = "\x82\xfe\xff\xff"; /* announces 65,535 bytes */
    budget wide = {0, 1 << 20}, narrow = {0, 1000};
    size_t held;
    CHECK(receive_part(&wide, input, sizeof input, &held) == 0);
    CHECK(held >= 2000 && held < 5000);
    memset(input + 4, 0, sizeof input - 4);
    CHECK(receive_part(&narrow, input, sizeof input, &held) == WS_ERR_NO_MEMORY);
    CHECK(held <= 1000);
    CHECK(ws_close_code_for(WS_ERR_NO_MEMORY) == 1011);
}

int main(void) {
    check_key();
    check_random();
    check_budget();
    return 0;
}
