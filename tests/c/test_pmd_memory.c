/* The memory of compression, failing allocations, and messages that decompress
 * to very many bytes. */
#include "tracker.h"
#include "check.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* The bytes of a handle alone. */
#define HANDLE ws_sizeof(WS_TYPE_CONN)

static const ws_pmd_params keeps;
static const ws_pmd_params resets = {1, 1, 0, 0, 0, 0, {0, 0}};
static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

enum {
    /* The most for a compressor, whatever its parameters, and for a
     * decompressor. */
    COMPRESSOR = 288 * 1024,
    DECOMPRESSOR = 48 * 1024,
    /* The most besides the message itself, while it is collected. */
    BESIDE = WS_MAX_CONN + DECOMPRESSOR + 1024
};

/* Sums over the events. */
struct total {
    uint64_t bytes;
    uint64_t messages;
    uint64_t longest; /* The longest piece. */
    size_t most;    /* The most memory after a call. */
};

/* Reads bytes in steps; returns 0 or the error. Each step uses the same copy,
 * which overwrites the one before. */
static ws_result receive(ws_conn *conn, const struct tracker *tracker,
                         const unsigned char *wire, size_t len, size_t step,
                         struct total *total)
{
    unsigned char *copy = malloc(step);
    ws_result n = 0;
    size_t at;

    for (at = 0; at < len && n >= 0; at += step) {
        size_t size = len - at < step ? len - at : step, done = 0, used, i;
        ws_event ev[4];

        memcpy(copy, wire + at, size);
        do {
            n = ws_conn_recv(conn, copy + done, size - done, ev, 4, &used);
            for (i = 0; n > 0 && i < (size_t)n; i++) {
                total->bytes += ev[i].len;
                total->messages += (ev[i].flags & WS_EVENT_LAST) != 0;
                if (ev[i].len > total->longest) {
                    total->longest = ev[i].len;
                }
                /* It is not freed memory. */
                if (ev[i].len != 0) {
                    const unsigned char *data =
                        ws_event_data(conn, copy + done, &ev[i]);

                    CHECK(data[ev[i].len - 1] != 0xdd);
                }
            }
            if (tracker->bytes > total->most) {
                total->most = tracker->bytes;
            }
            done += used;
        } while (n > 0);
    }
    free(copy);
    return n;
}

static void noise(unsigned char *bytes, size_t len)
{
    uint32_t seed = 1;
    size_t i;

    for (i = 0; i < len; i++) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(seed >> 25);
    }
}

/* Sends the bytes in pieces of `part`; returns the length of the frames. */
static size_t compress(const ws_pmd_params *pmd, const unsigned char *bytes,
                       size_t len, size_t part, unsigned char **wire)
{
    ws_conn *conn = ws_conn_new(WS_CLIENT, NULL);
    size_t at = 0, size = 0, cap;

    CHECK_EQ(ws_conn_set_pmd(conn, pmd), WS_OK);
    cap = ws_conn_send_bound(conn, part) * (len / part + 1);
    *wire = malloc(cap);
    do {
        size_t now = len - at < part ? len - at : part;
        ws_result n = ws_conn_send(conn, WS_OPCODE_BINARY,
                                   at + now < len ? WS_SEND_MORE : 0,
                                   bytes + at, now, *wire + size, cap - size);

        CHECK(n > 0);
        size += n > 0 ? (size_t)n : 0;
        at += now;
    } while (at < len);
    ws_conn_free(conn);
    return size;
}

/* ---- memory held ---- */

