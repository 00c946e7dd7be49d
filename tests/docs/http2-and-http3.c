/* Requests as an HTTP/2 library would hand them over. The fields of the valid one are
 * those of RFC 8441, 5.1. */
#include "check.h"

#include "http2-and-http3.inc"

#define BYTES(text) ((ws_bytes){text, sizeof(text) - 1})

static ws_request_fields rfc_request(void) {
    return (ws_request_fields){.method = BYTES("CONNECT"),
                               .connect_protocol = BYTES("websocket"),
                               .host = BYTES("server.example.com"),
                               .version = BYTES("13"),
                               .origin = BYTES("http://www.example.com"),
                               .extensions = BYTES("permessage-deflate"),
                               .http_version = 20};
}

static void check_frames(ws_conn *ws) {
    uint8_t input[] =
        "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"; /* RFC 6455, 5.7 */
    ws_event e;
    size_t used;
    CHECK(ws_conn_recv(ws, input, sizeof input - 1, &e, 1, &used) == 1);
    CHECK(is_text(&e, ws_event_data(ws, input, &e), "Hello"));
}

static void check_status(ws_request_fields fields, int status) {
    stream_response r;
    CHECK(!accept_stream(&fields, (ws_bytes){NULL, 0}, &r));
    CHECK(r.status == status);
}

int main(void) {
    ws_request_fields fields = rfc_request();
    stream_response r;
    ws_conn *ws = accept_stream(&fields, BYTES("superchat, chat"), &r);
    CHECK(ws && r.status == 200);
    CHECK(strcmp(r.protocol, "chat") == 0);
    CHECK(strcmp(r.extensions, "permessage-deflate; server_no_context_takeover") == 0);
    check_frames(ws);
    ws_conn_free(ws);

    fields.http_version = 30;
    fields.extensions = (ws_bytes){NULL, 0};
    ws = accept_stream(&fields, (ws_bytes){NULL, 0}, &r);
    CHECK(ws && r.status == 200 && r.protocol[0] == '\0' && r.extensions[0] == '\0');
    ws_conn_free(ws);

    fields = rfc_request();
    fields.version = BYTES("8");
    check_status(fields, 400);
    fields = rfc_request();
    fields.connect_protocol = BYTES("connect-udp");
    check_status(fields, 501);
    fields = rfc_request();
    fields.method = BYTES("GET");
    check_status(fields, 405);
    fields = rfc_request();
    fields.origins = BYTES("https://other.example");
    check_status(fields, 403);
    return 0;
}
