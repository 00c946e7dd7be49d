/* Counts every call, and prints a line for each: functions, input. */
#include "calls.h"

#include <stdio.h>

unsigned char out[OUT];
const ws_pmd_params usual = {0, 0, 0, 0, 0, 0, {0, 0}};

static const struct call *const topics[] = {
    version_calls,     head_calls,        client_head_calls, field_calls,   frame_calls,
    decoder_calls,     text_calls,        control_calls,     negotiation_calls,
    compression_calls, connection_calls,  receive_calls,     send_calls,    round_calls,
};

static void run(void *argument) {
    const struct call *call = argument;
    call->run();
}

int main(void) {
    inputs_init();
    for (size_t topic = 0; topic < sizeof topics / sizeof *topics; topic++)
        for (const struct call *each = topics[topic]; each->run; each++) {
            char label[256];
            snprintf(label, sizeof label, "%s\t%s", each->functions, each->input);
            puts(label);
            count_nothing(label, run, (void *)each);
            count_run(label, run, (void *)each);
        }
    return 0;
}
