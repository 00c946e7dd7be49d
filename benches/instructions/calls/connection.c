/* The handle: its life, options and state. */
#include "calls.h"
#include "../harness/memory.h"

static void create(void) { CHECK(COUNTED(ws_conn_new(WS_SERVER, &memory)) != NULL); }

static void create_in_place(void) {
    static union {
        unsigned char bytes[WS_MAX_CONN];
        long double aligned;
    } room;
    CHECK(COUNTED(ws_conn_init(&room, sizeof room, WS_SERVER, &memory)) != NULL);
}

static void destroy(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    count_start();
    ws_conn_free(conn);
    count_stop();
}

static void set_pmd(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(COUNTED(ws_conn_set_pmd(conn, &usual)) == WS_OK);
}

static void get_pmd(void) {
    ws_conn *conn = new_conn(WS_SERVER, &usual);
    ws_pmd_params params;
    CHECK(COUNTED(ws_conn_get_pmd(conn, &params)) == 1);
}

static void set_option(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(COUNTED(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 4096)) == WS_OK);
}

static void get_option(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    uint64_t value;
    CHECK(COUNTED(ws_conn_get(conn, WS_OPT_MAX_MESSAGE, &value)) == WS_OK);
}

static int no_random(void *user, void *bytes, size_t len) {
    (void)user, (void)bytes, (void)len;
    return 1;
}

static void set_random(void) {
    ws_conn *conn = new_conn(WS_CLIENT, NULL);
    CHECK(COUNTED(ws_conn_set_random(conn, no_random, NULL)) == WS_OK);
}

static void state(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(COUNTED(ws_conn_state(conn)) == WS_STATE_OPEN);
}

static void finish(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    CHECK(COUNTED(ws_conn_finish(conn)) == WS_ERR_EOF);
}

const struct call connection_calls[] = {
    {"ws_conn_new", "", create},
    {"ws_conn_init", "", create_in_place},
    {"ws_conn_free", "an idle one", destroy},
    {"ws_conn_set_pmd", "the defaults", set_pmd},
    {"ws_conn_get_pmd", "", get_pmd},
    {"ws_conn_set", "WS_OPT_MAX_MESSAGE", set_option},
    {"ws_conn_get", "WS_OPT_MAX_MESSAGE", get_option},
    {"ws_conn_set_random", "", set_random},
    {"ws_conn_state", "", state},
    {"ws_conn_finish", "without a close", finish},
    {0},
};
