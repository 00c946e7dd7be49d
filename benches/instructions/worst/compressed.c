/* Compressed input. */
#include "worst.h"

#include <string.h>

enum {
    READ = 64 << 10,
    /* The README names it: held between messages to decompress. */
    DECOMPRESSOR = 47721,
    /* The most that is reserved for the output of some input, before there is any. */
    RESERVED = 32 << 10,
    /* Of a message whose buffer grows, and moves to a larger one. */
    GROWING = 3,
    /* The handle's part of decompression, and a short message. */
    LITTLE = 1024
};

#define PLAIN "JSON of 1 KiB, compressed"
#define CONN "ws_conn_recv ws_conn_output"

static const ws_pmd_params takeover = {0};
static const ws_pmd_params no_takeover = {1, 1, 0, 0, 0, 0, {0, 0}};

/* The first byte of a compressed message's first fragment, and of a whole message. */
enum { FIRST = WS_RSV1 | WS_OPCODE_BINARY, WHOLE = WS_FIN | FIRST };

/* A server without a limit on messages. */
static ws_conn *server(const ws_pmd_params *pmd) {
    ws_conn *conn = new_conn(WS_SERVER, pmd);
    CHECK(ws_conn_set(conn, WS_OPT_MAX_MESSAGE, 0) == WS_OK);
    return conn;
}

static size_t json_messages(size_t size) {
    ws_conn *client = new_conn(WS_CLIENT, &takeover);
    wire_clear();
    for (int i = 0; wire_len < size; i++) {
        ws_result n = ws_conn_send(client, WS_OPCODE_TEXT, 0, json + 1024 * (i % 32), 1024,
                                   out, OUT);
        CHECK(n > 0);
        wire_add(out, (size_t)n);
    }
    ws_conn_free(client);
    return conn_reads(server(&takeover), READ);
}

/* Messages that a client without context takeover compresses from 64 KiB of one byte. */
static size_t expanding(int byte, size_t size) {
    static unsigned char same[64 << 10];
    ws_conn *client = new_conn(WS_CLIENT, &no_takeover);
    memset(same, byte, sizeof same);
    wire_clear();
    ws_result n = ws_conn_send(client, WS_OPCODE_TEXT, 0, same, sizeof same, out, OUT);
    CHECK(n > 0);
    while (wire_len < size)
        wire_add(out, (size_t)n);
    ws_conn_free(client);
    return conn_reads(server(&takeover), READ);
}

static size_t expanding_text(size_t size) { return expanding('a', size); }

/* One message of fragments of up to 4 KiB that repeat a block. */
static size_t blocks(const char *block, size_t block_len, size_t size) {
    unsigned char payload[4096];
    size_t at = 0;
    while (at + block_len <= sizeof payload) {
        memcpy(payload + at, block, block_len);
        at += block_len;
    }
    wire_clear();
    wire_frame(FIRST, payload, at);
    wire_repeat(WS_OPCODE_CONTINUATION, payload, at, size);
    return conn_reads(server(&takeover), READ);
}

static size_t stored_blocks(size_t size) {
    return blocks("\x00\x00\x00\xff\xff", 5, size);
}

/* Ten bits each: 010 and the end of the block, 0000000; four of them are five bytes. */
static size_t fixed_blocks(size_t size) {
    return blocks("\x02\x08\x20\x80\x00", 5, size);
}

/* Eight blocks with the end of the block alone. Each describes 286 symbols, most of them with codes
 * of 11 bits: the dearest tables for their length among those tried. */
static const char tables[] =
    "\xec\xc0\x03\x80\x00\x41\x12\x00\xb1\x54\xcf\xde\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6"
    "\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x8d\xfc\x88\x1d\x78\x00\x10\x20\x48\x02\x20"
    "\x96\xea\xd9\x7b\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb"
    "\xb6\x91\x1f\xb1\x03\x0f\x00\x02\x04\x49\x00\xc4\x52\x3d\x7b\x6f\xdb\xb6\x6d\xdb"
    "\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\x36\xf2\x23\x76\xe0\x01\x40\x80"
    "\x20\x09\x80\x58\xaa\x67\xef\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d"
    "\xdb\xb6\x6d\xdb\x46\x7e\xc4\x0e\x3c\x00\x08\x10\x24\x01\x10\x4b\xf5\xec\xbd\x6d"
    "\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xc8\x8f\xd8\x81"
    "\x07\x00\x01\x82\x24\x00\x62\xa9\x9e\xbd\xb7\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6"
    "\x6d\xdb\xb6\x6d\xdb\xb6\x6d\x1b\xf9\x11\x3b\xf0\x00\x20\x40\x90\x04\x40\x2c\xd5"
    "\xb3\xf7\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\x23"
    "\x3f\x62\x07\x1e\x00\x04\x08\x92\x00\x88\xa5\x7a\xf6\xde\xb6\x6d\xdb\xb6\x6d\xdb"
    "\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xdb\xb6\x6d\xe4\x47";

