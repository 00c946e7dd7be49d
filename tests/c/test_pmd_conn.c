/* permessage-deflate on a connection (RFC 7692, 6 and 7.2): valid and invalid
 * messages, sending, and limits. */
#include "check.h"
#include "memory.h"
#include "samples.h"
#include "vectors.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t sides[] = {WS_SERVER, WS_CLIENT};
static const ws_pmd_params keeps;
static const ws_pmd_params resets = {1, 1, 0, 0, 0, 0, {0, 0}};

static ws_conn *conn_of(uint32_t side, const ws_pmd_params *pmd)
{
    ws_conn *conn = ws_conn_new(side, NULL);

    if (pmd != NULL) {
        CHECK_EQ(ws_conn_set_pmd(conn, pmd), WS_OK);
    }
    return conn;
}

/* ---- a log of events ---- */

enum { LOG = 1 << 17 };

/* "1:Hello 9:ping 2:12345* ": an asterisk marks an incomplete message. */
struct log {
    char text[LOG];
    size_t len;
    size_t pieces;
    int open; /* A message is incomplete. */
};

static void put(struct log *log, const void *bytes, size_t len)
{
    if (len >= LOG - log->len) {
        abort();
    }
    memcpy(log->text + log->len, bytes, len);
    log->len += len;
    log->text[log->len] = '\0';
}

static void log_event(struct log *log, const ws_event *event, const void *data)
{
    char head[2];

    head[0] = (char)('0' + event->opcode);
    head[1] = ':';
    if (event->opcode >= WS_OPCODE_CLOSE) {
        CHECK_EQ(event->flags & ~WS_EVENT_COLLECTED,
                 WS_EVENT_FIRST | WS_EVENT_LAST | WS_EVENT_FRAME_END);
        if (log->open) {
            put(log, "* ", 2);
        }
        put(log, head, 2);
        put(log, data, (size_t)event->len);
        put(log, " ", 1);
        if (log->open) {
            put(log, "*", 1);
        }
        return;
    }
    log->pieces++;
    CHECK_EQ(log->open, (event->flags & WS_EVENT_FIRST) == 0);
    if ((event->flags & WS_EVENT_FIRST) != 0) {
        put(log, head, 2);
    }
    put(log, data, (size_t)event->len);
    log->open = (event->flags & WS_EVENT_LAST) == 0;
    if (!log->open) {
        put(log, " ", 1);
    }
}

/* Reads the bytes in pieces of `step`, each in a separate block, so that a read
 * beyond it is detected. Returns 0 or the error; replies are discarded. */
static ws_result receive(ws_conn *conn, const void *wire, size_t len, size_t step,
                         struct log *log)
{
    unsigned char out[WS_MAX_OUTPUT];
    const unsigned char *from = wire;
    size_t at;

    for (at = 0; at < len; at += step) {
        size_t size = len - at < step ? len - at : step, done = 0, used, i;
        unsigned char *piece = malloc(size);
        ws_event ev[3];
        ws_result n;

        memcpy(piece, from + at, size);
        do {
            n = ws_conn_recv(conn, piece + done, size - done, ev, 3, &used);
            for (i = 0; n > 0 && i < (size_t)n; i++) {
                log_event(log, &ev[i], ws_event_data(conn, piece + done, &ev[i]));
            }
            done += used;
            if (n >= 0) {
                CHECK(ws_conn_output(conn, out, sizeof out) >= 0);
            }
        } while (n > 0);
        free(piece);
        if (n < 0) {
            if (log->open) {
                put(log, "*", 1);
            }
            return n;
        }
        CHECK_EQ(done, size);
    }
    return 0;
}

/* ---- frames from text ---- */

/* The frames have this log and this error, however they are cut. Only with
 * WS_OPT_STREAM is the part of a message before an error reported. */