static void check_held(int resizes)
{
    unsigned char out[4096], bytes[1000], *wire;
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    struct total total;
    size_t len, sending, both, i;
    ws_conn *conn;

    check_case("held", (uintmax_t)resizes, 0);
    memset(bytes, 'x', sizeof bytes);
    noise(bytes, 400);

    /* Without context takeover: nothing is held between messages. */
    len = compress(&resets, bytes, sizeof bytes, 300, &wire);
    conn = ws_conn_new(WS_SERVER, &allocator);
    CHECK_U64(tracker.bytes, HANDLE);
    CHECK_EQ(ws_conn_set_pmd(conn, &resets), WS_OK);
    CHECK_U64(tracker.calls, 1);
    for (i = 0; i < 5; i++) {
        memset(&total, 0, sizeof total);
        CHECK_EQ(receive(conn, &tracker, wire, len, 7, &total), 0);
        CHECK_U64(total.bytes, sizeof bytes);
        CHECK(total.most > HANDLE + 32768 && total.most <= BESIDE + 2000);
        CHECK_U64(tracker.bytes, HANDLE);
        CHECK_U64(tracker.blocks, 1);
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, bytes, 500, out,
                           sizeof out) > 0);
        CHECK_U64(tracker.bytes, HANDLE);
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_MORE, bytes, 500, out,
                           sizeof out) > 0);
        CHECK(tracker.bytes > HANDLE && tracker.bytes <= HANDLE + COMPRESSOR);
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, bytes, 500, out,
                           sizeof out) > 0);
        CHECK_U64(tracker.bytes, HANDLE);
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, NULL, 0, out,
                           sizeof out) > 0);
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_PLAIN, bytes, 500, out,
                           sizeof out) > 0);
        CHECK_U64(tracker.blocks, 1);
    }
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
    free(wire);

    /* With context takeover: each direction allocates once. */
    len = compress(&keeps, bytes, sizeof bytes, 300, &wire);
    conn = ws_conn_new(WS_SERVER, &allocator);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_U64(tracker.bytes, HANDLE);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_PLAIN, bytes, 500, out,
                       sizeof out) > 0);
    CHECK(ws_conn_send(conn, WS_OPCODE_PING, 0, NULL, 0, out, sizeof out) > 0);
    CHECK_U64(tracker.bytes, HANDLE);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, bytes, 1, out, sizeof out) > 0);
    sending = tracker.bytes;
    CHECK(sending > HANDLE && sending <= HANDLE + COMPRESSOR);
    memset(&total, 0, sizeof total);
    CHECK_EQ(receive(conn, &tracker, wire, len, len, &total), 0);
    both = tracker.bytes;
    CHECK(both > sending && both <= sending + DECOMPRESSOR);
    for (i = 0; i < 5; i++) {
        CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, bytes, sizeof bytes, out,
                           sizeof out) > 0);
        CHECK_EQ(receive(conn, &tracker, (const unsigned char *)"\xc1\x81\0\0\0\0", 7,
                         3, &total),
                 0);
        CHECK_U64(tracker.bytes, both);
    }
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
    CHECK_U64(tracker.bytes, 0);
    free(wire);

    /* Freed inside messages of both directions. */
    conn = ws_conn_new(WS_CLIENT, &allocator);
    CHECK_EQ(ws_conn_set_pmd(conn, &resets), WS_OK);
    CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, WS_SEND_MORE, bytes, 500, out,
                       sizeof out) > 0);
    CHECK_EQ(receive(conn, &tracker, (const unsigned char *)"\x41\x03\xf2\x48\xcd", 5,
                     5, &total),
             0);
    CHECK_EQ(receive(conn, &tracker, (const unsigned char *)"\x00\x7f\0\0\x01\0\0", 7,
                     1, &total),
             0);
    CHECK(tracker.bytes <= HANDLE + COMPRESSOR + BESIDE);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
}

/* The size of a compressor for all parameters. */
static void check_sizes(void)
{
    unsigned char out[64];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    uint8_t window, memory;

    for (window = 8; window <= 15; window++) {
        for (memory = 1; memory <= 9; memory++) {
            ws_conn *conn = ws_conn_new(WS_CLIENT, &allocator);
            ws_pmd_params pmd = keeps;

            check_case("size", window, memory);
            pmd.client_max_window_bits = window;
            pmd.mem_level = memory;
            CHECK_EQ(ws_conn_set_pmd(conn, &pmd), WS_OK);
            CHECK(ws_conn_send(conn, WS_OPCODE_TEXT, 0, "Hello", 5, out,
                               sizeof out) > 0);
            CHECK(tracker.bytes <= HANDLE + COMPRESSOR);
            ws_conn_free(conn);
            CHECK_U64(tracker.blocks, 0);
        }
    }
}

/* ---- large messages ---- */

