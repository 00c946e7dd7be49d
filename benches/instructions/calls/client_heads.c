/* A client's side of the opening handshake, from a head. */
#include "calls.h"
#include "../harness/memory.h"

static ws_request_spec spec(void) {
    return (ws_request_spec){
        .host = bytes_of("server.example.com"),
        .target = bytes_of("/chat"),
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .origin = bytes_of("https://example.com"),
        .extensions = bytes_of("permessage-deflate; client_max_window_bits"),
    };
}

static void make_key(void) { CHECK(COUNTED(ws_make_key(out, OUT)) == WS_KEY_LEN); }

static void build_request(void) {
    ws_request_spec contents = spec();
    CHECK(COUNTED(ws_build_request(&contents, sizeof contents, out, OUT)) > 0);
}

static void parse_response(void) {
    ws_response parsed;
    CHECK(COUNTED(ws_parse_response(response, response_len, request, request_len, &parsed,
                                    sizeof parsed)) > 0);
}

static void confirm(void) {
    ws_conn *conn;
    ws_response parsed;
    CHECK(COUNTED(ws_conn_confirm(response, response_len, request, request_len, &usual,
                                  &memory, &conn, &parsed, sizeof parsed)) > 0);
    CHECK(conn != NULL);
}

const struct call client_head_calls[] = {
    {"ws_make_key", "", make_key},
    {"ws_build_request", "with origin and compression", build_request},
    {"ws_parse_response", "5 fields", parse_response},
    {"ws_conn_confirm", "5 fields, compression", confirm},
    {0},
};
