/* Sec-WebSocket-Key and Sec-WebSocket-Accept. */
#include "check.h"
#include "wscodec.h"

#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Every byte at every position of a key is accepted exactly if base64 allows it
 * there. Only two bits of the 22nd character count; the others may be set, as in
 * an example of RFC 6455. */
static void check_every_byte(void)
{
    static const char key[] = "dGhlIHNhbXBsZSBub25jZQ==";
    char changed[WS_KEY_LEN], out[WS_ACCEPT_LEN];
    size_t at;
    int byte;

    for (at = 0; at < WS_KEY_LEN; at++) {
        for (byte = 0; byte < 256; byte++) {
            const char *digit = byte == 0 ? NULL : strchr(alphabet, byte);
            int good = at >= 22   ? byte == '='
                                  : digit != NULL;

            check_case("byte at", (uintmax_t)byte, at);
            memcpy(changed, key, WS_KEY_LEN);
            changed[at] = (char)byte;
            CHECK_EQ(ws_accept_key(changed, WS_KEY_LEN, out, sizeof out),
                     good ? WS_ACCEPT_LEN : WS_ERR_HANDSHAKE_KEY);
        }
    }
}

static void check_fresh_keys(void)
{
    enum { KEYS = 1000 };
    static char keys[KEYS][WS_KEY_LEN];
    char out[WS_ACCEPT_LEN];
    size_t i, j;

    for (i = 0; i < KEYS; i++) {
        check_case("fresh key", i, 0);
        CHECK_EQ(ws_make_key(keys[i], WS_KEY_LEN), WS_KEY_LEN);
        CHECK_EQ(ws_accept_key(keys[i], WS_KEY_LEN, out, sizeof out),
                 WS_ACCEPT_LEN);
        for (j = 0; j < i; j++) {
            CHECK(memcmp(keys[i], keys[j], WS_KEY_LEN) != 0);
        }
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    check_every_byte();
    check_fresh_keys();
    return check_done(argv[0]);
}
