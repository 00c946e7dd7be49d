/* Decodes the masked frame of RFC 6455, 5.7, and prints its payload. Valid C99 and C++11. */
#include <stdio.h>
#include <string.h>
#include <wscodec.h>

int main(void) {
    char input[] = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
    ws_decoder decoder;
    ws_frame frame;
    size_t used;
    memset(&decoder, 0, sizeof decoder); /* zeros are a server's decoder */
    if (ws_decoder_feed(&decoder, input, sizeof input - 1, &frame, 1, &used) != 1)
        return 1;
    return printf("%.*s\n", (int)frame.chunk_len, input + frame.chunk_off) < 0;
}
