/* ws_pmd: round trips, the examples of RFC 7692, and one payload for many
 * connections. */
#include "tracker.h"
#include "check.h"
#include "wire.h"
#include "wscodec.h"

#include <stdlib.h>
#include <string.h>

static const ws_pmd_params keeps;
static const ws_pmd_params resets = {1, 1, 0, 0, 0, 0, {0, 0}};

/* Decompresses one payload into `out`; returns its length, or the error. `room`
 * is the capacity of each call. */
static ws_result inflate(ws_pmd *pmd, uint32_t flags, const unsigned char *data,
                         size_t len, unsigned char *out, size_t cap,
                         size_t room)
{
    size_t total = 0, used;
    ws_result n;

    do {
        size_t most = cap - total < room ? cap - total : room;

        n = ws_pmd_decompress(pmd, flags, data, len, &used, out + total, most);
        if (n < 0) {
            CHECK_EQ(used, 0);
            return n;
        }
        /* It stops early only when `out` is full. */
        CHECK(used == len || (size_t)n == most);
        total += (size_t)n;
        data += used;
        len -= used;
    } while (n > 0);
    CHECK_U64(len, 0);
    return (ws_result)total;
}

static void check_round_trip(const ws_pmd_params *params, uint32_t side,
                             size_t room)
{
    static unsigned char text[70000], packed[80000], back[70001];
    static const size_t lens[] = {0, 1, 5, 300, 70000, 0, 300};
    ws_pmd *from = ws_pmd_new(side, params, NULL);
    ws_pmd *to = ws_pmd_new(side ^ WS_CLIENT, params, NULL);
    size_t i, at;

    for (i = 0; i < sizeof text; i++) {
        text[i] = (unsigned char)((i * 7919 >> 3) ^ (i / 300));
    }
    for (i = 0; i < sizeof lens / sizeof *lens; i++) {
        size_t len = lens[i], bound = ws_pmd_compress_bound(from, len);
        ws_result n = ws_pmd_compress(from, 0, text, len, packed, bound);

        check_case("round trip", len, room);
        CHECK(bound <= sizeof packed);
        CHECK(n > 0 && (size_t)n <= bound);
        CHECK_EQ(ws_pmd_compress(from, 0, text, len, packed, bound - 1),
                 WS_ERR_BUFFER_TOO_SMALL);
        CHECK_EQ(inflate(to, 0, packed, (size_t)n, back, sizeof back, room),
                 len);
        CHECK_MEM(back, text, len);
    }
    /* In pieces. */
    check_case("pieces", 0, room);
    for (at = 0; at < 1000; at += 250) {
        uint32_t flags = at < 750 ? WS_SEND_MORE : 0;
        size_t bound = ws_pmd_compress_bound(from, 250);
        ws_result n = ws_pmd_compress(from, flags, text + at, 250, packed,
                                      bound);

        CHECK(n > 0);
        CHECK_EQ(inflate(to, flags, packed, (size_t)n, back, sizeof back, room),
                 250);
        CHECK_MEM(back, text + at, 250);
    }
    ws_pmd_free(from);
    ws_pmd_free(to);
}

