/* The negotiation of permessage-deflate. */
#include "calls.h"

static const char offers[] = "permessage-deflate; client_max_window_bits";
static const char agreed[] = "permessage-deflate";

static void accept_head(void) {
    ws_pmd_params params = usual;
    CHECK(COUNTED(ws_pmd_accept(request, request_len, &params, out, OUT)) > 0);
}

static void accept_value(void) {
    ws_pmd_params params = usual;
    CHECK(COUNTED(ws_pmd_accept_value(offers, sizeof offers - 1, &params, out, OUT)) > 0);
}

static void offer(void) { CHECK(COUNTED(ws_pmd_offer(&usual, out, OUT)) > 0); }

static void confirm_head(void) {
    ws_pmd_params params = usual;
    CHECK(COUNTED(ws_pmd_confirm(response, response_len, &params)) == 1);
}

static void confirm_value(void) {
    ws_pmd_params params = usual;
    CHECK(COUNTED(ws_pmd_confirm_value(agreed, sizeof agreed - 1, &params)) == 1);
}

const struct call negotiation_calls[] = {
    {"ws_pmd_accept", "14 fields", accept_head},
    {"ws_pmd_accept_value", "a browser's", accept_value},
    {"ws_pmd_offer", "the defaults", offer},
    {"ws_pmd_confirm", "5 fields", confirm_head},
    {"ws_pmd_confirm_value", "no parameters", confirm_value},
    {0},
};
