/* Runs one case repeatedly: cases CASE TIMES. Without arguments it lists the cases. The
 * instructions of a case are the difference between two runs, so those before and after it do
 * not count. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wscodec.h>

enum { ROOM = 1 << 20, BATCH = 16 };

static unsigned char wire[ROOM], input[ROOM], out[ROOM], payload[ROOM];
static size_t wire_len;

static const char request[] =
    "GET /chat?room=1 HTTP/1.1\r\n"
    "Host: server.example.com\r\n"
    "Connection: keep-alive, Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: http://example.com\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=0123456789abcdef\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "\r\n";

static void check(bool ok, const char *what) {
    if (!ok) {
        fprintf(stderr, "cases: %s failed\n", what);
        exit(1);
    }
}

/* A byte of `payload` each: ASCII, or two-byte characters. */
static void fill(size_t len, bool ascii) {
    for (size_t i = 0; i < len; i++)
        payload[i] = ascii ? (unsigned char)('a' + i % 26) : i % 2 ? 0xa9 : 0xc3;
}

/* `count` frames as a client sends them. */
static void write_wire(int opcode, size_t len, int count) {
    static const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
    wire_len = 0;
    for (int i = 0; i < count; i++) {
        ws_result n = ws_frame_encode(opcode, WS_FIN, key, payload, len, wire + wire_len,
                                      ROOM - wire_len);
        check(n > 0, "ws_frame_encode");
        wire_len += (size_t)n;
    }
}

/* Decoding unmasks in place, so every round starts with fresh bytes. */
static void refill(void) {
    memcpy(input, wire, wire_len);
}

/* ---- one frame ---- */

static void decode(int times, size_t len) {
    ws_frame frame;
    write_wire(WS_OPCODE_BINARY, len, 1);
    for (int i = 0; i < times; i++) {
        refill();
        check(ws_frame_decode(input, wire_len, WS_SERVER, &frame) > 0, "ws_frame_decode");
    }
}

static void decode_20(int times) { decode(times, 20); }
static void decode_1024(int times) { decode(times, 1024); }

static void encode_20(int times) {
    for (int i = 0; i < times; i++)
        check(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, NULL, payload, 20, out, ROOM) == 22,
              "ws_frame_encode");
}

static void mask_1024(int times) {
    for (int i = 0; i < times; i++)
        ws_mask(payload + 1, 1024, "key", 0);
}

static void accept_key(int times) {
    for (int i = 0; i < times; i++)
        check(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==", WS_KEY_LEN, out, ROOM) ==
                  WS_ACCEPT_LEN,
              "ws_accept_key");
}

/* ---- many frames ---- */

static void feed_16_of_20(int times) {
    ws_decoder decoder = {{0}};
    ws_frame frames[BATCH];
    size_t used;
    write_wire(WS_OPCODE_BINARY, 20, BATCH);
    for (int i = 0; i < times; i++) {
        refill();
        check(ws_decoder_feed(&decoder, input, wire_len, frames, BATCH, &used) == BATCH,
              "ws_decoder_feed");
    }
}

/* ---- the connection ---- */

static void receive(int times, int opcode, size_t len, int count) {
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event events[BATCH];
    size_t used;
    write_wire(opcode, len, count);
    for (int i = 0; i < times; i++) {
        refill();
        check(ws_conn_recv(conn, input, wire_len, events, BATCH, &used) == count,
              "ws_conn_recv");
    }
    ws_conn_free(conn);
}

/* One message in a read takes one call: nothing is pending when all bytes are consumed. */
static void receive_text_20(int times) {
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_event events[BATCH];
    fill(20, true);
    write_wire(WS_OPCODE_TEXT, 20, 1);
    for (int i = 0; i < times; i++) {
        size_t used, left = wire_len;
        refill();
        for (int calls = 0; left > 0; left -= used)
            check(ws_conn_recv(conn, input, left, events, BATCH, &used) == 1 && calls++ == 0,
                  "ws_conn_recv");
    }
    ws_conn_free(conn);
}

static void receive_binary_16_of_20(int times) {
    receive(times, WS_OPCODE_BINARY, 20, BATCH);
}

static void receive_text_16_of_20(int times) {
    fill(20, true);
    receive(times, WS_OPCODE_TEXT, 20, BATCH);
}

static void receive_text_1024(int times) {
    fill(1024, true);
    receive(times, WS_OPCODE_TEXT, 1024, 1);
}

