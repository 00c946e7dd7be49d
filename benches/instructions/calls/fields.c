/* The opening handshake from fields that an HTTP library has parsed. */
#include "calls.h"

static void check_request(void) {
    ws_request_fields fields = {
        .method = bytes_of("GET"),
        .host = bytes_of("server.example.com"),
        .upgrade = bytes_of("websocket"),
        .connection = bytes_of("keep-alive, Upgrade"),
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .version = bytes_of("13"),
        .origin = bytes_of("https://example.com"),
        .extensions = bytes_of("permessage-deflate; client_max_window_bits"),
        .http_version = 11,
    };
    CHECK(COUNTED(ws_check_request(&fields, sizeof fields)) == WS_OK);
}

static void check_request_http2(void) {
    ws_request_fields fields = {
        .method = bytes_of("CONNECT"),
        .host = bytes_of("server.example.com"),
        .version = bytes_of("13"),
        .origin = bytes_of("https://example.com"),
        .extensions = bytes_of("permessage-deflate; client_max_window_bits"),
        .connect_protocol = bytes_of("websocket"),
        .http_version = 20,
    };
    CHECK(COUNTED(ws_check_request(&fields, sizeof fields)) == WS_OK);
}

static void check_response(void) {
    ws_response_fields fields = {
        .upgrade = bytes_of("websocket"),
        .connection = bytes_of("Upgrade"),
        .accept = bytes_of("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        .extensions = bytes_of("permessage-deflate"),
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .offered_extensions = bytes_of("permessage-deflate; client_max_window_bits"),
        .http_version = 11,
        .status = 101,
    };
    CHECK(COUNTED(ws_check_response(&fields, sizeof fields)) == WS_OK);
}

const struct call field_calls[] = {
    {"ws_check_request", "HTTP/1.1", check_request},
    {"ws_check_request", "HTTP/2", check_request_http2},
    {"ws_check_response", "HTTP/1.1", check_response},
    {0},
};
