/* A library without compression exports the functions for it, which return
 * WS_ERR_UNSUPPORTED. */
#include "check.h"
#include "samples.h"

#include <string.h>

static const ws_pmd_params params_of[] = {
    {0, 0, 0, 0, 0, 0, {0, 0}},
    {1, 1, 15, 15, 9, 9, {0, 0}},
    {2, 0, 7, 16, 10, 0, {0, 1}},
};

static void check_params(const ws_pmd_params *given)
{
    static const char head[] =
        "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    unsigned char out[512];
    ws_pmd_params params = *given;
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL), *made;
    ws_accept_spec spec;

    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_pmd_accept(head, strlen(head), &params, out, sizeof out),
             WS_ERR_UNSUPPORTED);
    CHECK_EQ(ws_pmd_offer(&params, out, sizeof out), WS_ERR_UNSUPPORTED);
    CHECK_EQ(ws_pmd_offer(&params, NULL, 0), WS_ERR_UNSUPPORTED);
    CHECK_EQ(ws_pmd_confirm(head, strlen(head), &params), WS_ERR_UNSUPPORTED);
    CHECK_MEM(&params, given, sizeof params);
    CHECK_EQ(ws_conn_set_pmd(conn, &params), WS_ERR_UNSUPPORTED);
    memset(&params, 0xcc, sizeof params);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), WS_ERR_UNSUPPORTED);
    CHECK_FILL(&params, 0, sizeof params);

    memset(&spec, 0, sizeof spec);
    spec.pmd = given;
    made = conn;
    CHECK_EQ(try_to_accept(request_text, strlen(request_text), &spec,
                            sizeof spec, &made, out, sizeof out),
             WS_ERR_UNSUPPORTED);
    CHECK(made == NULL);
    CHECK_FILL(out, 0xcc, sizeof out);
    /* Without `pmd`, no extension is confirmed. */
    spec.pmd = NULL;
    CHECK(try_to_accept(request_text, strlen(request_text), &spec, sizeof spec,
                         &made, out, sizeof out) == 129);
    CHECK(made != NULL);
    ws_conn_free(made);
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    unsigned char hello[] = "\xc1\x07\xf2\x48\xcd\xc9\xc9\x07", out[16];
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    ws_event event;
    size_t used, i;

    (void)argc;
    CHECK_U64(ws_features(), 0);
    CHECK_U64(ws_sizeof(WS_TYPE_PMD_PARAMS), sizeof(ws_pmd_params));
    for (i = 0; i < sizeof params_of / sizeof *params_of; i++) {
        check_case("params", i, 0);
        check_params(&params_of[i]);
    }
    /* Everything else works without compression. */
    check_case("messages", 0, 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "Hello", 5, out, sizeof out),
             11);
    CHECK_EQ(out[0], 0x81);
    CHECK_EQ(ws_conn_recv(conn, hello, 9, &event, 1, &used),
             WS_ERR_RESERVED_BITS);
    ws_conn_free(conn);
    return check_done(argv[0]);
}