/* A message at the limit needs its length and little more. */
static void check_most(int resizes)
{
    enum { LIMIT = 1 << 20 };
    static unsigned char bytes[LIMIT + 1];
    static const size_t parts[] = {LIMIT + 1, 100000, 1000};
    struct tracker tracker;
    size_t kind, part, step;

    for (kind = 0; kind < 2; kind++) {
        if (kind == 1) {
            noise(bytes, sizeof bytes);
        }
        for (part = 0; part < (slow() ? 1 : 3); part++) {
            for (step = 1021; step < 4u << 20; step *= 71) {
                size_t over;

                for (over = 0; over <= 1; over++) {
                    unsigned char *wire;
                    ws_allocator allocator = tracking_allocator(&tracker, resizes);
                    ws_conn *conn = ws_conn_new(WS_SERVER, &allocator);
                    struct total total;
                    size_t len = compress(&keeps, bytes, LIMIT + over,
                                          parts[part], &wire);

                    check_case("most", kind * 1000 + part, step);
                    memset(&total, 0, sizeof total);
                    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
                    CHECK_EQ(receive(conn, &tracker, wire, len, step, &total),
                             over ? WS_ERR_TOO_BIG : 0);
                    CHECK_U64(total.bytes, over ? 0 : LIMIT);
                    CHECK(total.most <= LIMIT + BESIDE);
                    /* Without resize() the old block is kept meanwhile. */
                    CHECK(tracker.most <= (resizes ? 1 : 2) * LIMIT + BESIDE);
                    ws_conn_free(conn);
                    CHECK_U64(tracker.blocks, 0);
                    free(wire);
                }
            }
        }
    }
}

/* Megabytes of zeros, a thousandth of that on the wire. */
static void check_bomb(void)
{
    size_t size = slow() ? 4u << 20 : 64u << 20, len, limit;
    unsigned char *bytes = calloc(size, 1), *wire;
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    struct total total;
    ws_conn *conn;

    check_case("bomb", size, 0);
    len = compress(&keeps, bytes, size, size, &wire);
    free(bytes);
    CHECK(len < size / 1000 + 100 && len > size / 1100);

    for (limit = 1; limit < 4u << 20; limit = limit * 31 + 17) {
        check_case("bomb", size, limit);
        memset(&total, 0, sizeof total);
        allocator = tracking_allocator(&tracker, 1);
        conn = ws_conn_new(WS_SERVER, &allocator);
        CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, limit), WS_OK);
        CHECK_EQ(receive(conn, &tracker, wire, len, len, &total), WS_ERR_TOO_BIG);
        CHECK_U64(total.bytes, 0);
        CHECK(tracker.most <= limit + BESIDE);
        ws_conn_free(conn);

        allocator = tracking_allocator(&tracker, 1);
        conn = ws_conn_new(WS_SERVER, &allocator);
        CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, limit), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 1), WS_OK);
        CHECK_EQ(receive(conn, &tracker, wire, len, 1500, &total), WS_ERR_TOO_BIG);
        CHECK(total.bytes <= limit);
        CHECK(tracker.most <= BESIDE + 32768);
        ws_conn_free(conn);
    }

    /* The default is 1 MiB. */
    allocator = tracking_allocator(&tracker, 0);
    conn = ws_conn_new(WS_SERVER, &allocator);
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_EQ(receive(conn, &tracker, wire, len, 100, &total), WS_ERR_TOO_BIG);
    CHECK(tracker.most <= (2u << 20) + BESIDE);
    ws_conn_free(conn);

    /* With the exact limit and without one, whole and in pieces. */
    for (limit = 0; limit <= size; limit += size) {
        memset(&total, 0, sizeof total);
        allocator = tracking_allocator(&tracker, 1);
        conn = ws_conn_new(WS_SERVER, &allocator);
        CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, limit), WS_OK);
        CHECK_EQ(receive(conn, &tracker, wire, len, 4096, &total), 0);
        CHECK_U64(total.bytes, size);
        CHECK_U64(total.messages, 1);
        CHECK(tracker.most <= (limit == 0 ? 2 : 1) * size + BESIDE);
        ws_conn_free(conn);

        memset(&total, 0, sizeof total);
        allocator = tracking_allocator(&tracker, 1);
        conn = ws_conn_new(WS_SERVER, &allocator);
        CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, 1), WS_OK);
        CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, limit), WS_OK);
        CHECK_EQ(receive(conn, &tracker, wire, len, len, &total), 0);
        CHECK_U64(total.bytes, size);
        CHECK_U64(total.messages, 1);
        CHECK(total.longest <= 16384);
        CHECK(tracker.most <= BESIDE + 32768);
        ws_conn_free(conn);
    }
    free(wire);
}