static void check_frames_with(const char *frames, const ws_pmd_params *pmd,
                              const char *want, ws_result error,
                              const char *want_stream)
{
    static struct log log;
    unsigned char wire[4096];
    size_t s, step;
    int stream;

    for (s = 0; s < 2; s++) {
        size_t len = frames_of(frames, sides[s], wire, sizeof wire);

        for (step = 1; step <= len; step++) {
            for (stream = 0; stream <= 1; stream++) {
                ws_conn *conn = conn_of(sides[s], pmd);
                unsigned char out[WS_MAX_OUTPUT];
                ws_result n;

                check_case(frames, step, s * 2 + (size_t)stream);
                memset(&log, 0, sizeof log);
                CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)stream),
                         WS_OK);
                CHECK_EQ(receive(conn, wire, len, step, &log), error);
                CHECK_STR(log.text, stream ? want_stream : want);
                CHECK_EQ(ws_conn_state(conn),
                         error != 0 ? WS_STATE_FAILED : WS_STATE_OPEN);
                n = ws_conn_output(conn, out, sizeof out);
                if (error != 0 && n >= 4) {
                    unsigned code = ws_close_code_for(error);

                    CHECK_EQ(out[n - (sides[s] == WS_CLIENT ? 8 : 4)], 0x88);
                    if (sides[s] == WS_CLIENT) {
                        ws_mask(out + n - 2, 2, out + n - 6, 0);
                    }
                    CHECK_EQ(out[n - 2] * 256 + out[n - 1], code);
                } else {
                    CHECK_EQ(n, 0);
                    CHECK_EQ(error, 0);
                }
                ws_conn_free(conn);
            }
        }
    }
}

static void check_frames(const char *frames, const ws_pmd_params *pmd,
                         const char *want)
{
    check_frames_with(frames, pmd, want, 0, want);
}

/* An error between two messages. */
static void check_error(const char *frames, const ws_pmd_params *pmd, ws_result error,
                        const char *want_stream)
{
    char text[1024] = "c1:f248cdc9c90700 ", want[1024] = "1:Hello ";

    strcat(text, frames);
    strcat(text, " c1:f248cdc9c90700");
    strcat(want, want_stream);
    check_frames_with(text, pmd, "1:Hello ", error, want);
}

#define HELLO "c1:f248cdc9c90700"
#define HELLO_AGAIN "c1:f200110000"

/* Appends the frames of a message as text for frames_of(). */
static void put_frames(char *text, const struct compressed *message)
{
    size_t i, n;

    for (i = 0; i < message->payloads_len; i++) {
        unsigned char *payload = new_bytes(&message->payloads[i]);
        unsigned first = (i == 0 ? 0x41u : 0) | (i + 1 == message->payloads_len ? 0x80u : 0);

        text += sprintf(text, "%02x:", first);
        for (n = 0; n < message->payloads[i].len; n++) {
            text += sprintf(text, "%02x", payload[n]);
        }
        text += sprintf(text, " ");
        free(payload);
    }
}

/* A vector of valid messages, on both sides and in pieces of any size. (A sender that
 * resets its context is understood by a receiver that keeps it.) */
static void check_vector(const struct deflate_message *v)
{
    char text[4096] = "", want[4096] = "";
    size_t i, at = 0;

    for (i = 0; i < v->messages_len && v->messages[i].error == 0; i++) {
        if (v->messages[i].message.len > 1000) {
            return;
        }
        put_frames(text + strlen(text), &v->messages[i]);
        at += (size_t)sprintf(want + at, "1:");
        put_bytes(&v->messages[i].message, want + at);
        at += v->messages[i].message.len;
        at += (size_t)sprintf(want + at, " ");
    }
    if (i > 0) {
        check_frames(text, &keeps, want);
    }
}

static void check_examples(void)
{
    size_t i;

    for (i = 0; i < deflate_message_vectors_len; i++) {
        check_vector(&deflate_message_vectors[i]);
    }
    /* Uncompressed messages, which do not change the window. */
    check_frames("81:48656c6c6f 01:4865 80:6c6c6f 82: " HELLO " 82:01 "
                 HELLO_AGAIN,
                 &keeps, "1:Hello 1:Hello 2: 1:Hello 2:\x01 1:Hello ");
    /* Control frames between the fragments. */
    check_frames_with("41:f248cd 89:70 8a: 80:c9c90700 " HELLO_AGAIN, &keeps,
                      "9:p :: 1:Hello 1:Hello ", 0,
                      "1:He* 9:p ** :: *llo 1:Hello ");
}

/* ---- errors of the peer ---- */

/* A message that is truncated after each of its bytes, except after `end` and
 * `marker`, where it is whole; the latter includes the marker that a sender
 * should remove. (Without any byte it is whole and empty.) */
static void check_truncated(const char *payload, const char *text, size_t end,
                            size_t marker)
{
    static struct log log;
    char frames[256], want[256];
    unsigned char wire[256];
    size_t bytes = strlen(payload) / 2, n, step, s;

    for (n = 1; n < bytes; n++) {
        strcpy(frames, "c1:");
        strncat(frames, payload, 2 * n);
        for (s = 0; s < 2 && n != end && n != marker; s++) {
            size_t len = frames_of(frames, sides[s], wire, sizeof wire);

            for (step = 1; step <= len; step++) {
                ws_conn *conn = conn_of(sides[s], &keeps);

                check_case(frames, step, s);
                memset(&log, 0, sizeof log);
                CHECK_EQ(receive(conn, wire, len, step, &log), WS_ERR_COMPRESSION);
                CHECK_STR(log.text, "");
                ws_conn_free(conn);
            }
        }
    }
    strcpy(frames, "c1:");
    strcat(frames, payload);
    sprintf(want, "1:%s ", text);
    check_frames(frames, &keeps, want);
}

