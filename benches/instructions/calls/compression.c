/* Compression without a connection. */
#include "calls.h"
#include "../harness/memory.h"

/* The tenth of like messages counts: the first ones allocate, and have no context. */
enum { MESSAGES = 10 };

static const ws_pmd_params no_takeover = {1, 1, 0, 0, 0, 0, {0, 0}};

static ws_pmd *new_pmd(uint32_t side, const ws_pmd_params *params) {
    ws_pmd *pmd = ws_pmd_new(side, params, &memory);
    CHECK(pmd != NULL);
    return pmd;
}

/* Each message is another part of the text. */
static const unsigned char *message(int i) {
    return json + 1024 * i;
}

static void create(void) { CHECK(COUNTED(ws_pmd_new(WS_SERVER, &usual, &memory)) != NULL); }

static void destroy(void) {
    ws_pmd *pmd = new_pmd(WS_SERVER, &usual);
    CHECK(ws_pmd_compress(pmd, 0, json, 1024, out, OUT) > 0);
    count_start();
    ws_pmd_free(pmd);
    count_stop();
}

static void bound(void) {
    ws_pmd *pmd = new_pmd(WS_SERVER, &usual);
    CHECK(COUNTED(ws_pmd_compress_bound(pmd, 1024)) > 1024);
}

static void compress(const ws_pmd_params *params) {
    ws_pmd *pmd = new_pmd(WS_SERVER, params);
    for (int i = 0; i < MESSAGES - 1; i++)
        CHECK(ws_pmd_compress(pmd, 0, message(i), 1024, out, OUT) > 0);
    CHECK(COUNTED(ws_pmd_compress(pmd, 0, message(MESSAGES - 1), 1024, out, OUT)) > 0);
}

static void compress_takeover(void) { compress(&usual); }
static void compress_no_takeover(void) { compress(&no_takeover); }

static void decompress(const ws_pmd_params *params) {
    ws_pmd *from = new_pmd(WS_CLIENT, params), *to = new_pmd(WS_SERVER, params);
    unsigned char text[2048];
    for (int i = 0; i < MESSAGES; i++) {
        size_t used;
        ws_result n = ws_pmd_compress(from, 0, message(i), 1024, out, OUT);
        CHECK(n > 0);
        if (i < MESSAGES - 1) {
            CHECK(ws_pmd_decompress(to, 0, out, (size_t)n, &used, text, 2048) == 1024);
            CHECK(ws_pmd_decompress(to, 0, NULL, 0, &used, text, 2048) == 0);
            continue;
        }
        count_start();
        ws_result whole = ws_pmd_decompress(to, 0, out, (size_t)n, &used, text, 2048);
        ws_result end = ws_pmd_decompress(to, 0, NULL, 0, &used, text, 2048);
        count_stop();
        CHECK(whole == 1024 && end == 0);
    }
}

static void decompress_takeover(void) { decompress(&usual); }
static void decompress_no_takeover(void) { decompress(&no_takeover); }

const struct call compression_calls[] = {
    {"ws_pmd_new", "", create},
    {"ws_pmd_free", "after a message", destroy},
    {"ws_pmd_compress_bound", "1 KiB", bound},
    {"ws_pmd_compress", "JSON of 1 KiB, the 10th message", compress_takeover},
    {"ws_pmd_compress", "JSON of 1 KiB, no context takeover", compress_no_takeover},
    {"ws_pmd_decompress", "JSON of 1 KiB, the 10th message", decompress_takeover},
    {"ws_pmd_decompress", "JSON of 1 KiB, no context takeover", decompress_no_takeover},
    {0},
};
