/* Every WS_OPT_* and WS_INFO_* of a connection. */
#include "check.h"
#include "wire.h"
#include "wscodec.h"

#include <stdlib.h>
#include <string.h>

#define INVALID WS_ERR_INVALID_ARGUMENT
#define LATE WS_ERR_INVALID_STATE

struct option {
    const char *name;
    int number;
    uint64_t fresh;
    uint64_t good; /* A valid value. */
    uint64_t bad;  /* An invalid value; 0 if there is none. */
    int before_input;
};

static const struct option options[] = {
    {"MAX_MESSAGE", WS_OPT_MAX_MESSAGE, 1 << 20, UINT64_MAX, 0, 0},
    {"STREAM", WS_OPT_STREAM, 0, 1, 2, 1},
    {"AUTO_PONG", WS_OPT_AUTO_PONG, 1, 0, 2, 0},
    {"CHECK_UTF8", WS_OPT_CHECK_UTF8, 1, 0, UINT64_MAX, 1},
    {"KEEP_BUFFER", WS_OPT_KEEP_BUFFER, 0, UINT64_MAX, 0, 0},
    {"MAX_FRAME", WS_OPT_MAX_FRAME, 0, UINT64_MAX, 0, 0},
    {"ANY_MASK", WS_OPT_ANY_MASK, 0, 1, 2, 1},
    {"AUTO_CLOSE", WS_OPT_AUTO_CLOSE, 1, 0, 2, 1},
    {"ALLOW_RSV", WS_OPT_ALLOW_RSV, 0, WS_RSV1 | WS_RSV2 | WS_RSV3, WS_FIN, 1},
    {"COMPRESS_FROM", WS_OPT_COMPRESS_FROM, 0, UINT64_MAX, 0, 0},
};
enum { OPTIONS = sizeof options / sizeof *options };

static uint64_t get(const ws_conn *conn, int option)
{
    uint64_t value = 99;

    CHECK_EQ(ws_conn_get(conn, option, &value), WS_OK);
    return value;
}

/* Reads the frames; returns the first error, or the number of events. *last is
 * the last event. */
static ws_result feed(ws_conn *conn, const char *frames, uint32_t side,
                      ws_event *last)
{
    unsigned char wire[512];
    size_t len = frames_of(frames, side, wire, sizeof wire), at = 0, used;
    ws_event ev[8];
    ws_result count = 0, n;

    while (at < len) {
        n = ws_conn_recv(conn, wire + at, len - at, ev, 8, &used);
        if (n < 0) {
            return n;
        }
        if (n > 0 && last != NULL) {
            *last = ev[n - 1];
        }
        count += n;
        at += used;
    }
    return count;
}

static ws_conn *server_with(int option, uint64_t value)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);

    CHECK_EQ(ws_conn_set(conn, option, value), WS_OK);
    return conn;
}

static void check_values(const struct option *o)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    uint64_t value = 99;

    check_case(o->name, 0, 0);
    CHECK_U64(get(conn, o->number), o->fresh);
    CHECK_EQ(ws_conn_set(conn, o->number, o->good), WS_OK);
    CHECK_U64(get(conn, o->number), o->good);
    if (o->bad != 0) {
        CHECK_EQ(ws_conn_set(conn, o->number, o->bad), INVALID);
        CHECK_U64(get(conn, o->number), o->good);
    }
    CHECK_EQ(ws_conn_set(conn, o->number, o->fresh), WS_OK);
    CHECK_EQ(feed(conn, "=81", WS_SERVER, NULL), 0);
    CHECK_EQ(ws_conn_set(conn, o->number, o->good),
             o->before_input ? LATE : WS_OK);
    CHECK_U64(get(conn, o->number), o->before_input ? o->fresh : o->good);
    CHECK_EQ(ws_conn_set(NULL, o->number, o->good), INVALID);
    CHECK_EQ(ws_conn_get(NULL, o->number, &value), INVALID);
    CHECK_EQ(ws_conn_get(conn, o->number, NULL), INVALID);
    ws_conn_free(conn);
}

/* An unknown number is WS_ERR_UNSUPPORTED; WS_INFO_* cannot be set. */
static void check_unknown(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    uint64_t value;
    int number;

    for (number = -3; number < 120; number++) {
        int option = number >= 1 && number <= OPTIONS;
        int info = number >= WS_INFO_CLOSE_SENT && number <= WS_INFO_BUFFERED;

        check_case("number", (uintmax_t)number, 0);
        value = 99;
        CHECK_EQ(ws_conn_get(conn, number, &value),
                 option || info ? WS_OK : WS_ERR_UNSUPPORTED);
        CHECK_U64(value, option ? options[number - 1].fresh : 0);
        if (!option) {
            CHECK_EQ(ws_conn_set(conn, number, 0),
                     info ? INVALID : WS_ERR_UNSUPPORTED);
        }
    }
    ws_conn_free(conn);
}

