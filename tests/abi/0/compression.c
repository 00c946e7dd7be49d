/* permessage-deflate: its negotiation, and messages without a connection. */
#include "program.h"

#define OFFER PMD "; client_no_context_takeover"
#define HEAD(value) "HTTP/1.1 101 x\r\nSec-WebSocket-Extensions: " value "\r\n\r\n"
#define REQUEST(value) "GET / HTTP/1.1\r\nSec-WebSocket-Extensions: " value "\r\n\r\n"

static ws_pmd_params all_defaults(void)
{
    ws_pmd_params params;

    memset(&params, 0, sizeof params);
    return params;
}

void check_negotiation(void)
{
    char out[256];
    ws_pmd_params params = all_defaults();

    params.server_max_window_bits = 10;
    CHECK(ws_pmd_offer(&params, out, sizeof out) > (ws_result)strlen(PMD));
    params = all_defaults();
    CHECK(ws_pmd_accept(STR(REQUEST(OFFER)), &params, out, sizeof out) >= (ws_result)strlen(PMD));
    CHECK_MEM(out, PMD, strlen(PMD));
    CHECK_EQ(params.client_no_context_takeover, 1);
    CHECK_EQ(params.server_no_context_takeover, 0);
    params = all_defaults();
    CHECK(ws_pmd_accept_value(STR(OFFER), &params, out, sizeof out) > 0);
    CHECK_EQ(params.client_no_context_takeover, 1);
    params = all_defaults();
    CHECK_EQ(ws_pmd_confirm(STR(HEAD(OFFER)), &params), 1);
    CHECK_EQ(params.client_no_context_takeover, 1);
    params = all_defaults();
    CHECK_EQ(ws_pmd_confirm_value(STR(OFFER), &params), 1);
    CHECK_EQ(params.client_no_context_takeover, 1);
    CHECK_EQ(ws_pmd_confirm_value(STR("x"), &params), 0);
}

void check_pmd(void)
{
    static const char text[] = "012345 012345 012345 012345 012345 012345";
    char packed[256], back[256];
    ws_pmd_params params = all_defaults();
    ws_pmd *server, *client;
    size_t used = 0;
    ws_result n;

    params.level = 9;
    params.mem_level = 1;
    params.client_max_window_bits = 10;
    server = ws_pmd_new(WS_SERVER, &params, NULL);
    client = ws_pmd_new(WS_CLIENT, &params, NULL);
    CHECK(server != NULL && client != NULL);
    CHECK(ws_pmd_compress_bound(server, strlen(text)) <= sizeof packed);
    n = ws_pmd_compress(server, 0, STR(text), packed, sizeof packed);
    CHECK(n > 0 && n < (ws_result)strlen(text));
    CHECK_EQ(ws_pmd_decompress(client, 0, packed, (size_t)n, &used, back, sizeof back),
             strlen(text));
    CHECK_EQ(used, n);
    CHECK_MEM(back, text, strlen(text));
    ws_pmd_free(client);
    ws_pmd_free(server);
}
