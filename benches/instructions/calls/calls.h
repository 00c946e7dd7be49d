/* Ordinary calls. Each table is a topic, and ends with an entry of NULLs. */
#ifndef CALLS_H
#define CALLS_H

#include "../harness/count.h"
#include "../harness/inputs.h"

struct call {
    const char *functions; /* All that are counted, separated by spaces. */
    const char *input;
    void (*run)(void);
};

extern const struct call version_calls[], head_calls[], client_head_calls[], field_calls[],
    frame_calls[], decoder_calls[], text_calls[], control_calls[], negotiation_calls[],
    compression_calls[], connection_calls[], receive_calls[], send_calls[], round_calls[];

/* Where calls write to. */
enum { OUT = 128 << 10 };
extern unsigned char out[OUT];

/* Defaults: what most programs pass. */
extern const ws_pmd_params usual;

#endif
