/* The result of decoding a stream, for comparison between different cuts. */
#ifndef DECODED_H
#define DECODED_H

#include "wscodec.h"

enum { LOG_ROOM = 4096, MOST_FRAMES = 64 };

struct decoded {
    ws_result error;  /* Of the call that failed, or 0. */
    ws_result finish; /* Of ws_decoder_finish() at the end. */
    size_t frames;    /* Frames that were started. */
    size_t ended;     /* Frames that were completed. */
    size_t log_len;
    unsigned char log[LOG_ROOM]; /* Frame headers and payloads. */
};

/* Starts a stream, feeds its pieces one after another, and ends it. `cap` is the
 * number of slots for frames. The piece is modified. */
void decoded_start(struct decoded *o, ws_decoder *decoder, uint32_t flags,
                   uint64_t max_payload);
void decoded_feed(struct decoded *o, ws_decoder *decoder, unsigned char *piece,
                  size_t len, size_t cap, uint32_t flags);
void decoded_end(struct decoded *o, const ws_decoder *decoder);

#endif