/* A million empty blocks after `prefix`. */
static void check_empty_blocks(const char *prefix_hex, const char *block_hex,
                               size_t text, int frames, int stream)
{
    size_t count = slow() ? 10000 : 1000000, prefix, block, i, at, size;
    unsigned char start[16], unit[16], *payload, *wire;
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, 1);
    ws_conn *conn = ws_conn_new(WS_SERVER, &allocator);
    struct total total;

    check_case(block_hex, text, (uintmax_t)frames);
    prefix = unhex(prefix_hex, start, sizeof start);
    block = unhex(block_hex, unit, sizeof unit);
    size = prefix + count * block + 1;
    payload = malloc(size);
    wire = malloc(size + (size_t)frames * 14);
    memcpy(payload, start, prefix);
    for (i = 0; i < count; i++) {
        memcpy(payload + prefix + i * block, unit, block);
    }
    payload[size - 1] = 0;
    at = 0;
    for (i = 0; i < (size_t)frames; i++) {
        int last = (int)i == frames - 1;
        size_t part = size / (size_t)frames;
        ws_result n = ws_frame_encode(
            i == 0 ? WS_OPCODE_BINARY : WS_OPCODE_CONTINUATION,
            (i == 0 ? WS_RSV1 : 0) | (last ? WS_FIN : 0), mask,
            payload + i * part, last ? size - i * part : part, wire + at,
            size + (size_t)frames * 14 - at);

        CHECK(n > 0);
        at += (size_t)n;
    }
    CHECK_EQ(ws_conn_set_pmd(conn, &keeps), WS_OK);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)stream), WS_OK);
    /* Also with frames almost as long as the limit allows. */
    if (text != 0 && frames > 1) {
        CHECK_EQ(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, size / 16), WS_OK);
    }
    memset(&total, 0, sizeof total);
    CHECK_EQ(receive(conn, &tracker, wire, at, 4096, &total), 0);
    CHECK_U64(total.bytes, text);
    CHECK_U64(total.messages, 1);
    CHECK(tracker.most <= BESIDE + 32768);
    ws_conn_free(conn);
    CHECK_U64(tracker.blocks, 0);
    free(payload);
    free(wire);
}

/* ---- failing allocations ---- */

/* Sends and receives; returns the first error, or 0. A failed send can be
 * repeated, and writes the same bytes. */
static ws_result scenario(const ws_allocator *allocator,
                          const ws_pmd_params *pmd, uint32_t side, int stream,
                          size_t step, unsigned char *log, size_t *log_len)
{
    static const char hex[] =
        "c10cf248cdc9c907000000ffff00 " /* "Hello" */
        "4103f248cd 89027071 8004c9c90700 "
        "c20e000800f7ff303132333435363700";
    unsigned char plain[128], wire[256], out[1024], copy[1024];
    const char *texts[] = {"a text, a text, a text", "", "another text"};
    ws_conn *conn = ws_conn_new(side, allocator);
    size_t len = unhex(hex, plain, sizeof plain), size = 0, at, i;
    ws_result error = 0, n;

    *log_len = 0;
    if (conn == NULL) {
        return WS_ERR_NO_MEMORY;
    }
    n = ws_conn_set_pmd(conn, pmd);
    CHECK_EQ(n, WS_OK);
    CHECK_EQ(ws_conn_set(conn, WS_OPT_STREAM, (uint64_t)stream), WS_OK);
    for (i = 0; i < 3; i++) {
        int pieces;

        for (pieces = 0; pieces < 3; pieces++) {
            uint32_t flags = pieces < 1 ? 0 : pieces < 2 ? WS_SEND_MORE : 0;
            size_t cap = ws_conn_send_bound(conn, strlen(texts[i]));

            memset(out, 0xcc, sizeof out);
            n = ws_conn_send(conn, WS_OPCODE_TEXT, flags, texts[i],
                             strlen(texts[i]), out, cap);
            if (n < 0) {
                CHECK_EQ(n, WS_ERR_NO_MEMORY);
                CHECK_EQ(ws_conn_state(conn), WS_STATE_OPEN);
                error = n;
                n = ws_conn_send(conn, WS_OPCODE_TEXT, flags, texts[i],
                                 strlen(texts[i]), out, cap);
            }
            CHECK(n > 0);
            CHECK_FILL(out + cap, 0xcc, sizeof out - cap);
            if (side == WS_CLIENT) {
                /* Unmask, since keys differ. */
                memmove(copy, out + 6, (size_t)n - 6);
                ws_mask(copy, (size_t)n - 6, out + 2, 0);
                memcpy(out + 2, copy, (size_t)n - 6);
                n -= 4;
                out[1] &= 0x7f;
            }
            memcpy(log + *log_len, out, (size_t)n);
            *log_len += (size_t)n;
        }
    }

    /* The same frames, masked for a server. */
    for (at = 0; at < len;) {
        size_t payload = plain[at + 1];

        n = ws_frame_encode(plain[at] & 15, plain[at] & 0xf0u,
                            side == WS_SERVER ? mask : NULL, plain + at + 2,
                            payload, wire + size, sizeof wire - size);
        CHECK(n > 0);
        size += (size_t)n;
        at += 2 + payload;
    }
    for (at = 0; at < size; at += step) {
        size_t end = size - at < step ? size : at + step, pos = at, used;
        ws_event ev[2];

        do {
            n = ws_conn_recv(conn, wire + pos, end - pos, ev, 2, &used);
            for (i = 0; n > 0 && i < (size_t)n; i++) {
                memcpy(log + *log_len, ws_event_data(conn, wire + pos, &ev[i]),
                       (size_t)ev[i].len);
                *log_len += (size_t)ev[i].len;
            }
            pos += used;
        } while (n > 0);
        if (n < 0) {
            error = n;
            CHECK_EQ(ws_conn_state(conn), WS_STATE_FAILED);
            CHECK_EQ(ws_conn_recv(conn, wire, size, ev, 2, &used), n);
            n = ws_conn_output(conn, out, sizeof out);
            CHECK(n >= 4);
            if (side == WS_CLIENT) {
                ws_mask(out + n - 2, 2, out + n - 6, 0);
            }
            CHECK_EQ(out[n - 2] * 256 + out[n - 1], 1011);
            CHECK_EQ(ws_conn_finish(conn), error);
            break;
        }
    }
    ws_conn_free(conn);
    return error;
}

