/* The opening handshake of both sides. */
#include "program.h"

size_t write_request(char *out, size_t cap, const char *extensions)
{
    ws_request_spec spec;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.host = bytes_of("server.example.com");
    spec.target = bytes_of("/chat");
    spec.key = bytes_of(KEY);
    spec.origin = bytes_of("https://example.com");
    spec.protocols = bytes_of("chat, superchat");
    spec.extensions = bytes_of(extensions);
    spec.headers = bytes_of("Cookie: a=b\r\n");
    n = ws_build_request(&spec, sizeof spec, out, cap);
    CHECK(n > 0);
    return n > 0 ? (size_t)n : 0;
}

static void check_span(const char *head, ws_span span, const char *want)
{
    CHECK_EQ(span.len, strlen(want));
    CHECK_MEM(head + span.off, want, strlen(want));
}

static void check_lines(const char *head, size_t len)
{
    ws_span name, value;
    size_t pos = 0, count = 0, scanned = 0;

    CHECK_EQ(ws_head_length(head, len - 1, &scanned), 0);
    CHECK_EQ(ws_head_length(head, len, &scanned), len);
    while (ws_next_header(head, len, &pos, &name, &value) == 1) {
        count++;
    }
    CHECK_EQ(count, 8);
    CHECK_EQ(ws_find_header(head, len, STR("cookie"), &value), 1);
    check_span(head, value, "a=b");
}

static void check_server(const char *head, size_t len)
{
    static const char supported[] = "superb, superchat";
    ws_handshake hs;
    ws_span chosen;

    CHECK_EQ(ws_parse_handshake(head, len, &hs, sizeof hs), len);
    CHECK_EQ(hs.head_len, len);
    CHECK_EQ(hs.http_version, 11);
    check_span(head, hs.method, "GET");
    check_span(head, hs.target, "/chat");
    check_span(head, hs.host, "server.example.com");
    check_span(head, hs.key, KEY);
    check_span(head, hs.origin, "https://example.com");
    CHECK_EQ(ws_origin_allowed(head + hs.origin.off, hs.origin.len, STR("https://example.com")), 1);
    CHECK_EQ(ws_select_protocol(head, len, STR(supported), &chosen), 1);
    check_span(supported, chosen, "superchat");
    CHECK_EQ(ws_select_protocol_value(STR("chat"), STR("x, chat"), &chosen), 1);
    CHECK_EQ(chosen.off, 3);
}

static void check_client(const char *request, size_t len)
{
    char head[512];
    ws_response_spec spec;
    ws_response response;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.key = bytes_of(KEY);
    spec.protocol = bytes_of("chat");
    spec.headers = bytes_of("Server: x\r\n");
    n = ws_build_response(&spec, sizeof spec, head, sizeof head);
    CHECK(n > 0);
    CHECK_EQ(ws_parse_response(head, (size_t)n, request, len, &response, sizeof response), n);
    CHECK_EQ(response.head_len, n);
    CHECK_EQ(response.status, 101);
    CHECK_EQ(response.http_version, 11);
    CHECK_EQ(response.extensions.len, 0);
    check_span(head, response.protocol, "chat");
    check_span(head, response.reason, "Switching Protocols");
}

void check_heads(void)
{
    char request[512], key[WS_KEY_LEN], accept[WS_ACCEPT_LEN], reply[WS_MAX_REPLY];
    size_t len = write_request(request, sizeof request, "");

    check_lines(request, len);
    check_server(request, len);
    check_client(request, len);
    CHECK_EQ(ws_make_key(key, sizeof key), WS_KEY_LEN);
    CHECK_EQ(ws_accept_key(STR(KEY), accept, sizeof accept), WS_ACCEPT_LEN);
    CHECK_MEM(accept, ACCEPT, WS_ACCEPT_LEN);
    CHECK(ws_build_reply(403, STR("Retry-After: 1\r\n"), STR("no\n"), reply, sizeof reply) > 0);
    CHECK_MEM(reply, "HTTP/1.1 403 ", 13);
}

void check_fields(void)
{
    ws_request_fields request;
    ws_response_fields response;

    memset(&request, 0, sizeof request);
    request.http_version = 20;
    request.method = bytes_of("CONNECT");
    request.connect_protocol = bytes_of("websocket");
    request.host = bytes_of("server.example.com");
    request.version = bytes_of("13");
    request.origin = bytes_of("https://example.com");
    request.origins = bytes_of("https://example.com");
    CHECK_EQ(ws_check_request(&request, sizeof request), WS_OK);
    request.origins = bytes_of("https://another.example");
    CHECK_EQ(ws_check_request(&request, sizeof request), WS_ERR_HANDSHAKE_ORIGIN);

    memset(&response, 0, sizeof response);
    response.http_version = 11;
    response.status = 101;
    response.upgrade = bytes_of("websocket");
    response.connection = bytes_of("Upgrade");
    response.key = bytes_of(KEY);
    response.accept = bytes_of(ACCEPT);
    response.protocol = bytes_of("chat");
    response.offered_protocols = bytes_of("chat");
    CHECK_EQ(ws_check_response(&response, sizeof response), WS_OK);
    response.accept = bytes_of(KEY);
    CHECK_EQ(ws_check_response(&response, sizeof response), WS_ERR_HANDSHAKE_ACCEPT);
}
