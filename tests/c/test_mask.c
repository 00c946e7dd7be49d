/* Masking: every length, alignment and position. */
#include "check.h"
#include "memory.h"
#include "wscodec.h"

#include <string.h>

static const unsigned char mask[4] = {0x37, 0xfa, 0x21, 0x3d};

enum { LONGEST = 300 };

int main(int argc, char **argv)
{
    static const uint64_t positions[] = {
        0, 1, 2, 3, 4, 5, 63, 64, 127, UINT64_C(0xffffffff),
        UINT64_C(0x100000000), UINT64_C(0x100000001),
        UINT64_C(0x7fffffffffffffff), UINT64_MAX - 1, UINT64_MAX};
    static unsigned char plain[LONGEST + 16], want[LONGEST];
    size_t len, shift, p, i;

    (void)argc;
    for (i = 0; i < sizeof plain; i++) {
        plain[i] = (unsigned char)(i * 97 + 13);
    }
    for (p = 0; p < sizeof positions / sizeof *positions; p++) {
        for (len = 0; len <= LONGEST; len++) {
            unsigned char *to = guarded(len);

            check_case("length, position", len, positions[p]);
            for (i = 0; i < len; i++) {
                want[i] = plain[i] ^ mask[(positions[p] + i) % 4];
            }
            ws_mask_copy(to, plain, len, mask, positions[p]);
            CHECK_MEM(to, want, len);
            CHECK(guards_intact(to, len));
            ws_mask(to, len, mask, positions[p]);
            CHECK_MEM(to, plain, len);
            CHECK(guards_intact(to, len));
            ws_mask_copy(to, to, len, mask, positions[p]);
            CHECK_MEM(to, want, len);
            CHECK(guards_intact(to, len));
            guarded_free(to);
        }
    }
    /* At every alignment. */
    for (shift = 0; shift < 16; shift++) {
        unsigned char buf[LONGEST + 16];

        check_case("alignment", shift, 0);
        memcpy(buf, plain, sizeof buf);
        ws_mask(buf + shift, LONGEST, mask, shift);
        for (i = 0; i < sizeof buf; i++) {
            int inside = i >= shift && i < shift + LONGEST;

            CHECK_EQ(buf[i], plain[i] ^ (inside ? mask[i % 4] : 0));
        }
    }
    /* In pieces the result is the same as at once. */
    for (len = 1; len < LONGEST; len++) {
        unsigned char at_once[LONGEST], pieces[LONGEST];
        size_t done;

        check_case("pieces of", len, 0);
        ws_mask_copy(at_once, plain, LONGEST, mask, 0);
        memcpy(pieces, plain, LONGEST);
        for (done = 0; done < LONGEST; done += len) {
            ws_mask(pieces + done, LONGEST - done < len ? LONGEST - done : len,
                    mask, done);
        }
        CHECK_MEM(pieces, at_once, LONGEST);
    }
    return check_done(argv[0]);
}
