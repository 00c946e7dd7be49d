/* Values of fields. */
#include "build.h"

/* A list, as the value of a field. */
static void list(const char *element, size_t size) {
    wire_clear();
    add("a");
    add_until(element, size);
}

/* ---- subprotocols ---- */

static size_t select_from(ws_bytes supported, ws_result expected) {
    ws_span chosen;
    CHECK(COUNTED(ws_select_protocol(wire, wire_len, supported.data, supported.len,
                                     &chosen)) == expected);
    return wire_len;
}

static size_t select_plain(size_t size) {
    (void)size;
    begin_request();
    add("Sec-WebSocket-Protocol: soap, chat\r\n\r\n");
    return select_from(bytes_of("chat"), 1);
}

static size_t select_list(size_t size) {
    begin_request();
    end_with_list("Sec-WebSocket-Protocol", ",a", size);
    return select_from(forty("protocol", ","), 0);
}

static size_t select_value(ws_bytes supported, ws_result expected) {
    ws_span chosen;
    CHECK(COUNTED(ws_select_protocol_value(wire, wire_len, supported.data, supported.len,
                                           &chosen)) == expected);
    return wire_len;
}

static size_t select_value_plain(size_t size) {
    (void)size;
    wire_clear();
    add("soap, chat");
    return select_value(bytes_of("chat"), 1);
}

static size_t select_value_list(size_t size) {
    list(",a", size);
    return select_value(forty("protocol", ","), 0);
}

/* ---- the origin ---- */

static size_t origin(int expected) {
    ws_bytes allowed = forty("https://a.example", " ");
    CHECK(COUNTED(ws_origin_allowed(wire, wire_len, allowed.data, allowed.len)) == expected);
    return wire_len;
}

static size_t origin_plain(size_t size) {
    (void)size;
    wire_clear();
    add("https://a.example39");
    return origin(1);
}

static size_t origin_long(size_t size) {
    wire_clear();
    add("https://a:");
    add_until("0", size);
    return origin(0);
}

/* ---- permessage-deflate ---- */

static size_t accept_offer(bool accepted) {
    ws_pmd_params params = {0};
    ws_result n = COUNTED(ws_pmd_accept(wire, wire_len, &params, out, OUT));
    CHECK(accepted ? n > 0 : n == 0);
    return wire_len;
}

static size_t accept_plain(size_t size) {
    (void)size;
    wire_clear();
    add(request);
    return accept_offer(true);
}

static size_t accept_list(size_t size) {
    begin_request();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    return accept_offer(false);
}

static size_t accept_value(bool accepted) {
    ws_pmd_params params = {0};
    ws_result n = COUNTED(ws_pmd_accept_value(wire, wire_len, &params, out, OUT));
    CHECK(accepted ? n > 0 : n == 0);
    return wire_len;
}

static size_t accept_value_plain(size_t size) {
    (void)size;
    wire_clear();
    add("permessage-deflate; client_max_window_bits");
    return accept_value(true);
}

static size_t accept_value_list(size_t size) {
    list(",a", size);
    return accept_value(false);
}

static size_t confirm_head(ws_result expected) {
    ws_pmd_params params = {0};
    CHECK(COUNTED(ws_pmd_confirm(wire, wire_len, &params)) == expected);
    return wire_len;
}

static size_t confirm_plain(size_t size) {
    (void)size;
    wire_clear();
    add(response);
    return confirm_head(1);
}

static size_t confirm_list(size_t size) {
    begin_response();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    return confirm_head(0);
}

static size_t confirm_value(ws_result expected) {
    ws_pmd_params params = {0};
    CHECK(COUNTED(ws_pmd_confirm_value(wire, wire_len, &params)) == expected);
    return wire_len;
}

static size_t confirm_value_plain(size_t size) {
    (void)size;
    wire_clear();
    add("permessage-deflate");
    return confirm_value(1);
}

static size_t confirm_value_list(size_t size) {
    list(",a", size);
    return confirm_value(0);
}

/* ---- fields that an HTTP library has parsed ---- */

/* The bytes that count are those of the value in `wire`. */
static size_t check_request(ws_bytes connection, ws_bytes extensions) {
    ws_request_fields fields = {
        .method = bytes_of("GET"),
        .host = bytes_of("server.example.com"),
        .upgrade = bytes_of("websocket"),
        .connection = connection,
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .version = bytes_of("13"),
        .extensions = extensions,
        .http_version = 11,
    };
    CHECK(COUNTED(ws_check_request(&fields, sizeof fields)) == WS_OK);
    return wire_len;
}

static size_t request_plain(size_t size) {
    (void)size;
    wire_clear();
    add("permessage-deflate; client_max_window_bits");
    return check_request(bytes_of("Upgrade"), built());
}

static size_t request_extensions(size_t size) {
    list(",a", size);
    return check_request(bytes_of("Upgrade"), built());
}

static size_t request_connection(size_t size) {
    list(",a", size);
    add(",upgrade");
    return check_request(built(), bytes_of(""));
}

static size_t check_response(ws_bytes extensions) {
    ws_response_fields fields = {
        .upgrade = bytes_of("websocket"),
        .connection = bytes_of("Upgrade"),
        .accept = bytes_of("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
        .extensions = extensions,
        .key = bytes_of("dGhlIHNhbXBsZSBub25jZQ=="),
        .offered_extensions = bytes_of("a, permessage-deflate"),
        .http_version = 11,
        .status = 101,
    };
    CHECK(COUNTED(ws_check_response(&fields, sizeof fields)) == WS_OK);
    return wire_len;
}

static size_t response_plain(size_t size) {
    (void)size;
    wire_clear();
    add("permessage-deflate");
    return check_response(built());
}

static size_t response_extensions(size_t size) {
    list(";a", size);
    return check_response(built());
}

#define LIST "\"a,a,a\""

const struct worst list_worst[] = {
    {"ws_select_protocol", "2 offered, 1 supported", .run = select_plain},
    {"ws_select_protocol", LIST ", 40 supported", "2 offered, 1 supported",
     .run = select_list},
    {"ws_select_protocol_value", "2 offered, 1 supported", .run = select_value_plain},
    {"ws_select_protocol_value", LIST ", 40 supported", "2 offered, 1 supported",
     .run = select_value_list},
    {"ws_origin_allowed", "the last of 40", .run = origin_plain},
    {"ws_origin_allowed", "a port of zeros, 40 allowed", "the last of 40",
     .run = origin_long},
    {"ws_pmd_accept", "a browser's request", .run = accept_plain},
    {"ws_pmd_accept", LIST, "a browser's request", .run = accept_list},
    {"ws_pmd_accept_value", "a browser's offer", .run = accept_value_plain},
    {"ws_pmd_accept_value", LIST, "a browser's offer", .run = accept_value_list},
    {"ws_pmd_confirm", "a response", .run = confirm_plain},
    {"ws_pmd_confirm", LIST, "a response", .run = confirm_list},
    {"ws_pmd_confirm_value", "without parameters", .run = confirm_value_plain},
    {"ws_pmd_confirm_value", LIST, "without parameters", .run = confirm_value_list},
    {"ws_check_request", "a browser's offer", .run = request_plain},
    {"ws_check_request", "extensions " LIST, "a browser's offer",
     .run = request_extensions},
    {"ws_check_request", "Connection " LIST, "a browser's offer",
     .run = request_connection},
    {"ws_check_response", "permessage-deflate", .run = response_plain},
    {"ws_check_response", "extensions \"a;a;a\"", "permessage-deflate",
     .run = response_extensions},
    {0},
};