static void check_max_frame(void)
{
    ws_conn *conn = server_with(WS_OPT_MAX_FRAME, 4);

    check_case("MAX_FRAME", 0, 0);
    /* It applies to each data frame, and not to control frames. */
    CHECK_EQ(feed(conn, "01:61626364 89:7069706970 80:61626364", WS_SERVER,
                  NULL),
             2);
    CHECK_U64(get(conn, WS_INFO_ANNOUNCED), 0);
    CHECK_EQ(feed(conn, "=8285", WS_SERVER, NULL), WS_ERR_TOO_BIG);
    CHECK_U64(get(conn, WS_INFO_ANNOUNCED), 5);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    ws_conn_free(conn);
}

/* A lowered limit applies to the message that is being received. */
static void check_lowered_limit(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);

    check_case("lowered", 0, 0);
    CHECK_EQ(feed(conn, "01:6162636465", WS_SERVER, NULL), 0);
    CHECK_U64(get(conn, WS_INFO_BUFFERED), 5);
    CHECK_U64(get(conn, WS_INFO_RECEIVING), WS_OPCODE_TEXT);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 3), WS_OK);
    CHECK_EQ(feed(conn, "89:70", WS_SERVER, NULL), 1); /* pings do not count */
    CHECK_EQ(feed(conn, "80:", WS_SERVER, NULL), WS_ERR_TOO_BIG);
    CHECK_U64(get(conn, WS_INFO_ANNOUNCED), 5);
    ws_conn_free(conn);

    /* Inside a frame: at its next byte. */
    conn = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(feed(conn, "=8185 =00000000 =6162", WS_SERVER, NULL), 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 1), WS_OK);
    CHECK_EQ(feed(conn, "=63", WS_SERVER, NULL), WS_ERR_TOO_BIG);
    ws_conn_free(conn);
}

static void check_any_mask(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    unsigned char out[32];

    check_case("ANY_MASK", 0, 0);
    CHECK_EQ(feed(conn, "81:68", WS_CLIENT, NULL), WS_ERR_MASK);
    ws_conn_free(conn);
    conn = server_with(WS_OPT_ANY_MASK, 1);
    CHECK_EQ(feed(conn, "81:68", WS_CLIENT, NULL), 1);
    CHECK_EQ(feed(conn, "01:68", WS_SERVER, NULL), 0);
    CHECK_EQ(feed(conn, "80:69 89:", WS_CLIENT, NULL), 2);
    /* Sending is unchanged: only a client masks. */
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 2);
    CHECK_MEM(out, "\x8a\0", 2);
    ws_conn_free(conn);
    conn = ws_conn_new(WS_CLIENT, NULL);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_ANY_MASK, 1), WS_OK);
    CHECK_EQ(feed(conn, "81:68", WS_SERVER, NULL), 1);
    CHECK_EQ(feed(conn, "81:68", WS_CLIENT, NULL), 1);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 7);
    CHECK_EQ(out[1], 0x81);
    ws_conn_free(conn);
}

/* Without AUTO_CLOSE the caller sends the close after a close or an error. */
static void check_auto_close(void)
{
    ws_conn *conn = server_with(WS_OPT_AUTO_CLOSE, 0);
    unsigned char out[WS_MAX_OUTPUT];
    ws_event ev;

    check_case("AUTO_CLOSE", 0, 0);
    CHECK_EQ(feed(conn, "89:70", WS_SERVER, NULL), 1);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 3);
    CHECK_EQ(feed(conn, "88:03e9627965", WS_SERVER, &ev), 1);
    CHECK_EQ(ev.close_code, 1001);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSING);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 3);
    CHECK_EQ(ws_conn_close(conn, 4000, "no", 2, out, sizeof out), 6);
    CHECK_MEM(out, "\x88\x04\x0f\xa0no", 6);
    CHECK_EQ(ws_conn_close(conn, 4000, "no", 2, out, sizeof out), 0);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_CLOSED);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out),
             LATE);
    CHECK_EQ(ws_conn_finish(conn), WS_OK);
    ws_conn_free(conn);

    /* An error. */
    conn = server_with(WS_OPT_AUTO_CLOSE, 0);
    CHECK_EQ(feed(conn, "81:ff", WS_SERVER, NULL), WS_ERR_UTF8);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out), 3);
    CHECK_EQ(ws_conn_close(conn, 1007, NULL, 0, out, sizeof out), 4);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "x", 1, out, sizeof out),
             LATE);
    CHECK_EQ(ws_conn_finish(conn), WS_ERR_UTF8);
    ws_conn_free(conn);

    /* The stream ends before the reply. */
    conn = server_with(WS_OPT_AUTO_CLOSE, 0);
    CHECK_EQ(feed(conn, "88:", WS_SERVER, NULL), 1);
    CHECK_EQ(ws_conn_finish(conn), WS_OK);
    ws_conn_free(conn);
}

