/* UTF-8 in pieces, compared with a table from RFC 3629, section 4. */
#include "check.h"
#include "wscodec.h"

#include <stdlib.h>

/* For each first byte: the length of the character, and the range of the second
 * byte. */
struct rule {
    unsigned first, last, length, low, high;
};
static const struct rule rules[] = {
    {0x00, 0x7f, 1, 0, 0},       {0xc2, 0xdf, 2, 0x80, 0xbf},
    {0xe0, 0xe0, 3, 0xa0, 0xbf}, {0xe1, 0xec, 3, 0x80, 0xbf},
    {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf},
    {0xf4, 0xf4, 4, 0x80, 0x8f},
};

/* The length of the longest prefix that can be the start of valid text; *open is
 * whether it ends inside a character. */
static size_t valid_start(const unsigned char *text, size_t len, int *open)
{
    size_t at = 0, i, r;

    *open = 0;
    while (at < len) {
        const struct rule *rule = NULL;

        for (r = 0; r < sizeof rules / sizeof *rules; r++) {
            if (text[at] >= rules[r].first && text[at] <= rules[r].last) {
                rule = &rules[r];
            }
        }
        if (rule == NULL) {
            return at;
        }
        for (i = 1; i < rule->length; i++) {
            unsigned low = i == 1 ? rule->low : 0x80;
            unsigned high = i == 1 ? rule->high : 0xbf;

            if (at + i == len) {
                *open = 1;
                return len;
            }
            if (text[at + i] < low || text[at + i] > high) {
                return at + i;
            }
        }
        at += rule->length;
    }
    return len;
}

/* The text in two pieces. */
static void check_cut(const unsigned char *text, size_t len, size_t cut)
{
    uint32_t state = 0;
    int open, open_at_cut;
    size_t good = valid_start(text, len, &open);
    size_t good_at_cut = valid_start(text, cut, &open_at_cut);
    ws_result first, second;

    first = ws_utf8_validate(&state, text, cut);
    CHECK_EQ(first, good_at_cut == cut ? WS_OK : WS_ERR_UTF8);
    if (first == WS_OK) {
        CHECK_EQ(state != 0, open_at_cut);
    }
    second = ws_utf8_validate(&state, text + cut, len - cut);
    CHECK_EQ(second, good == len ? WS_OK : WS_ERR_UTF8);
    if (second == WS_OK) {
        CHECK_EQ(state != 0, open);
    } else {
        CHECK(state != 0);
        CHECK_EQ(ws_utf8_validate(&state, NULL, 0), WS_ERR_UTF8);
        CHECK_EQ(ws_utf8_validate(&state, "a", 1), WS_ERR_UTF8);
    }
}

/* Byte by byte, it fails at the invalid byte. */
static void check_each_byte(const unsigned char *text, size_t len)
{
    uint32_t state = 0;
    int open;
    size_t good = valid_start(text, len, &open), at;

    for (at = 0; at < len; at++) {
        CHECK_EQ(ws_utf8_validate(&state, text + at, 1),
                 at < good ? WS_OK : WS_ERR_UTF8);
    }
    CHECK_EQ(ws_utf8_validate(&state, NULL, 0),
             good == len ? WS_OK : WS_ERR_UTF8);
}

static void check_text(const unsigned char *text, size_t len)
{
    size_t cut;

    for (cut = 0; cut <= len; cut++) {
        check_cut(text, len, cut);
    }
    check_each_byte(text, len);
}

/* Every pair of bytes, and four bytes after critical pairs. */
static void check_short_texts(void)
{
    unsigned char text[4];
    unsigned a, b, c;

    for (a = 0; a < 256; a++) {
        for (b = 0; b < 256; b++) {
            check_case("two bytes", a, b);
            text[0] = (unsigned char)a;
            text[1] = (unsigned char)b;
            check_text(text, 2);
            if (a < 0xc0 || b < 0x70 || b > 0xc8) {
                continue;
            }
            for (c = 0x70; c < 0xc8; c += 5) {
                check_case("four bytes", a << 8 | b, c);
                text[2] = (unsigned char)c;
                text[3] = (unsigned char)(c ^ 0x1f);
                check_text(text, 4);
            }
        }
    }
}

/* Every code point, written by hand; then all of them as one text. */
static void check_every_code_point(void)
{
    unsigned char *all = malloc(4 * 0x110000);
    size_t len = 0;
    uint32_t c, state = 0;

    for (c = 0; c <= 0x10ffff; c++) {
        size_t start = len;

        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }
        if (c < 0x80) {
            all[len++] = (unsigned char)c;
        } else {
            int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;

            all[len++] = (unsigned char)((0xff00 >> (more + 1)) | (c >> (6 * more)));
            while (more-- > 0) {
                all[len++] = (unsigned char)(0x80 | ((c >> (6 * more)) & 0x3f));
            }
        }
        check_case("code point", c, 0);
        CHECK_EQ(ws_utf8_validate(&state, all + start, len - start), WS_OK);
        CHECK_EQ(state, 0);
    }
    check_case("every code point", len, 0);
    CHECK_EQ(ws_utf8_validate(&state, all, len), WS_OK);
    CHECK_EQ(state, 0);
    free(all);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_short_texts();
    check_every_code_point();
    return check_done(argv[0]);
}
