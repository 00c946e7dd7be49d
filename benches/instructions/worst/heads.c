/* Heads, which have at most 64 KiB. */
#include "build.h"

/* Its offer may be accepted or refused. */
static const char asked[] = "GET / HTTP/1.1\r\n"
                            "Host: a\r\n"
                            "Upgrade: websocket\r\n"
                            "Connection: Upgrade\r\n"
                            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                            "Sec-WebSocket-Version: 13\r\n"
                            "Sec-WebSocket-Extensions: a, permessage-deflate\r\n"
                            "\r\n";

static void plain_request(void) {
    wire_clear();
    add(request);
}

static void plain_response(void) {
    wire_clear();
    add(response);
}

/* ---- ws_parse_handshake ---- */

static size_t parse(void) {
    ws_handshake hs;
    CHECK(COUNTED(ws_parse_handshake(wire, wire_len, &hs, sizeof hs)) > 0);
    return wire_len;
}

static size_t parse_plain(size_t size) {
    (void)size;
    plain_request();
    return parse();
}

static size_t parse_fields(size_t size) {
    (void)size;
    begin_request();
    end_with_fields("a:\r\n");
    return parse();
}

static size_t parse_list(size_t size) {
    begin_request();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    return parse();
}

static size_t parse_bytes(size_t size) {
    ws_handshake hs;
    begin_request();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    count_start();
    for (size_t len = 1; len < wire_len; len++)
        CHECK(ws_parse_handshake(wire, len, &hs, sizeof hs) == 0);
    CHECK(ws_parse_handshake(wire, wire_len, &hs, sizeof hs) > 0);
    count_stop();
    return wire_len;
}

/* ---- ws_head_length, ws_next_header, ws_find_header ---- */

static size_t length_plain(size_t size) {
    size_t scanned = 0;
    (void)size;
    plain_request();
    CHECK(COUNTED(ws_head_length(wire, wire_len, &scanned)) > 0);
    return wire_len;
}

static size_t length_bytes(size_t size) {
    size_t scanned = 0;
    begin_request();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    count_start();
    for (size_t len = 1; len < wire_len; len++)
        CHECK(ws_head_length(wire, len, &scanned) == 0);
    CHECK(ws_head_length(wire, wire_len, &scanned) > 0);
    count_stop();
    return wire_len;
}

static size_t walk(void) {
    size_t pos = 0;
    ws_span name, value;
    count_start();
    while (ws_next_header(wire, wire_len, &pos, &name, &value) == 1)
        continue;
    count_stop();
    return wire_len;
}

static size_t walk_plain(size_t size) {
    (void)size;
    plain_request();
    return walk();
}

static size_t walk_fields(size_t size) {
    (void)size;
    begin_request();
    end_with_fields("a:\r\n");
    return walk();
}

static size_t find(void) {
    ws_span value;
    CHECK(COUNTED(ws_find_header(wire, wire_len, "absent", 6, &value)) == 0);
    return wire_len;
}

static size_t find_plain(size_t size) {
    (void)size;
    plain_request();
    return find();
}

static size_t find_fields(size_t size) {
    (void)size;
    begin_request();
    end_with_fields("absend:\r\n");
    return find();
}

/* ---- ws_parse_response ---- */

static size_t parse_answer(const char *sent) {
    ws_response parsed;
    ws_bytes head = bytes_of(sent);
    CHECK(COUNTED(ws_parse_response(wire, wire_len, head.data, head.len, &parsed,
                                    sizeof parsed)) > 0);
    return wire_len;
}

static size_t answer_plain(size_t size) {
    (void)size;
    plain_response();
    return parse_answer(request);
}

static size_t answer_list(size_t size) {
    begin_response();
    end_with_list("Sec-WebSocket-Extensions", ";a", size);
    return parse_answer(asked);
}

static size_t answer_fields(size_t size) {
    (void)size;
    begin_response();
    end_with_fields("a:\r\n");
    return parse_answer(asked);
}

/* ---- ws_conn_accept, ws_conn_confirm ---- */

static size_t accept_it(void) {
    static const ws_pmd_params pmd;
    ws_accept_spec spec = {.allocator = &memory,
                           .pmd = &pmd,
                           .protocols = forty("protocol", ",")};
    ws_accepted accepted;
    CHECK(COUNTED(ws_conn_accept(wire, wire_len, &spec, sizeof spec, &accepted,
                                 sizeof accepted, out, OUT)) > 0);
    CHECK(accepted.error == WS_OK);
    return wire_len;
}

static size_t accept_plain(size_t size) {
    (void)size;
    plain_request();
    return accept_it();
}

static size_t accept_extensions(size_t size) {
    begin_request();
    end_with_list("Sec-WebSocket-Extensions", ",a", size);
    return accept_it();
}

static size_t accept_protocols(size_t size) {
    begin_request();
    end_with_list("Sec-WebSocket-Protocol", ",a", size);
    return accept_it();
}

static size_t confirm_it(const char *sent) {
    static const ws_pmd_params pmd;
    ws_conn *conn;
    ws_response parsed;
    ws_bytes head = bytes_of(sent);
    CHECK(COUNTED(ws_conn_confirm(wire, wire_len, head.data, head.len, &pmd, &memory, &conn,
                                  &parsed, sizeof parsed)) > 0);
    return wire_len;
}

static size_t confirm_plain(size_t size) {
    (void)size;
    plain_response();
    return confirm_it(request);
}

static size_t confirm_list(size_t size) {
    begin_response();
    add("Sec-WebSocket-Extensions: a");
    add_until(";a", size);
    add(",permessage-deflate\r\n\r\n");
    return confirm_it(asked);
}

#define REQUEST "a browser's request"
#define RESPONSE "a response"

const struct worst head_worst[] = {
    {"ws_parse_handshake", REQUEST, .run = parse_plain},
    {"ws_parse_handshake", "240 fields \"a:\"", REQUEST, .run = parse_fields},
    {"ws_parse_handshake", "extensions \"a,a,a\"", REQUEST, .run = parse_list},
    {"ws_parse_handshake", "8 KiB, byte by byte", REQUEST, parse_bytes,
     "each call parses from the start: ws_head_length() is for heads that arrive so",
     .size = 8 << 10, .quadratic = true},
    {"ws_head_length", REQUEST, .run = length_plain},
    {"ws_head_length", "byte by byte", REQUEST, length_bytes, .argument = EACH_BYTE},
    {"ws_next_header", REQUEST, .run = walk_plain},
    {"ws_next_header", "240 fields \"a:\"", REQUEST, .run = walk_fields},
    {"ws_find_header", REQUEST, .run = find_plain},
    {"ws_find_header", "240 fields with a similar name", REQUEST, .run = find_fields},
    {"ws_parse_response", RESPONSE, .run = answer_plain},
    {"ws_parse_response", "240 fields \"a:\"", RESPONSE, .run = answer_fields},
    {"ws_parse_response", "extensions \"a;a;a\"", RESPONSE, .run = answer_list},
    {"ws_conn_accept", REQUEST, .run = accept_plain},
    {"ws_conn_accept", "extensions \"a,a,a\"", REQUEST, .run = accept_extensions},
    {"ws_conn_accept", "subprotocols \"a,a,a\", 40 supported", REQUEST,
     .run = accept_protocols},
    {"ws_conn_confirm", RESPONSE, .run = confirm_plain},
    {"ws_conn_confirm", "extensions \"a;a;a,permessage-deflate\"", RESPONSE,
     .run = confirm_list},
    {0},
};