static void receive_text_1024_multibyte(int times) {
    fill(1024, false);
    receive(times, WS_OPCODE_TEXT, 1024, 1);
}

static void send_by(int times, uint32_t side, const ws_pmd_params *pmd, size_t len) {
    ws_conn *conn = ws_conn_new(side, NULL);
    check(!pmd || ws_conn_set_pmd(conn, pmd) == WS_OK, "ws_conn_set_pmd");
    for (int i = 0; i < times; i++)
        check(ws_conn_send(conn, WS_OPCODE_TEXT, 0, payload, len, out, ROOM) > 0,
              "ws_conn_send");
    ws_conn_free(conn);
}

static void send_125(int times) { send_by(times, WS_SERVER, NULL, 125); }
static void send_20_as_client(int times) { send_by(times, WS_CLIENT, NULL, 20); }

/* ---- compression ---- */

static const ws_pmd_params usual = {0, 0, 0, 0, 0, 0, {0, 0}};

static void compress_1024(int times) { send_by(times, WS_SERVER, &usual, 1024); }

/* The same compressed message again and again: it refers to nothing before it. */
static void decompress_512(int times) {
    ws_conn *from = ws_conn_new(WS_CLIENT, NULL), *to = ws_conn_new(WS_SERVER, NULL);
    check(ws_conn_set_pmd(from, &usual) == WS_OK && ws_conn_set_pmd(to, &usual) == WS_OK,
          "ws_conn_set_pmd");
    ws_result n = ws_conn_send(from, WS_OPCODE_TEXT, 0, request, 512, wire, ROOM);
    check(n > 0, "ws_conn_send");
    wire_len = (size_t)n;
    for (int i = 0; i < times; i++) {
        ws_event event;
        size_t used;
        refill();
        check(ws_conn_recv(to, input, wire_len, &event, 1, &used) == 1, "ws_conn_recv");
    }
    ws_conn_free(from);
    ws_conn_free(to);
}

/* ---- the opening handshake ---- */

static void parse_handshake(int times) {
    ws_handshake hs;
    for (int i = 0; i < times; i++)
        check(ws_parse_handshake(request, sizeof request - 1, &hs, sizeof hs) > 0,
              "ws_parse_handshake");
}

static void accept_client(int times) {
    for (int i = 0; i < times; i++) {
        ws_accepted accepted;
        check(ws_conn_accept(request, sizeof request - 1, NULL, 0, &accepted,
                             sizeof accepted, out, ROOM) > 0,
              "ws_conn_accept");
        ws_conn_free(accepted.conn);
    }
}

/* ---- */

static const struct {
    const char *name;
    void (*run)(int times);
} cases[] = {
    {"ws_frame_decode, 20 B", decode_20},
    {"ws_frame_decode, 1 KiB", decode_1024},
    {"ws_frame_encode, 20 B", encode_20},
    {"ws_mask, 1 KiB, not aligned", mask_1024},
    {"ws_accept_key", accept_key},
    {"ws_decoder_feed, 16 frames of 20 B", feed_16_of_20},
    {"ws_conn_recv, 16 binary messages of 20 B", receive_binary_16_of_20},
    {"ws_conn_recv, 16 texts of 20 B", receive_text_16_of_20},
    {"ws_conn_recv, a text of 20 B", receive_text_20},
    {"ws_conn_recv, a text of 1 KiB, ASCII", receive_text_1024},
    {"ws_conn_recv, a text of 1 KiB, two-byte characters", receive_text_1024_multibyte},
    {"ws_conn_send, 125 B, server", send_125},
    {"ws_conn_send, 20 B, client", send_20_as_client},
    {"ws_conn_send, 1 KiB, compressed", compress_1024},
    {"ws_conn_recv, a text of 512 B, compressed", decompress_512},
    {"ws_parse_handshake, 14 fields", parse_handshake},
    {"ws_conn_accept, 14 fields", accept_client},
};
enum { CASES = sizeof cases / sizeof *cases };

int main(int argc, char **argv) {
    if (argc != 3) {
        for (int i = 0; i < CASES; i++)
            puts(cases[i].name);
        return 0;
    }
    fill(ROOM, true);
    for (int i = 0; i < CASES; i++)
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run(atoi(argv[2]));
            return 0;
        }
    fprintf(stderr, "cases: no case is called %s\n", argv[1]);
    return 2;
}