static void check_exhaustion(const ws_pmd_params *pmd, uint32_t side,
                             int stream, size_t step, int resizes)
{
    unsigned char want[2048], log[2048];
    struct tracker tracker;
    ws_allocator allocator = tracking_allocator(&tracker, resizes);
    size_t want_len, log_len, calls, k, keys = 0;
    ws_result n;

    check_case("exhaustion", step, 0);
    CHECK_EQ(scenario(&allocator, pmd, side, stream, step, want, &want_len), 0);
    CHECK_U64(tracker.blocks, 0);
    calls = tracker.calls;
    CHECK(calls > 6);
    for (k = 1; k <= calls; k++) {
        check_case("exhaustion", step, k);
        allocator = tracking_allocator(&tracker, resizes);
        tracker.fails = k;
        n = scenario(&allocator, pmd, side, stream, step, log, &log_len);
        /* Without memory for masking keys, a client draws them one by one. */
        keys += n == 0;
        CHECK(n == WS_ERR_NO_MEMORY || (n == 0 && side == WS_CLIENT));
        CHECK(log_len <= want_len);
        CHECK_MEM(log, want, log_len);
        CHECK_U64(tracker.blocks, 0);
        CHECK_U64(tracker.bytes, 0);
    }
    CHECK(keys <= 1);
}

int main(int argc, char **argv)
{
    int resizes, stream, frames;
    size_t step;

    (void)argc;
    for (resizes = 0; resizes <= 1; resizes++) {
        check_held(resizes);
        check_most(resizes);
        for (stream = 0; stream <= 1; stream++) {
            for (step = 1; step < 200; step = step * 6 + 1) {
                check_exhaustion(&keeps, WS_SERVER, stream, step, resizes);
                check_exhaustion(&resets, WS_SERVER, stream, step, resizes);
                check_exhaustion(&keeps, WS_CLIENT, stream, step, resizes);
                check_exhaustion(&resets, WS_CLIENT, stream, step, resizes);
            }
        }
    }
    check_sizes();
    check_bomb();
    for (frames = 1; frames <= 1001; frames += 500) {
        for (stream = 0; stream <= 1; stream++) {
            check_empty_blocks("", "000000ffff", 0, frames, stream);
            check_empty_blocks("f248cdc9c907000000ffff", "000000ffff", 5, frames,
                               stream);
            /* Four empty compressed blocks at a time. */
            check_empty_blocks("", "0208208000", 0, frames, stream);
            check_empty_blocks("f248cdc9c907000000ffff", "0208208000", 5, frames,
                               stream);
            /* Empty final blocks. */
            check_empty_blocks("", "0300", 0, frames, stream);
        }
    }
    return check_done(argv[0]);
}