static void check_damage(void)
{
    const ws_result damaged = WS_ERR_COMPRESSION;

    check_truncated("f248cdc9c90700", "Hello", 99, 99);
    /* The first byte alone is an empty message; the block alone is the whole. */
    check_truncated("000500faff48656c6c6f00", "Hello", 1, 10);
    /* The final block alone is the whole. */
    check_truncated("f348cdc9c9070000", "Hello", 7, 99);
    /* The first of two blocks is whole, with and without the empty one after it. */
    check_truncated("f24805000000ffffcac9c90700", "Hello", 4, 8);
    /* A block with dynamic codes. */
    check_truncated("1c88810d003008c26e2d6ee2ff170c479a90760cb6d45025a1d327af6d25"
                    "df954ece189618f3e303",
                    "hgaaggbbfaaccbbabdfdcbbbggbbcbgedcbbfbabbbbahaahaafbaahbbfba", 99,
                    99);

    check_error("c1:07", &keeps, damaged, "");
    check_error("c1:0600", &keeps, damaged, "");
    check_error("41:06 80:00", &keeps, damaged, "");
    /* A stored block whose lengths disagree. */
    check_error("c1:000500fb0048656c6c6f00", &keeps, damaged, "");
    /* Too many codes; a length and a distance that do not exist. */
    check_error("c1:fcffff", &keeps, damaged, "");
    check_error("c1:1a0300", &keeps, damaged, "");
    check_error("c1:023e00", &keeps, damaged, "");
    check_error("c1:f248cdc9c907000000ffff06", &keeps, damaged, "1:Hello*");
    check_error("c1:f348cdc9c9070006", &keeps, damaged, "1:Hello*");
    check_error("c1:f348cdc9c9070007", &keeps, damaged, "1:Hello*");
    /* After the marker, half a block. */
    check_error("c1:f248cdc9c907000000ffff0000", &keeps, damaged, "1:Hello*");
    check_error("c1:00000000", &keeps, damaged, "");
    /* Distances too far back. */
    check_frames_with("c1:02020000", &keeps, "", damaged, "");
    check_frames_with(HELLO_AGAIN, &keeps, "", damaged, "1:H*");
    check_error(HELLO_AGAIN, &resets, damaged, "1:H*");
    check_error("c1:02020000", &resets, damaged, "");
}

static void check_reserved_bits(void)
{
    const ws_result wrong = WS_ERR_RESERVED_BITS;

    check_error("41:f248cd c0:c9c90700", &keeps, wrong, "1:He*");
    check_error("41:f248cd 40:c9c9 80:0700", &keeps, wrong, "1:He*");
    check_error("01:6162 c0:6162", &keeps, wrong, "1:ab*");
    check_error("c0:00", &keeps, wrong, "");
    check_error("c9:", &keeps, wrong, "");
    check_error("ca:70", &keeps, wrong, "");
    check_error("c8:03e8", &keeps, wrong, "");
    check_error("41:f248cd c9:70 80:c9c90700", &keeps, wrong, "1:He*");
    check_error("a1:6162", &keeps, wrong, "");
    check_error("91:6162", &keeps, wrong, "");
    check_error("e1:00", &keeps, wrong, "");
    check_error("d1:00", &keeps, wrong, "");
    check_frames_with(HELLO, NULL, "", wrong, "");
    check_frames_with("81:6162 c2:00", NULL, "1:ab ", wrong, "1:ab ");
    check_error("41:f248cd 81:6162", &keeps, WS_ERR_FRAGMENTATION, "1:He*");
    check_error("41:f248cd c1:f248cd", &keeps, WS_ERR_FRAGMENTATION, "1:He*");
    check_error("80:00", &keeps, WS_ERR_FRAGMENTATION, "");
}

