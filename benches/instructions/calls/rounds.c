/* Whole rounds, as programs make them. */
#include "calls.h"
#include "../harness/memory.h"

/* One text of 20 B in, its echo out: what most connections do. */
static void echo(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    ws_event events[16];
    size_t used;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_TEXT, ascii, 20);
    wire_arrives();
    count_start();
    ws_result n = ws_conn_recv(conn, input, wire_len, events, 16, &used);
    ws_result own = ws_conn_output(conn, out, OUT);
    ws_result sent = ws_conn_send(conn, events->opcode, 0,
                                  ws_event_data(conn, input, events), events->len, out, OUT);
    count_stop();
    CHECK(n == 1 && own == 0 && sent == 22);
}

static void ping(void) {
    ws_conn *conn = new_conn(WS_SERVER, NULL);
    ws_event events[16];
    size_t used;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_PING, ascii, 4);
    wire_arrives();
    count_start();
    ws_result n = ws_conn_recv(conn, input, wire_len, events, 16, &used);
    ws_result pong = ws_conn_output(conn, out, OUT);
    count_stop();
    CHECK(n == 1 && pong == 6);
}

/* From the request to a closed connection, on each side. */
static void server(void) {
    ws_accept_spec spec = {.allocator = &memory};
    ws_accepted accepted;
    ws_event events[16];
    size_t used;
    wire_clear();
    wire_frame(WS_FIN | WS_OPCODE_CLOSE, "\x03\xe8", 2);
    wire_arrives();
    count_start();
    ws_result n = ws_conn_accept(request, request_len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, out, OUT);
    ws_result received = ws_conn_recv(accepted.conn, input, wire_len, events, 16, &used);
    ws_result reply = ws_conn_output(accepted.conn, out, OUT);
    ws_conn_free(accepted.conn);
    count_stop();
    CHECK(n > 0 && received == 1 && reply == 4);
}

/* The key is fixed, so that the prepared response accepts it. */
static void client(void) {
    ws_request_spec spec = {
        .host = bytes_of("server.example.com"),
        .target = bytes_of("/chat"),
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
    };
    ws_conn *conn;
    ws_response parsed;
    count_start();
    ws_result offered = ws_pmd_offer(&usual, input, OUT);
    spec.extensions = (ws_bytes){input, (size_t)offered};
    ws_result asked = ws_build_request(&spec, sizeof spec, out, OUT);
    ws_result n = ws_conn_confirm(response, response_len, out, (size_t)asked, &usual, &memory,
                                  &conn, &parsed, sizeof parsed);
    ws_conn_free(conn);
    count_stop();
    CHECK(n > 0 && conn != NULL);
}

const struct call round_calls[] = {
    {"ws_conn_recv ws_conn_output ws_event_data ws_conn_send", "the echo of a text of 20 B",
     echo},
    {"ws_conn_recv ws_conn_output", "a ping of 4 B and its pong", ping},
    {"ws_conn_accept ws_conn_recv ws_conn_output ws_conn_free",
     "a server, from the request to the close", server},
    {"ws_pmd_offer ws_build_request ws_conn_confirm ws_conn_free",
     "a client, from the offer to the connection", client},
    {0},
};
