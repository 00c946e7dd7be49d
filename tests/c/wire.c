#include "wire.h"
#include "check.h"
#include "wscodec.h"

#include <stdlib.h>
#include <string.h>

const unsigned char frame_mask[4] = {0x37, 0xfa, 0x21, 0x3d};

static size_t frame_of(const char *hex, uint32_t side, unsigned char *wire,
                       size_t cap)
{
    unsigned char first, payload[1024];
    char byte[3] = {hex[0], hex[1], '\0'};
    size_t size = unhex(hex + 3, payload, sizeof payload);
    ws_result n;

    (void)unhex(byte, &first, 1);
    n = ws_frame_encode(first & 15, first & 0xf0u,
                        side == WS_SERVER ? frame_mask : NULL, payload, size,
                        wire, cap);
    if (n < 0) {
        abort();
    }
    return (size_t)n;
}

size_t frames_of(const char *text, uint32_t side, unsigned char *wire,
                 size_t cap)
{
    size_t len = 0;

    while (*text != '\0') {
        char word[2048] = {0};
        size_t digits = strcspn(text, " ");

        memcpy(word, text, digits);
        len += word[0] == '='
                   ? unhex(word + 1, wire + len, cap - len)
                   : frame_of(word, side, wire + len, cap - len);
        text += digits;
        text += strspn(text, " ");
    }
    return len;
}