static size_t table_blocks(size_t size) {
    return blocks(tables, sizeof tables - 1, size);
}

/* Compressed text, a byte in each fragment. */
static size_t one_byte_fragments(size_t size) {
    ws_pmd *pmd = ws_pmd_new(WS_CLIENT, &takeover, &memory);
    ws_result n = 0;
    CHECK(pmd != NULL);
    wire_clear();
    wire_frame(FIRST, NULL, 0);
    for (ws_result at = 0; wire_len < size; at++) {
        if (at == n) {
            n = ws_pmd_compress(pmd, WS_SEND_MORE, json, TEXT_LEN, out, OUT);
            CHECK(n > 0);
            at = 0;
        }
        wire_frame(WS_OPCODE_CONTINUATION, out + at, 1);
    }
    ws_pmd_free(pmd);
    return conn_reads(server(&takeover), READ);
}

/* The shortest compressed message: an empty fixed block. */
static size_t empty_messages(const ws_pmd_params *pmd, size_t size) {
    wire_clear();
    wire_repeat(WHOLE, "\x00", 1, size);
    return conn_reads(server(pmd), READ);
}

static size_t empty_takeover(size_t size) { return empty_messages(&takeover, size); }
static size_t empty_no_takeover(size_t size) { return empty_messages(&no_takeover, size); }

/* ---- without a connection ---- */

/* Decompresses what is in `wire`, a part of one message, in pieces of `step` bytes. */
static size_t decompress(size_t step) {
    ws_pmd *pmd = ws_pmd_new(WS_SERVER, &takeover, &memory);
    CHECK(pmd != NULL);
    count_start();
    for (size_t at = 0; at < wire_len; at += step) {
        size_t left = wire_len - at < step ? wire_len - at : step, used;
        const unsigned char *p = wire + at;
        ws_result n;
        do {
            n = ws_pmd_decompress(pmd, WS_SEND_MORE, p, left, &used, out, OUT);
            CHECK(n >= 0);
            p += used, left -= used;
        } while (n > 0);
    }
    count_stop();
    return wire_len;
}

static void json_payloads(size_t size) {
    ws_pmd *pmd = ws_pmd_new(WS_CLIENT, &takeover, &memory);
    CHECK(pmd != NULL);
    wire_clear();
    for (int i = 0; wire_len < size; i++) {
        ws_result n =
            ws_pmd_compress(pmd, WS_SEND_MORE, json + 1024 * (i % 32), 1024, out, OUT);
        CHECK(n > 0);
        wire_add(out, (size_t)n);
    }
    ws_pmd_free(pmd);
}

static size_t payloads(size_t size) {
    json_payloads(size);
    return decompress(READ);
}

static size_t payload_bytes(size_t size) {
    json_payloads(size);
    return decompress(1);
}

static size_t payload_tables(size_t size) {
    wire_clear();
    while (wire_len < size)
        wire_add(tables, sizeof tables - 1);
    return decompress(READ);
}

const struct worst compressed_worst[] = {
    {CONN, PLAIN, .run = json_messages, .held = DECOMPRESSOR + LITTLE + GROWING * 2048},
    {CONN, "text of one character, compressed", PLAIN, .run = expanding_text,
     .held = DECOMPRESSOR + LITTLE + GROWING * (64 << 10)},
    {CONN, "one byte of compressed JSON a fragment", PLAIN, .run = one_byte_fragments,
     .held = DECOMPRESSOR + LITTLE, .held_per_byte = GROWING, .endless = true},
    {CONN, "stored blocks of 0 B", PLAIN, .run = stored_blocks,
     .held = DECOMPRESSOR + RESERVED + LITTLE,
     .endless = true},
    {CONN, "empty fixed blocks", PLAIN, .run = fixed_blocks,
     .held = DECOMPRESSOR + RESERVED + LITTLE,
     .endless = true},
    {CONN, "blocks with dear tables and no output", PLAIN, .run = table_blocks,
     .held = DECOMPRESSOR + RESERVED + LITTLE},
    {CONN, "empty compressed messages", PLAIN, .run = empty_takeover,
     .held = DECOMPRESSOR + LITTLE, .endless = true},
    {CONN, "empty compressed messages, no context takeover", PLAIN, .run = empty_no_takeover,
     .held = DECOMPRESSOR + LITTLE},
    {"ws_pmd_decompress", "compressed JSON", .run = payloads, .held = DECOMPRESSOR + LITTLE},
    {"ws_pmd_decompress", "compressed JSON, byte by byte", "compressed JSON",
     .run = payload_bytes, .held = DECOMPRESSOR + LITTLE},
    {"ws_pmd_decompress", "blocks with dear tables and no output", "compressed JSON",
     .run = payload_tables, .held = DECOMPRESSOR + LITTLE},
    {0},
};
