#include "inputs.h"
#include "count.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

unsigned char wire[ROOM], input[ROOM];
size_t wire_len;

unsigned char ascii[TEXT_LEN], two_byte[TEXT_LEN], json[TEXT_LEN];

const unsigned char mask_key[4] = {0x37, 0xfa, 0x21, 0x3d};

const char request[] =
    "GET /chat HTTP/1.1\r\n"
    "Host: server.example.com\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://example.com\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: session=0123456789abcdef; theme=dark\r\n"
    "Sec-GPC: 1\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "\r\n";
const size_t request_len = sizeof request - 1;

const char response[] =
    "HTTP/1.1 101 Switching Protocols\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate\r\n"
    "Date: Sat, 28 Nov 2026 12:00:00 GMT\r\n"
    "\r\n";
const size_t response_len = sizeof response - 1;

/* Records whose numbers and words vary, as those of an application do. */
static void fill_json(void) {
    static const char *const words[] = {"alpha", "bravo", "charlie", "delta",
                                        "echo",  "golf",  "hotel",   "india"};
    unsigned seed = 1;
    for (size_t at = 0; at < TEXT_LEN;) {
        char record[128];
        seed = seed * 1664525 + 1013904223;
        int n = snprintf(record, sizeof record,
                         "{\"id\":%u,\"user\":\"%s\",\"room\":\"%s\",\"at\":%u.%03u},",
                         seed >> 12, words[seed >> 29], words[seed >> 26 & 7],
                         1700000000 + (seed >> 20), seed >> 22);
        size_t fits = TEXT_LEN - at < (size_t)n ? TEXT_LEN - at : (size_t)n;
        memcpy(json + at, record, fits);
        at += fits;
    }
}

void inputs_init(void) {
    for (size_t i = 0; i < TEXT_LEN; i++) {
        ascii[i] = (unsigned char)('a' + i % 26);
        two_byte[i] = i % 2 ? 0xa9 : 0xc3;
    }
    fill_json();
}

void wire_clear(void) {
    wire_len = 0;
}

void wire_add(const void *bytes, size_t len) {
    check(len <= ROOM - wire_len, "room in wire");
    memcpy(wire + wire_len, bytes, len);
    wire_len += len;
}

void wire_frame(int first, const void *payload, size_t len) {
    ws_result n = ws_frame_encode(first & 0x0f, (uint32_t)first & 0xf0, mask_key, payload, len,
                                  wire + wire_len, ROOM - wire_len);
    check(n > 0, "ws_frame_encode");
    wire_len += (size_t)n;
}

void wire_arrives(void) {
    memcpy(input, wire, wire_len);
}

ws_conn *new_conn(uint32_t side, const ws_pmd_params *pmd) {
    ws_conn *conn = ws_conn_new(side, &memory);
    check(conn && (!pmd || ws_conn_set_pmd(conn, pmd) == WS_OK), "new_conn");
    return conn;
}

ws_bytes bytes_of(const char *text) {
    return (ws_bytes){text, strlen(text)};
}