/* A close between the fragments of a message ends it. */
static void check_close_between(void)
{
    static struct log log;
    unsigned char wire[64], out[WS_MAX_OUTPUT];
    size_t len = frames_of("41:f248cd 88:03e8 80:c9c90700", WS_CLIENT, wire,
                           sizeof wire);
    ws_conn *conn = conn_of(WS_CLIENT, &keeps);

    check_case("close between", 0, 0);
    memset(&log, 0, sizeof log);
    CHECK_EQ(receive(conn, wire, len, len, &log), 0);
    CHECK_STR(log.text, "8: ");
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSED);
    CHECK_EQ(ws_conn_finish(conn), WS_OK);
    ws_conn_free(conn);

    /* The stream ends inside the message. */
    conn = conn_of(WS_CLIENT, &keeps);
    CHECK_EQ(receive(conn, wire, 5, 5, &log), 0);
    CHECK_EQ(ws_conn_finish(conn), WS_ERR_EOF);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    ws_conn_free(conn);
}

/* Compressed text must be UTF-8 as well. */
static void check_text(void)
{
    const ws_result wrong = WS_ERR_UTF8;

    /* "h" C3 A9, in a stored block; then with 28 for A9, and without it. */
    check_frames("c1:000300fcff68c3a900", &keeps, "1:h\xc3\xa9 ");
    check_frames("41:000300fcff68c3 80:a900", &keeps, "1:h\xc3\xa9 ");
    check_error("c1:000300fcff68c32800", &keeps, wrong, "1:h\xc3*");
    check_error("41:000300fcff68c328 80:00", &keeps, wrong, "1:h\xc3*");
    check_error("41:000300fcff68c328", &keeps, wrong, "1:h\xc3*");
    check_error("c1:000200fdff68c300", &keeps, wrong, "1:h\xc3*");
    check_error("c1:000200fdff68ff00", &keeps, wrong, "1:h*");
    check_frames("c2:000300fcff68c32800", &keeps, "2:h\xc3( ");
}

/* ---- sending ---- */

/* Sends with exactly the bound as capacity; one byte less has no effect. Checks
 * the first byte of the frame, and copies its payload. */
static size_t sent(ws_conn *conn, uint32_t side, int opcode, uint32_t flags,
                   const void *bytes, size_t len, unsigned first,
                   unsigned char *payload)
{
    size_t bound = ws_conn_send_bound(conn, len);
    unsigned char *out = guarded(bound);
    uint32_t peer = side ^ WS_CLIENT;
    ws_frame frame;
    ws_result n;

    CHECK_EQ(ws_conn_send(conn, opcode, flags, bytes, len, out, 0),
             WS_ERR_BUFFER_TOO_SMALL);
    if ((first & 0x40) != 0) {
        CHECK_EQ(ws_conn_send(conn, opcode, flags, bytes, len, out, bound - 1),
                 WS_ERR_BUFFER_TOO_SMALL);
    }
    CHECK_FILL(out, GUARD_BYTE, bound);
    n = ws_conn_send(conn, opcode, flags, bytes, len, out, bound);
    CHECK(n > 0);
    CHECK(guards_intact(out, bound));
    CHECK_EQ(out[0], first);
    CHECK_EQ(ws_frame_decode(out, n > 0 ? (size_t)n : 0, peer | WS_DEFLATE,
                             &frame),
             n);
    memcpy(payload, out + frame.chunk_off, (size_t)frame.chunk_len);
    guarded_free(out);
    return (size_t)frame.chunk_len;
}

static void check_sent(ws_conn *conn, uint32_t side, uint32_t flags,
                       const char *text, unsigned first, const char *hex)
{
    unsigned char payload[256], want[256];
    size_t len;

    check_case(hex, first, side);
    len = sent(conn, side, WS_OPCODE_TEXT, flags, text, strlen(text), first,
               payload);
    CHECK_EQ(len, unhex(hex, want, sizeof want));
    CHECK_MEM(payload, want, len);
}

