/* Without arguments: decodes a stream from its standard input, reading as many bytes at a
 * time as it can get, and sends payloads back to its standard output. With an argument:
 * shows the four bugs of the code before, with frames that the code after decodes. */
#include <unistd.h>

#include "check.h"

/* The code before does not ask how much has arrived. */
#include "from-hand-written-framing-before.inc"

#include "from-hand-written-framing.inc"

static uint8_t written[64];
static size_t written_len, payload_len;
static bool is_echo;

void write_bytes(stream *s, const void *bytes, ws_result len) {
    (void)s;
    CHECK(len >= 0);
    if (is_echo) {
        CHECK(write(STDOUT_FILENO, bytes, (size_t)len) == len);
        return;
    }
    CHECK(written_len + (size_t)len <= sizeof written);
    memcpy(written + written_len, bytes, (size_t)len);
    written_len += (size_t)len;
}

void on_payload(stream *s, const uint8_t *payload, size_t len) {
    static uint8_t room[WS_MAX_HEADER + 65536];
    payload_len += len;
    if (is_echo && len > 0) {
        memcpy(room + WS_MAX_HEADER, payload, len);
        encode(s, room + WS_MAX_HEADER, len);
    }
}

static void forget_output(void) {
    written_len = payload_len = 0;
}

static void check_split_header(void) {
    uint8_t frame[16] = {0x82}, *payload;
    stream s = {0};
    CHECK(decode_frame(frame, &payload) == 0); /* a message without payload: wrong */

    uint8_t first[] = {0x82}, rest[] = {0x81, 1, 2, 3, 4, 'a' ^ 1};
    CHECK(decode(&s, first, sizeof first) && payload_len == 0);
    CHECK(decode(&s, rest, sizeof rest) && payload_len == 1);
    forget_output();
}

static void check_ping(void) {
    uint8_t ping[] = {0x89, 0x81, 0, 0, 0, 0, 'x'}, *payload;
    static const uint8_t pong[] = {0x8a, 1, 'x'};
    stream s = {0};
    CHECK(decode_frame(ping, &payload) == 1); /* data: wrong */

    CHECK(decode(&s, ping, sizeof ping) && payload_len == 0);
    CHECK(written_len == sizeof pong && memcmp(written, pong, sizeof pong) == 0);
    forget_output();
}

static void check_close(void) {
    uint8_t frame[] = {0x88, 0x82, 0, 0, 0, 0, 0x0f, 0xa0}, *payload;
    static const uint8_t reply[] = {0x88, 2, 0x0f, 0xa0};
    stream s = {0}, t = {0};
    CHECK(decode_frame(frame, &payload) == -1); /* and nothing to send: wrong */

    CHECK(!decode(&s, frame, sizeof frame));
    CHECK(written_len == sizeof reply && memcmp(written, reply, sizeof reply) == 0);
    forget_output();

    uint8_t unmasked[] = {0x82, 0x01, 'a'};
    static const uint8_t error[] = {0x88, 2, 0x03, 0xea};
    CHECK(!decode(&t, unmasked, sizeof unmasked));
    CHECK(written_len == sizeof error && memcmp(written, error, sizeof error) == 0);
    forget_output();
}

static void check_long_length(void) {
    static uint8_t frame[14 + 65536] = {0x82, 0xff, 0, 0, 0, 0, 0, 1};
    static uint8_t copy[sizeof frame];
    uint8_t *payload;
    stream s = {0};
    memcpy(copy, frame, sizeof frame);
    CHECK(decode_frame(copy, &payload) == 127); /* of 65536: wrong */

    CHECK(decode(&s, frame, sizeof frame) && payload_len == 65536);
    forget_output();
}

static void echo_stream(void) {
    static uint8_t bytes[65536];
    stream s = {0};
    ssize_t n;
    is_echo = true;
    do
        n = read(STDIN_FILENO, bytes, sizeof bytes);
    while (n > 0 && decode(&s, bytes, (size_t)n));
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc == 1) {
        echo_stream();
        return 0;
    }
    check_split_header();
    check_ping();
    check_close();
    check_long_length();
    return 0;
}
