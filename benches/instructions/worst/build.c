#include "build.h"

#include <stdio.h>
#include <string.h>

void add(const char *text) {
    wire_add(text, strlen(text));
}

void add_until(const char *element, size_t size) {
    while (wire_len < size)
        add(element);
}

void begin_request(void) {
    wire_clear();
    add("GET / HTTP/1.1\r\n"
        "Host: a\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n");
}

void begin_response(void) {
    wire_clear();
    add("HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
}

void end_with_list(const char *field, const char *element, size_t size) {
    add(field);
    add(": a");
    add_until(element, size);
    add("\r\n\r\n");
}

void end_with_fields(const char *line) {
    for (int i = 0; i < 240; i++)
        add(line);
    add("\r\n");
}

ws_bytes built(void) {
    return (ws_bytes){wire, wire_len};
}

ws_bytes forty(const char *prefix, const char *separator) {
    static char list[4096];
    size_t len = 0;
    for (int i = 0; i < 40; i++)
        len += (size_t)snprintf(list + len, sizeof list - len, "%s%s%02d",
                                i ? separator : "", prefix, i);
    return (ws_bytes){list, len};
}
