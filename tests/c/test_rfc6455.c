/* The examples of RFC 6455: sections 1.2, 1.3 and 5.7. */
#include "check.h"
#include "wscodec.h"

#include <stdlib.h>
#include <string.h>

static const char hello[] = "Hello";

/* The frame decodes to this payload. */
static void check_frame(const char *hex, uint32_t side, int opcode,
                        unsigned flags, const char *payload)
{
    unsigned char buf[64];
    size_t len = unhex(hex, buf, sizeof buf);
    size_t payload_len = strlen(payload);
    ws_frame frame;

    check_case(hex, 0, 0);
    CHECK_EQ(ws_frame_decode(buf, len, side, &frame), len);
    CHECK_EQ(frame.opcode, opcode);
    CHECK_EQ(frame.flags, flags | WS_BEGIN | WS_END);
    CHECK_U64(frame.payload_len, payload_len);
    CHECK_U64(frame.chunk_len, payload_len);
    CHECK_U64(frame.chunk_pos, 0);
    CHECK_U64(frame.chunk_off, len - payload_len);
    CHECK_EQ(frame.header_len, len - payload_len);
    CHECK_EQ(frame.message_opcode, frame.opcode);
    CHECK_MEM(buf + frame.chunk_off, payload, payload_len);
    if ((flags & WS_MASKED) != 0) {
        CHECK_MEM(frame.mask_key, "\x37\xfa\x21\x3d", 4);
    } else {
        CHECK_FILL(frame.mask_key, 0, 4);
    }
}

/* The payload encodes to this frame. */
static void check_encode(const char *hex, int opcode, unsigned flags,
                         const char *mask, const char *payload)
{
    unsigned char want[64], got[64];
    size_t len = unhex(hex, want, sizeof want);

    check_case(hex, 1, 0);
    CHECK_EQ(ws_frame_encode(opcode, flags, mask, payload, strlen(payload), got,
                             sizeof got),
             len);
    CHECK_MEM(got, want, len);
}

/* "256 bytes binary message", "64KiB binary message". */
static void check_long(size_t payload_len, const char *header_hex)
{
    unsigned char header[WS_MAX_HEADER];
    size_t header_len = unhex(header_hex, header, sizeof header), i;
    unsigned char *payload = malloc(payload_len);
    unsigned char *buf = malloc(payload_len + header_len);
    ws_frame frame;

    check_case(header_hex, payload_len, 0);
    for (i = 0; i < payload_len; i++) {
        payload[i] = (unsigned char)(i * 7);
    }
    CHECK_EQ(ws_frame_encode(WS_OPCODE_BINARY, WS_FIN, NULL, payload,
                             payload_len, buf, payload_len + header_len),
             payload_len + header_len);
    CHECK_MEM(buf, header, header_len);
    CHECK_MEM(buf + header_len, payload, payload_len);
    CHECK_EQ(ws_frame_decode(buf, payload_len + header_len, WS_CLIENT, &frame),
             payload_len + header_len);
    CHECK_EQ(frame.opcode, WS_OPCODE_BINARY);
    CHECK_U64(frame.chunk_len, payload_len);
    free(payload);
    free(buf);
}

/* Section 1.2, with the key of section 1.3. */
static void check_handshake(void)
{
    static const char request[] =
        "GET /chat HTTP/1.1\r\n"
        "Host: server.example.com\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Origin: http://example.com\r\n"
        "Sec-WebSocket-Protocol: chat, superchat\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "\r\n";
    static const char response[] =
        "HTTP/1.1 101 Switching Protocols\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
        "Sec-WebSocket-Protocol: chat\r\n"
        "\r\n";
    ws_handshake hs;
    ws_response parsed;

    check_case("1.2", 0, 0);
    CHECK_EQ(ws_parse_handshake(request, strlen(request), &hs, sizeof hs),
             strlen(request));
    CHECK_MEM(request + hs.key.off, "dGhlIHNhbXBsZSBub25jZQ==", 24);
    CHECK_EQ(ws_parse_response(response, strlen(response), request, strlen(request),
                               &parsed, sizeof parsed),
             strlen(response));
    CHECK_EQ(parsed.status, 101);
    CHECK_EQ(parsed.protocol.len, 4);
    CHECK_MEM(response + parsed.protocol.off, "chat", 4);
}

int main(int argc, char **argv)
{
    static const char mask[] = "\x37\xfa\x21\x3d";

    (void)argc;
    check_handshake();

    check_frame("81 05 48656c6c6f", WS_CLIENT, WS_OPCODE_TEXT, WS_FIN, hello);
    check_frame("81 85 37fa213d 7f9f4d5158", WS_SERVER, WS_OPCODE_TEXT,
                WS_FIN | WS_MASKED, hello);
    check_frame("01 03 48656c", WS_CLIENT, WS_OPCODE_TEXT, 0, "Hel");
    check_frame("80 02 6c6f", WS_CLIENT, WS_OPCODE_CONTINUATION, WS_FIN, "lo");
    check_frame("89 05 48656c6c6f", WS_CLIENT, WS_OPCODE_PING, WS_FIN, hello);
    check_frame("8a 85 37fa213d 7f9f4d5158", WS_SERVER, WS_OPCODE_PONG,
                WS_FIN | WS_MASKED, hello);

    check_encode("81 05 48656c6c6f", WS_OPCODE_TEXT, WS_FIN, NULL, hello);
    check_encode("81 85 37fa213d 7f9f4d5158", WS_OPCODE_TEXT, WS_FIN, mask,
                 hello);
    check_encode("01 03 48656c", WS_OPCODE_TEXT, 0, NULL, "Hel");
    check_encode("80 02 6c6f", WS_OPCODE_CONTINUATION, WS_FIN, NULL, "lo");
    check_encode("89 05 48656c6c6f", WS_OPCODE_PING, WS_FIN, NULL, hello);
    check_encode("8a 85 37fa213d 7f9f4d5158", WS_OPCODE_PONG, WS_FIN, mask,
                 hello);

    check_long(256, "82 7e 0100");
    check_long(65536, "82 7f 0000000000010000");
    return check_done(argv[0]);
}