/* The examples of RFC 7692, 7.2.3. */
static void check_rfc(void)
{
    static const char *const messages[] = {"f248cdc9c90700", "f200110000",
                                           "000500faff48656c6c6f00",
                                           "f348cdc9c9070000",
                                           "f24805000000ffffcac9c90700"};
    ws_pmd *pmd = ws_pmd_new(WS_CLIENT, &keeps, NULL);
    unsigned char data[64], copy[64], out[64];
    size_t i;

    for (i = 0; i < sizeof messages / sizeof *messages; i++) {
        size_t len = unhex(messages[i], data, sizeof data);

        check_case(messages[i], 0, 0);
        memcpy(copy, data, len);
        CHECK_EQ(inflate(pmd, 0, data, len, out, sizeof out, 3), 5);
        CHECK_MEM(out, "Hello", 5);
        CHECK_MEM(data, copy, len); /* never written to */
    }
    ws_pmd_free(pmd);
    pmd = ws_pmd_new(WS_SERVER, &keeps, NULL);
    check_case("compressed", 0, 0);
    CHECK_EQ(ws_pmd_compress(pmd, 0, "Hello", 5, out, sizeof out), 7);
    CHECK_MEM(out, "\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
    CHECK_EQ(ws_pmd_compress(pmd, 0, "Hello", 5, out, sizeof out), 5);
    CHECK_MEM(out, "\xf2\x00\x11\x00\x00", 5);
    ws_pmd_free(pmd);
}

/* Without context takeover, one payload is valid for all clients, whatever they
 * received before. */
static void check_broadcast(void)
{
    static const char text[] = "the same for all, the same for all";
    enum { CLIENTS = 3 };
    ws_pmd *pmd = ws_pmd_new(WS_SERVER, &resets, NULL);
    ws_conn *clients[CLIENTS], *servers[CLIENTS];
    unsigned char packed[256], wire[300], out[300];
    ws_event ev[2];
    size_t used;
    ws_result n, size;
    int i, round;

    check_case("broadcast", 0, 0);
    for (i = 0; i < CLIENTS; i++) {
        clients[i] = ws_conn_new(WS_CLIENT, NULL);
        servers[i] = ws_conn_new(WS_SERVER, NULL);
        CHECK_EQ(ws_conn_set_pmd(clients[i], &resets), WS_OK);
        CHECK_EQ(ws_conn_set_pmd(servers[i], &resets), WS_OK);
    }
    for (round = 0; round < 3; round++) {
        n = ws_pmd_compress(pmd, 0, text, strlen(text), packed, sizeof packed);
        CHECK(n > 0 && (size_t)n < strlen(text));
        for (i = 0; i < CLIENTS; i++) {
            size = ws_frame_encode(WS_OPCODE_TEXT, WS_FIN | WS_RSV1, NULL,
                                   packed, (size_t)n, wire, sizeof wire);
            CHECK_EQ(ws_conn_recv(clients[i], wire, (size_t)size, ev, 2, &used),
                     1);
            CHECK_EQ(ev[0].len, strlen(text));
            CHECK_MEM(ws_event_data(clients[i], wire, &ev[0]), text,
                      strlen(text));
            /* A different message for each in between. */
            size = ws_conn_send(servers[i], WS_OPCODE_TEXT, 0, "aaaaaaaa",
                                (size_t)i + 1, out, sizeof out);
            CHECK_EQ(ws_conn_recv(clients[i], out, (size_t)size, ev, 2, &used),
                     1);
            CHECK_EQ(ev[0].len, i + 1);
        }
    }
    for (i = 0; i < CLIENTS; i++) {
        ws_conn_free(clients[i]);
        ws_conn_free(servers[i]);
    }
    ws_pmd_free(pmd);
}

/* Errors are permanent. */
static void check_damage(const char *hex, uint32_t flags, ws_result error)
{
    ws_pmd *pmd = ws_pmd_new(WS_SERVER, &keeps, NULL);
    unsigned char data[64], out[64];
    size_t len = unhex(hex, data, sizeof data);

    check_case(hex, flags, 0);
    CHECK_EQ(inflate(pmd, flags, data, len, out, sizeof out, 1), error);
    len = unhex("f248cdc9c90700", data, sizeof data);
    CHECK_EQ(inflate(pmd, 0, data, len, out, sizeof out, 64), error);
    ws_pmd_free(pmd);
}

/* Each allocation fails once. */
static void check_exhaustion(void)
{
    size_t k, failures = 0;

    for (k = 1;; k++) {
        struct tracker tracker;
        ws_allocator allocator = tracking_allocator(&tracker, 1);
        unsigned char data[64], out[300];
        size_t len = unhex("f248cdc9c90700", data, sizeof data);
        ws_pmd *pmd;
        ws_result n = 0, m = 0;

        check_case("exhaustion", k, 0);
        tracker.fails = k;
        pmd = ws_pmd_new(WS_SERVER, &resets, &allocator);
        CHECK_EQ(pmd == NULL, k == 1);
        if (pmd != NULL) {
            n = ws_pmd_compress(pmd, 0, "Hello", 5, out, sizeof out);
            m = inflate(pmd, 0, data, len, out, sizeof out, 64);
            CHECK(n == WS_ERR_NO_MEMORY || n == 7);
            CHECK(m == WS_ERR_NO_MEMORY || m == 5);
            failures += n < 0 || m < 0;
        }
        ws_pmd_free(pmd);
        CHECK_U64(tracker.blocks, 0);
        CHECK_U64(tracker.bytes, 0);
        if (tracker.calls < k) {
            break;
        }
    }
    CHECK(failures > 1);
}

static void check_arguments(void)
{
    static const ws_pmd_params wrong = {2, 0, 0, 0, 0, 0, {0, 0}};
    static const ws_pmd_params narrow = {0, 0, 7, 0, 0, 0, {0, 0}};
    ws_pmd *pmd = ws_pmd_new(WS_SERVER, &keeps, NULL);
    unsigned char out[64];
    size_t used = 99;

    check_case("arguments", 0, 0);
    ws_pmd_free(NULL);
    CHECK(ws_pmd_new(2, &keeps, NULL) == NULL);
    CHECK(ws_pmd_new(WS_SERVER, NULL, NULL) == NULL);
    CHECK(ws_pmd_new(WS_SERVER, &wrong, NULL) == NULL);
    CHECK(ws_pmd_new(WS_SERVER, &narrow, NULL) == NULL);
    CHECK_U64(ws_pmd_compress_bound(NULL, 5), 0);
    CHECK_U64(ws_pmd_compress_bound(pmd, SIZE_MAX), 0);
    CHECK_EQ(ws_pmd_compress(NULL, 0, "a", 1, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_compress(pmd, WS_SEND_PLAIN, "a", 1, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_compress(pmd, 0, NULL, 1, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_decompress(NULL, 0, "a", 1, &used, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_decompress(pmd, WS_SEND_PLAIN, "a", 1, &used, out,
                               sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_decompress(pmd, 0, "a", 1, NULL, out, sizeof out),
             WS_ERR_INVALID_ARGUMENT);
    CHECK_EQ(ws_pmd_decompress(pmd, 0, "a", 1, &used, out, 0),
             WS_ERR_INVALID_ARGUMENT);
    ws_pmd_free(pmd);
}

int main(int argc, char **argv)
{
    static const size_t rooms[] = {1, 7, 300, 70001};
    size_t i;

    (void)argc;
    for (i = 0; i < sizeof rooms / sizeof *rooms; i++) {
        check_round_trip(&keeps, WS_SERVER, rooms[i]);
        check_round_trip(&keeps, WS_CLIENT, rooms[i]);
        check_round_trip(&resets, WS_SERVER, rooms[i]);
    }
    check_rfc();
    check_broadcast();
    check_damage("06", 0, WS_ERR_COMPRESSION);
    check_damage("f248cd", 0, WS_ERR_COMPRESSION);
    check_damage("f248cdc9c907000000ffff06", 0, WS_ERR_COMPRESSION);
    check_damage("f200110000", 0, WS_ERR_COMPRESSION);
    check_exhaustion();
    check_arguments();
    return check_done(argv[0]);
}
