/* What a decoder made of a stream, however the stream was cut. */
#ifndef OUTCOME_H
#define OUTCOME_H

#include "wscodec.h"

enum { LOG_ROOM = 4096, MOST_FRAMES = 64 };

struct outcome {
    ws_result error;  /* Of the feed that failed, or 0. */
    ws_result finish; /* Of ws_decoder_finish() at the end. */
    size_t frames;    /* How many began. */
    size_t ended;     /* How many ended. */
    size_t log_len;
    unsigned char log[LOG_ROOM]; /* Frame headers and payloads. */
};

/* Starts a stream; then takes its pieces, one after another. `cap` is how many
 * frames each call may report. The piece is modified. */
void outcome_start(struct outcome *o, ws_decoder *decoder, uint32_t flags,
                   uint64_t max_payload);
void outcome_feed(struct outcome *o, ws_decoder *decoder, unsigned char *piece,
                  size_t len, size_t cap, uint32_t flags);
void outcome_end(struct outcome *o, const ws_decoder *decoder);

#endif
