/* Sends pieces of messages back, and prints the close frames that arrive. */
#include "check.h"

#include "from-libwebsockets.inc"

void on_end(client *c) {
    (void)c;
    fflush(stdout);
}