static void check_sending(uint32_t side)
{
    unsigned char payload[256];
    ws_conn *conn = conn_of(side, &keeps);

    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    check_sent(conn, side, 0, "", 0xc1, "00");
    check_sent(conn, side, WS_SEND_PLAIN, "Hello", 0x81, "48656c6c6f");
    check_sent(conn, side, WS_SEND_PLAIN, "", 0x81, "");
    check_sent(conn, side, 0, "Hello", 0xc1, "f200110000");
    CHECK_EQ(sent(conn, side, WS_OPCODE_PING, 0, "Hello", 5, 0x89, payload), 5);
    CHECK_MEM(payload, "Hello", 5);
    ws_conn_free(conn);

    /* The flags of the first piece apply to the message. */
    conn = conn_of(side, &keeps);
    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    check_sent(conn, side, WS_SEND_PLAIN | WS_SEND_MORE, "He", 0x01, "4865");
    CHECK_EQ(sent(conn, side, WS_OPCODE_PONG, 0, "", 0, 0x8a, payload), 0);
    check_sent(conn, side, WS_SEND_MORE, "l", 0x00, "6c");
    check_sent(conn, side, 0, "lo", 0x80, "6c6f");
    check_sent(conn, side, WS_SEND_MORE, "", 0x41, "");
    check_sent(conn, side, WS_SEND_MORE | WS_SEND_PLAIN, "", 0x00, "");
    CHECK_EQ(sent(conn, side, WS_OPCODE_PING, 0, "", 0, 0x89, payload), 0);
    check_sent(conn, side, WS_SEND_PLAIN, "", 0x80, "00");
    check_sent(conn, side, 0, "Hello", 0xc1, "f200110000");
    ws_conn_free(conn);

    conn = conn_of(side, &resets);
    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    check_sent(conn, side, 0, "", 0xc1, "00");
    check_sent(conn, side, WS_SEND_MORE, "", 0x41, "");
    check_sent(conn, side, 0, "Hello", 0x80, "f248cdc9c90700");
    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    /* A piece that is not the last ends with the marker. */
    check_sent(conn, side, WS_SEND_MORE, "Hello", 0x41,
               "f248cdc9c907000000ffff");
    check_sent(conn, side, WS_SEND_MORE, "", 0x00, "");
    check_sent(conn, side, 0, "", 0x80, "00");
    check_sent(conn, side, 0, "Hello", 0xc1, "f248cdc9c90700");
    ws_conn_free(conn);
}

/* When compression can still be enabled. */
static void check_when_it_can_be_enabled(uint32_t side)
{
    unsigned char ping[] = "\x89\x80\0\0\0\0", out[600];
    ws_conn *conn = ws_conn_new(side, NULL);
    ws_pmd_params params, other = {1, 0, 9, 12, 2, 3, {0, 0}};
    ws_event ev[1];
    size_t used;

    check_case("when", side, 0);
    if (side == WS_CLIENT) {
        ping[1] = 0;
    }
    CHECK_EQ(ws_conn_get_pmd(conn, &params), 0);
    CHECK(ws_conn_send(conn, WS_OPCODE_PING, 0, "p", 1, out, sizeof out) > 0);
    CHECK(ws_conn_send(conn, WS_OPCODE_PONG, 0, "p", 1, out, sizeof out) > 0);
    CHECK_EQ(ws_conn_recv(conn, NULL, 0, ev, 1, &used), 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_EQ(ws_conn_set_pmd(conn, &other), WS_OK);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), 1);
    CHECK_MEM(&params, &other, sizeof params);
    /* A failed send is no message. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "p", 1, out, 1),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK_EQ(ws_conn_set_pmd(conn, &other), WS_OK);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "p", 1, out, sizeof out) > 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), 1);
    CHECK_MEM(&params, &other, sizeof params);
    ws_conn_free(conn);

    conn = ws_conn_new(side, NULL);
    CHECK_EQ(ws_conn_recv(conn, ping, 1, ev, 1, &used), 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), 0);
    CHECK_FILL(&params, 0, sizeof params);
    CHECK_EQ(ws_conn_recv(conn, ping + 1, side == WS_SERVER ? 5 : 1, ev, 1,
                          &used),
             1);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_ERR_INVALID_STATE);
    ws_conn_free(conn);

    conn = ws_conn_new(side, NULL);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_MORE, "", 0, out,
                       sizeof out) > 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_ERR_INVALID_STATE);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), 0);
    ws_conn_free(conn);

    /* The bound of absurd lengths is 0. */
    conn = conn_of(side, &keeps);
    CHECK_EQ(ws_conn_send_bound(conn, SIZE_MAX), 0);
    CHECK_EQ(ws_conn_send_bound(conn, (size_t)PTRDIFF_MAX), 0);
    CHECK_EQ(ws_conn_send_bound(conn, (size_t)PTRDIFF_MAX - 1000), 0);
    CHECK(ws_conn_send_bound(conn, (size_t)PTRDIFF_MAX / 2) != 0);
    ws_conn_free(conn);
}

/* ---- round trips ---- */

enum kind { ZEROS, TEXT, NOISE, MIXED, KINDS };
enum { LONGEST = 70000 };