/* Reserved bits of an extension that the application implements. */
static void check_allow_rsv(void)
{
    ws_conn *conn = server_with(WS_OPT_ALLOW_RSV, WS_RSV1 | WS_RSV3);
    unsigned char out[32];
    ws_event ev;

    check_case("ALLOW_RSV", 0, 0);
    CHECK_EQ(feed(conn, "c1:ff", WS_SERVER, &ev), 1); /* not validated as text */
    CHECK_EQ(ev.flags & (WS_RSV1 | WS_RSV2 | WS_RSV3), WS_RSV1);
    CHECK_EQ(feed(conn, "11:61 80:62", WS_SERVER, &ev), 1);
    CHECK_EQ(ev.flags & (WS_RSV1 | WS_RSV2 | WS_RSV3), WS_RSV3);
    CHECK_EQ(feed(conn, "81:61", WS_SERVER, &ev), 1);
    CHECK_EQ(ev.flags & (WS_RSV1 | WS_RSV2 | WS_RSV3), 0);
    /* The same bits may be sent with the first piece. */
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, WS_RSV3 | WS_SEND_MORE, "a", 1,
                          out, sizeof out),
             3);
    CHECK_EQ(out[0], 0x11);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "b", 1, out, sizeof out), 3);
    CHECK_EQ(out[0], 0x80);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, WS_RSV2, "b", 1, out,
                          sizeof out),
             INVALID);
    /* Other bits stay refused, and these on any but the first frame. */
    CHECK_EQ(feed(conn, "a1:61", WS_SERVER, NULL), WS_ERR_RESERVED_BITS);
    ws_conn_free(conn);
    conn = server_with(WS_OPT_ALLOW_RSV, WS_RSV1);
    CHECK_EQ(feed(conn, "01:61 c0:62", WS_SERVER, NULL), WS_ERR_RESERVED_BITS);
    ws_conn_free(conn);
    conn = server_with(WS_OPT_ALLOW_RSV, WS_RSV1);
    CHECK_EQ(feed(conn, "c9:", WS_SERVER, NULL), WS_ERR_RESERVED_BITS);
    ws_conn_free(conn);
    /* Limits apply. */
    conn = server_with(WS_OPT_ALLOW_RSV, WS_RSV1);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 1), WS_OK);
    CHECK_EQ(feed(conn, "c1:6162", WS_SERVER, NULL), WS_ERR_TOO_BIG);
    ws_conn_free(conn);
}

static void check_info_of_closes(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    unsigned char out[WS_MAX_OUTPUT];

    check_case("closed by the peer", 0, 0);
    CHECK_EQ(feed(conn, "88:", WS_SERVER, NULL), 1);
    CHECK_U64(get(conn, WS_INFO_CLOSE_RECEIVED), WS_CLOSE_NO_STATUS);
    CHECK_U64(get(conn, WS_INFO_CLOSE_SENT), 0);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 2);
    CHECK_U64(get(conn, WS_INFO_CLOSE_SENT), WS_CLOSE_NO_STATUS);
    CHECK_U64(get(conn, WS_INFO_CLOSED_BY_PEER), 1);
    ws_conn_free(conn);

    check_case("closed by us", 0, 0);
    conn = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(ws_conn_close(conn, 1001, NULL, 0, out, sizeof out), 4);
    CHECK_U64(get(conn, WS_INFO_CLOSE_SENT), 1001);
    CHECK_U64(get(conn, WS_INFO_CLOSE_RECEIVED), 0);
    CHECK_EQ(feed(conn, "88:03e8", WS_SERVER, NULL), 1);
    CHECK_U64(get(conn, WS_INFO_CLOSE_RECEIVED), 1000);
    CHECK_U64(get(conn, WS_INFO_CLOSED_BY_PEER), 0);
    ws_conn_free(conn);

    check_case("failed", 0, 0);
    conn = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(feed(conn, "=83", WS_SERVER, NULL), WS_ERR_OPCODE);
    CHECK_U64(get(conn, WS_INFO_CLOSE_SENT), 0);
    CHECK_EQ(ws_conn_output(conn, out, sizeof out), 4);
    CHECK_U64(get(conn, WS_INFO_CLOSE_SENT), 1002);
    CHECK_U64(get(conn, WS_INFO_CLOSE_RECEIVED), 0);
    CHECK_U64(get(conn, WS_INFO_CLOSED_BY_PEER), 0);
    ws_conn_free(conn);
}

