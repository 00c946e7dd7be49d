/* A server's side of the opening handshake, from a head. */
#include "calls.h"
#include "../harness/memory.h"

static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";

static void accept_key(void) {
    CHECK(COUNTED(ws_accept_key(key, WS_KEY_LEN, out, OUT)) == WS_ACCEPT_LEN);
}

static void parse_handshake(void) {
    ws_handshake hs;
    CHECK(COUNTED(ws_parse_handshake(request, request_len, &hs, sizeof hs)) > 0);
}

static void head_length(void) {
    size_t scanned = 0;
    CHECK(COUNTED(ws_head_length(request, request_len, &scanned)) > 0);
}

static void all_headers(void) {
    size_t pos = 0;
    int fields = 0;
    ws_span name, value;
    count_start();
    while (ws_next_header(request, request_len, &pos, &name, &value) == 1)
        fields++;
    count_stop();
    CHECK(fields == 14);
}

static void find_header(void) {
    ws_span value;
    CHECK(COUNTED(ws_find_header(request, request_len, "Cookie", 6, &value)) == 1);
}

static void select_protocol(void) {
    static const char head[] = "GET / HTTP/1.1\r\n"
                               "Host: a.example\r\n"
                               "Sec-WebSocket-Protocol: chat, superchat\r\n"
                               "\r\n";
    ws_span chosen;
    CHECK(COUNTED(ws_select_protocol(head, sizeof head - 1, "superchat, chat", 15,
                                     &chosen)) == 1);
}

static void select_protocol_value(void) {
    ws_span chosen;
    CHECK(COUNTED(ws_select_protocol_value("chat, superchat", 15, "superchat, chat", 15,
                                           &chosen)) == 1);
}

static void origin_allowed(void) {
    static const char allowed[] = "https://a.example https://b.example:8443";
    CHECK(COUNTED(ws_origin_allowed("https://b.example:8443", 22, allowed,
                                    sizeof allowed - 1)) == 1);
}

static void build_response(void) {
    ws_response_spec spec = {.key = bytes_of(key), .protocol = bytes_of("chat")};
    CHECK(COUNTED(ws_build_response(&spec, sizeof spec, out, OUT)) > 0);
}

static void build_reply(void) {
    CHECK(COUNTED(ws_build_reply(404, "Server: x\r\n", 11, "no\n", 3, out, OUT)) > 0);
}

static void accept_client(void) {
    ws_accept_spec spec = {.allocator = &memory};
    ws_accepted accepted;
    count_start();
    ws_result n = ws_conn_accept(request, request_len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, out, OUT);
    ws_conn_free(accepted.conn);
    count_stop();
    CHECK(n > 0 && accepted.error == WS_OK);
}

static void accept_with_everything(void) {
    ws_accept_spec spec = {.allocator = &memory,
                           .pmd = &usual,
                           .origins = bytes_of("https://a.example https://example.com"),
                           .headers = bytes_of("Server: x\r\n")};
    ws_accepted accepted;
    CHECK(COUNTED(ws_conn_accept(request, request_len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, out, OUT)) > 0);
    CHECK(accepted.error == WS_OK);
}

static void reject_client(void) {
    ws_accept_spec spec = {.allocator = &memory, .origins = bytes_of("https://a.example")};
    ws_accepted accepted;
    CHECK(COUNTED(ws_conn_accept(request, request_len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, out, OUT)) > 0);
    CHECK(accepted.error == WS_ERR_HANDSHAKE_ORIGIN);
}

const struct call head_calls[] = {
    {"ws_accept_key", "", accept_key},
    {"ws_parse_handshake", "14 fields", parse_handshake},
    {"ws_head_length", "14 fields", head_length},
    {"ws_next_header", "all of 14 fields", all_headers},
    {"ws_find_header", "the 11th of 14 fields", find_header},
    {"ws_select_protocol", "2 offered, 2 supported", select_protocol},
    {"ws_select_protocol_value", "2 offered, 2 supported", select_protocol_value},
    {"ws_origin_allowed", "the 2nd of 2", origin_allowed},
    {"ws_build_response", "a subprotocol", build_response},
    {"ws_build_reply", "404 with a field and a body", build_reply},
    {"ws_conn_accept ws_conn_free", "14 fields", accept_client},
    {"ws_conn_accept", "14 fields, compression, 2 origins", accept_with_everything},
    {"ws_conn_accept", "14 fields, rejected for its origin", reject_client},
    {0},
};