static void fill(unsigned char *bytes, size_t len, size_t kind)
{
    static const char words[] = "the quick brown fox jumps over the lazy dog";
    uint32_t seed = (uint32_t)len + 1;
    size_t i;

    for (i = 0; i < len; i++) {
        unsigned char noise;

        seed = seed * 1664525 + 1013904223;
        noise = (unsigned char)(seed >> 24);
        bytes[i] = kind == ZEROS ? 0
                   : kind == TEXT
                       ? (unsigned char)words[(i + (noise >> 7)) % 43]
                   : kind == NOISE || i / 500 % 2 == 0 ? noise
                                                       : 'x';
    }
}

static void send_to(ws_conn *from, uint32_t side, ws_conn *to, uint32_t flags,
                    int continues, const unsigned char *bytes, size_t len,
                    struct log *log)
{
    static unsigned char payload[2 * LONGEST], wire[2 * LONGEST];
    unsigned first = (flags & WS_SEND_MORE) != 0 ? 0 : 0x80;
    size_t size;
    ws_result n;

    if (!continues) {
        first |= (flags & WS_SEND_PLAIN) != 0 ? 2 : 0x42;
    }
    size = sent(from, side, WS_OPCODE_BINARY, flags, bytes, len, first,
                payload);
    n = ws_frame_encode(first & 15, first & 0xf0,
                        side == WS_CLIENT ? frame_mask : NULL, payload, size, wire,
                        sizeof wire);
    CHECK(n > 0);
    CHECK_EQ(receive(to, wire, (size_t)n, 5000, log), 0);
}

static void check_log(const struct log *log, const unsigned char *bytes, size_t len)
{
    CHECK_EQ(log->len, len + 3);
    if (log->len == len + 3) {
        CHECK_MEM(log->text, "2:", 2);
        CHECK_MEM(log->text + 2, bytes, len);
    }
}

static void check_round_trip(uint32_t side, const ws_pmd_params *pmd, size_t kind)
{
    static const size_t lens[] = {0,     1,     5,     125,   126,   1000,
                                  16383, 16384, 16385, 65535, 65536, LONGEST};
    static unsigned char bytes[LONGEST];
    static struct log log;
    ws_conn *from = conn_of(side, pmd), *to = conn_of(side ^ WS_CLIENT, pmd);
    size_t i;

    for (i = 0; i < sizeof lens / sizeof *lens; i++) {
        size_t len = lens[i], third = len / 3;

        fill(bytes, len, kind);
        log.len = 0;
        send_to(from, side, to, 0, 0, bytes, len, &log);
        check_log(&log, bytes, len);
        log.len = 0;
        send_to(from, side, to, WS_SEND_MORE, 0, bytes, third, &log);
        send_to(from, side, to, WS_SEND_MORE, 1, bytes, 0, &log);
        send_to(from, side, to, WS_SEND_MORE, 1, bytes + third, third, &log);
        send_to(from, side, to, 0, 1, bytes + 2 * third, len - 2 * third, &log);
        check_log(&log, bytes, len);
    }
    log.len = 0;
    send_to(from, side, to, WS_SEND_PLAIN, 0, bytes, 1000, &log);
    check_log(&log, bytes, 1000);
    ws_conn_free(from);
    ws_conn_free(to);
}

static void check_all_params(void)
{
    static const uint8_t levels[] = {6, 1, 9}, windows[] = {15, 8, 9, 12},
                         memories[] = {8, 1, 4, 9};
    size_t most_levels = slow() ? 1 : 3, most = slow() ? 2 : 4, i, kind;

    for (i = 0; i < most_levels * most * most * 2; i++) {
        size_t level = i / (most * most * 2), window = i / (most * 2) % most;
        ws_pmd_params pmd;

        memset(&pmd, 0, sizeof pmd);
        pmd.level = levels[level];
        pmd.mem_level = memories[i / 2 % most];
        pmd.server_max_window_bits = windows[window];
        pmd.client_max_window_bits = windows[window];
        pmd.server_no_context_takeover = (uint8_t)(i % 2);
        pmd.client_no_context_takeover = (uint8_t)(i % 2);
        for (kind = 0; kind < KINDS; kind++) {
            check_case("round trip", i, kind);
            check_round_trip(sides[(i / 2 + window) % 2], &pmd, kind);
        }
    }
}