static void check_info_of_messages(void)
{
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    unsigned char out[32];

    check_case("messages", 0, 0);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_BINARY, WS_SEND_MORE, "x", 1, out,
                          sizeof out),
             3);
    CHECK_U64(get(conn, WS_INFO_SENDING), WS_OPCODE_BINARY);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_PING, 0, NULL, 0, out, sizeof out),
             2);
    CHECK_U64(get(conn, WS_INFO_SENDING), WS_OPCODE_BINARY);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_BINARY, 0, "x", 1, out, sizeof out),
             3);
    CHECK_U64(get(conn, WS_INFO_SENDING), 0);
    CHECK_EQ(feed(conn, "02:616263", WS_SERVER, NULL), 0);
    CHECK_U64(get(conn, WS_INFO_RECEIVING), WS_OPCODE_BINARY);
    CHECK_U64(get(conn, WS_INFO_BUFFERED), 3);
    CHECK_EQ(feed(conn, "80:", WS_SERVER, NULL), 1);
    CHECK_U64(get(conn, WS_INFO_RECEIVING), 0);
    CHECK_U64(get(conn, WS_INFO_BUFFERED), 0);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 1000), WS_OK);
    CHECK_EQ(feed(conn, "=82fe03e9", WS_SERVER, NULL), WS_ERR_TOO_BIG);
    CHECK_U64(get(conn, WS_INFO_ANNOUNCED), 1001);
    ws_conn_free(conn);
}

#ifndef WITHOUT_DEFLATE
static void check_compress_from(void)
{
    static const ws_pmd_params keeps;
    ws_conn *conn = server_with(WS_OPT_COMPRESS_FROM, 5);
    unsigned char out[100];

    check_case("COMPRESS_FROM", 0, 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_EQ(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "aaaa", 4, out, sizeof out),
             6);
    CHECK_EQ(out[0], 0x81);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "aaaaa", 5, out, sizeof out) >
          0);
    CHECK_EQ(out[0], 0xc1);
    /* A message in pieces counts as long enough. */
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_MORE, "a", 1, out,
                       sizeof out) > 0);
    CHECK_EQ(out[0], 0x41);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "a", 1, out, sizeof out) > 0);
    CHECK_EQ(out[0], 0x80);
    ws_conn_free(conn);
}

/* Compression and ALLOW_RSV exclude each other. */
static void check_rsv_or_compression(void)
{
    static const ws_pmd_params keeps;
    ws_conn *conn = server_with(WS_OPT_ALLOW_RSV, WS_RSV2);

    check_case("RSV or compression", 0, 0);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), LATE);
    ws_conn_free(conn);
    conn = ws_conn_new(WS_SERVER, NULL);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_ALLOW_RSV, WS_RSV2), LATE);
    ws_conn_free(conn);
}

/* Frames of a compressed message that announce more than 16 times the limit
 * and 65,536 bytes. */
static void check_announced_compressed(void)
{
    static const ws_pmd_params keeps;
    uint64_t limit = 100, most = 16 * 100 + 65536;
    int beyond;

    for (beyond = 0; beyond <= 1; beyond++) {
        ws_conn *conn = server_with(WS_OPT_MAX_MESSAGE, limit);
        unsigned char header[WS_MAX_HEADER];
        size_t used;
        ws_event ev[1];
        ws_result n = ws_frame_header(WS_OPCODE_TEXT, WS_FIN | WS_RSV1,
                                      frame_mask, most + (uint64_t)beyond,
                                      header, sizeof header);

        check_case("announced", (uintmax_t)beyond, 0);
        CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
        CHECK_EQ(ws_conn_recv(conn, header, (size_t)n, ev, 1, &used),
                 beyond ? WS_ERR_TOO_BIG : 0);
        ws_conn_free(conn);
    }
}
#endif

/* Results of these functions may be ignored: this compiles with warnings as
 * errors. */
static void check_results_that_may_be_ignored(void)
{
    static const ws_pmd_params keeps;
    ws_conn *conn = ws_conn_new(WS_SERVER, NULL);
    ws_decoder decoder;

    check_case("ignored", 0, 0);
    ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 5);
    ws_conn_set_pmd(conn, &keeps);
    ws_conn_finish(conn);
    ws_decoder_init(&decoder, WS_SERVER, 5);
    CHECK_U64(get(conn, WS_OPT_MAX_MESSAGE), 5);
    CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    check_results_that_may_be_ignored();
    for (i = 0; i < OPTIONS; i++) {
        check_values(&options[i]);
    }
    check_unknown();
    check_max_frame();
    check_lowered_limit();
    check_any_mask();
    check_auto_close();
    check_allow_rsv();
    check_info_of_closes();
    check_info_of_messages();
#ifndef WITHOUT_DEFLATE
    check_compress_from();
    check_rsv_or_compression();
    check_announced_compressed();
#endif
    return check_done(argv[0]);
}
