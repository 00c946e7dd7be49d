/* Sends messages back, and prints the length of one that exceeds a limit. */
#include <inttypes.h>

#include "check.h"

#include "limits.inc"

void on_end(client *c) {
    printf("%" PRIu64 "\n", c->ws ? refused_length(c->ws) : 0);
    fflush(stdout);
}