/* Incompressible messages, repeatedly, with little memory and small windows. */
static void check_noise(void)
{
    static const size_t lens[] = {100, 1000, 16383, 16384};
    static unsigned char bytes[20000];
    static struct log log;
    size_t rounds = slow() ? 6 : 40, i, round;
    uint8_t window, memory;

    fill(bytes, sizeof bytes, NOISE);
    for (window = 8; window <= 15; window++) {
        for (memory = 1; memory <= 9; memory = (uint8_t)(memory + 3)) {
            ws_pmd_params pmd = {0, 0, 0, 0, 0, 0, {0, 0}};
            ws_conn *from, *to;

            pmd.server_max_window_bits = window;
            pmd.mem_level = memory == 7 ? 8 : memory;
            from = conn_of(WS_SERVER, &pmd);
            to = conn_of(WS_CLIENT, &pmd);
            for (i = 0; i < 4; i++) {
                for (round = 0; round < rounds; round++) {
                    const unsigned char *start = bytes + round * 11;

                    check_case("noise", window * 10u + pmd.mem_level, round);
                    log.len = 0;
                    send_to(from, WS_SERVER, to, 0, 0, start, lens[i], &log);
                    check_log(&log, start, lens[i]);
                }
            }
            ws_conn_free(from);
            ws_conn_free(to);
        }
    }
}

/* One compressed message is valid for all clients with suitable parameters. */
static void check_broadcast(void)
{
    static const ws_pmd_params server = {1, 0, 10, 0, 0, 0, {0, 0}};
    static unsigned char bytes[3000], wire[5000];
    static struct log log;
    ws_conn *from = conn_of(WS_SERVER, &server), *to[6];
    size_t i, round;

    fill(bytes, sizeof bytes, TEXT);
    for (i = 0; i < 6; i++) {
        ws_pmd_params client = server;

        client.server_max_window_bits = (uint8_t)(10 + i);
        client.client_no_context_takeover = i % 2;
        client.level = (uint8_t)(1 + i);
        to[i] = conn_of(WS_CLIENT, &client);
        CHECK_EQ(ws_conn_set(to[i], WS_OPT_STREAM, i % 3 == 0), WS_OK);
    }
    for (round = 0; round < 8; round++) {
        ws_result n = ws_conn_send(from, WS_OPCODE_BINARY, 0, bytes + round,
                                   2000, wire, sizeof wire);

        CHECK(n > 0 && n < 1500);
        for (i = 0; i < 6; i++) {
            check_case("broadcast", round, i);
            if ((round + i) % 3 == 0) {
                continue; /* missed it */
            }
            log.len = 0;
            CHECK_EQ(receive(to[i], wire, (size_t)n, 1 + 70 * i, &log), 0);
            check_log(&log, bytes + round, 2000);
            /* The other direction is independent. */
            if (round == i) {
                CHECK(ws_conn_send(to[i], WS_OPCODE_TEXT, 0, "x", 1,
                                   wire + 4000, 1000) > 0);
            }
        }
    }
    for (i = 0; i < 6; i++) {
        ws_conn_free(to[i]);
    }
    ws_conn_free(from);
}

/* ---- limits ---- */

static void check_limit(const char *frames, uint64_t limit, ws_result error,
                        const char *want)
{
    static struct log log;
    unsigned char wire[1024];
    size_t s, step;
    int stream;

    for (s = 0; s < 2; s++) {
        size_t len = frames_of(frames, sides[s], wire, sizeof wire);

        for (step = 1; step <= len; step++) {
            for (stream = 0; stream < 2; stream++) {
                ws_conn *conn = conn_of(sides[s], &keeps);

                check_case(frames, (uintmax_t)limit, step);
                CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, limit), WS_OK);
                CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)stream),
                         WS_OK);
                memset(&log, 0, sizeof log);
                CHECK_EQ(receive(conn, wire, len, step, &log), error);
                if (error == 0) {
                    CHECK_STR(log.text, want);
                } else if (stream) {
                    CHECK(log.len <= 3 + limit);
                } else {
                    CHECK_STR(log.text, "");
                }
                ws_conn_free(conn);
            }
        }
    }
}

/* Limits of one more, exactly as much, and one less. */
static void check_long_limit(size_t len, size_t kind, size_t frames,
                             size_t step, int stream)
{
    static unsigned char bytes[LONGEST], wire[3 * LONGEST];
    static struct log log;
    ws_conn *from = conn_of(WS_CLIENT, &resets);
    size_t size = 0, part = len / frames, i, limit;

    check_case("limit", len, kind * 1000 + step);
    fill(bytes, len, kind);
    for (i = 0; i < frames; i++) {
        int last = i == frames - 1;
        ws_result n = ws_conn_send(from, WS_OPCODE_BINARY,
                                   last ? 0 : WS_SEND_MORE, bytes + i * part,
                                   last ? len - i * part : part, wire + size,
                                   sizeof wire - size);

        CHECK(n > 0);
        size += (size_t)n;
    }
    ws_conn_free(from);
    for (limit = len + 1; limit != 0 && limit + 1 >= len; limit--) {
        ws_conn *to = conn_of(WS_SERVER, &resets);

        CHECK_EQ(ws_conn_set(to, WS_OPT_MAX_MESSAGE, limit), WS_OK);
        CHECK_EQ(ws_conn_set(to, WS_OPT_STREAM, (uint64_t)stream), WS_OK);
        memset(&log, 0, sizeof log);
        CHECK_EQ(receive(to, wire, size, step, &log),
                 limit >= len ? 0 : WS_ERR_TOO_BIG);
        if (limit >= len) {
            check_log(&log, bytes, len);
        } else if (stream && log.len > 0) {
            CHECK(log.len <= 3 + limit);
            CHECK_MEM(log.text + 2, bytes, log.len - 3);
        } else {
            CHECK_EQ(log.len, 0);
        }
        ws_conn_free(to);
    }
}

static void check_limits(void)
{
    static const size_t lens[] = {1,   2,     3,     257,   258,   259, 260,
                                  515, 16383, 16384, 16385, 32769, 65536};
    const ws_result big = WS_ERR_TOO_BIG;
    size_t i, kind, frames;
    int stream;

    check_limit(HELLO, 5, 0, "1:Hello ");
    check_limit(HELLO, 4, big, "");
    check_limit(HELLO, 1, big, "");
    check_limit(HELLO, 0, 0, "1:Hello ");
    check_limit("c1:00", 1, 0, "1: ");
    check_limit("41:f248cd 80:c9c90700", 5, 0, "1:Hello ");
    check_limit("41:f248cd 80:c9c90700", 4, big, "");
    check_limit("41:f248cd 80:c9c90700", 2, big, "");
    check_limit(HELLO " " HELLO_AGAIN, 5, 0, "1:Hello 1:Hello ");
    /* The length of the frame does not count. */
    check_limit("c1:000500faff48656c6c6f00", 5, 0, "1:Hello ");
    check_limit("c1:000500faff48656c6c6f00", 4, big, "");
    check_limit("41:000500faff4865 80:6c6c6f00", 5, 0, "1:Hello ");
    check_limit("81:48656c6c6f", 5, 0, "1:Hello ");
    check_limit("81:48656c6c6f", 4, big, "");
    check_limit("01:4865 80:6c6c6f", 4, big, "");
    /* Empty blocks at the limit. */
    check_limit("c1:f248cdc9c907000000ffff000000ffff000000ffff00", 5, 0,
                "1:Hello ");
    check_limit("c1:f248cdc9c907000000ffff000000ffff000000ffff00", 4, big, "");
    check_limit("41:f248cdc9c907000000ffff 00:000000ff 80:ff00", 5, 0,
                "1:Hello ");
    check_limit("c1:f348cdc9c907000300030000", 5, 0, "1:Hello ");
    check_limit("c1:f348cdc9c907000300", 5, 0, "1:Hello ");
    check_limit("c1:f348cdc9c90700f348cdc9c90700", 10, 0, "1:HelloHello ");
    check_limit("c1:f348cdc9c90700f348cdc9c90700", 9, big, "");
    check_limit("c1:f348cdc9c90700f348cdc9c90700", 5, big, "");
    /* Damage at the limit is an error, the marker of a message is not. */
    check_limit("c1:f248cdc9c907000000ffff06", 5, WS_ERR_COMPRESSION, "");
    check_limit("c1:f248cdc9c907000000ffff", 5, 0, "1:Hello ");

    for (i = 0; i < sizeof lens / sizeof *lens; i++) {
        for (kind = 0; kind < KINDS; kind++) {
            if (slow() && (i % 4 != 0 || kind == MIXED)) {
                continue;
            }
            for (frames = 1; frames <= 3; frames += 2) {
                for (stream = 0; stream <= 1; stream++) {
                    check_long_limit(lens[i], kind, frames, 2 * LONGEST,
                                     stream);
                    check_long_limit(lens[i], kind, frames, 997, stream);
                    if (lens[i] < 1000) {
                        check_long_limit(lens[i], kind, frames, 1, stream);
                    }
                }
            }
        }
    }
}

int main(int argc, char **argv)
{
    size_t s;

    (void)argc;
    check_examples();
    check_damage();
    check_reserved_bits();
    check_close_between();
    check_text();
    for (s = 0; s < 2; s++) {
        check_sending(sides[s]);
        check_when_it_can_be_enabled(sides[s]);
    }
    check_all_params();
    check_noise();
    check_broadcast();
    check_limits();
    return check_done(argv[0]);
}
