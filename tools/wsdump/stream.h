/* The frames that one side sends: decoded, unmasked, inflated and checked. */
#ifndef STREAM_H
#define STREAM_H

#include "report.h"

enum { MAX_FRAMES = 16, INFLATE_SIZE = 16 << 10, DETAIL_SIZE = 80 };
enum { MAX_SPARE = 64 << 10 }; /* bytes that a stream keeps for its next payload */

/* The first error inside a payload. It is reported after the frame. */
typedef struct payload_error {
    ws_result error;
    uint64_t offset;
    char detail[DETAIL_SIZE];
} payload_error;

typedef struct stream {
    place at;     /* all bytes before it were processed */
    bool stopped; /* the rest cannot be decoded */
    bool closed;  /* a close frame was seen */
    bool data_after_close;
    ws_decoder decoder;
    bool deflate;
    ws_pmd_params params;
    ws_pmd *pmd; /* from the first compressed message on */
    /* the current message */
    bool compressed, checks_utf8;
    bool raw; /* it is compressed, but we cannot inflate it */
    uint32_t utf8;
    uint64_t text_length; /* of what was checked */
    /* the current frame */
    bool in_frame;
    uint64_t frame_offset;
    frame_report frame;
    buffer shown;
    payload_error error;
} stream;

static inline void stream_init(stream *s, unsigned connection, side from,
                               uint64_t offset, const ws_pmd_params *params) {
    const uint32_t flags = from == CLIENT ? WS_SERVER : WS_CLIENT;
    *s = (stream){.at = {connection, from, offset}};
    s->deflate = params != NULL;
    if (params)
        s->params = *params;
    ws_decoder_init(&s->decoder, flags | (params ? WS_DEFLATE : 0), 0);
}

static inline void stream_free(stream *s) {
    ws_pmd_free(s->pmd);
    s->pmd = NULL;
    release(&s->shown);
}

static inline place place_at(const stream *s, uint64_t offset) {
    return (place){s->at.connection, s->at.from, offset};
}

static inline void stop_at(stream *s, uint64_t offset, ws_result error) {
    const place p = place_at(s, offset);
    report_error(&p, error, "");
    s->stopped = true;
}

/* ---- payloads ---- */

static inline void set_payload_error(stream *s, ws_result error, uint64_t offset,
                                     const char *detail) {
    if (s->error.error != 0)
        return;
    s->error.error = error;
    s->error.offset = offset;
    snprintf(s->error.detail, sizeof s->error.detail, "%s", detail);
}

/* Returns the number of bytes before the first that makes the text invalid. */
static inline size_t valid_length(uint32_t *state, const uint8_t *bytes, size_t len) {
    const uint32_t before = *state;
    if (ws_utf8_validate(state, bytes, len) == WS_OK)
        return len;
    *state = before;
    size_t i = 0;
    while (i < len && ws_utf8_validate(state, bytes + i, 1) == WS_OK)
        i++;
    return i;
}

/* `offset` is that of bytes[0] in the stream; `step` is 1, or 0 if all of the text was
 * inflated from one place. */
static inline void check_text(stream *s, const uint8_t *bytes, size_t len,
                              uint64_t offset, unsigned step) {
    char detail[DETAIL_SIZE];
    const size_t n = s->checks_utf8 ? valid_length(&s->utf8, bytes, len) : len;
    if (n < len) {
        s->checks_utf8 = false;
        snprintf(detail, sizeof detail, "byte %llu of the %smessage is %02x",
                 (unsigned long long)(s->text_length + n), step ? "" : "inflated ",
                 bytes[n]);
        set_payload_error(s, WS_ERR_UTF8, offset + step * n, detail);
    }
    s->text_length += len;
}

static inline void show(stream *s, const uint8_t *bytes, size_t len) {
    const bool control = s->frame.header.opcode >= WS_OPCODE_CLOSE;
    const size_t cap = control                        ? WS_MAX_CONTROL
                       : options.length < FULL_LENGTH ? options.length
                                                      : FULL_LENGTH;
    const size_t room = cap - (s->shown.len < cap ? s->shown.len : cap);
    s->frame.length += len;
    if (!append(&s->shown, bytes, len < room ? len : room))
        fail("memory", strerror(ENOMEM));
}

static inline void inflate(stream *s, uint8_t *bytes, size_t len, uint64_t offset,
                           bool last) {
    uint8_t out[INFLATE_SIZE];
    size_t used;
    ws_result n;
    do {
        n = ws_pmd_decompress(s->pmd, last ? 0 : WS_SEND_MORE, bytes, len, &used, out,
                              sizeof out);
        bytes += used;
        len -= used;
        offset += used;
        if (n > 0) {
            check_text(s, out, (size_t)n, offset - (used > 0), 0);
            show(s, out, (size_t)n);
        }
    } while (n > 0);
    if (n < 0) {
        set_payload_error(s, n, offset, "");
        ws_pmd_free(s->pmd); /* later messages may refer to this one */
        s->pmd = NULL;
        s->deflate = s->compressed = s->checks_utf8 = false;
        s->raw = true;
    }
}

/* ---- frames ---- */

/* Without a decompressor (not built in, or after an error) the payload is shown as it
 * is. */
static inline void begin_message(stream *s, const ws_frame *f) {
    const uint32_t us = s->at.from == CLIENT ? WS_SERVER : WS_CLIENT;
    const bool compressed = (f->flags & WS_RSV1) != 0;
    if (compressed && s->deflate && !s->pmd)
        s->pmd = ws_pmd_new(us, &s->params, NULL);
    s->compressed = compressed && s->pmd != NULL;
    s->raw = compressed && s->pmd == NULL;
    s->checks_utf8 = f->opcode == WS_OPCODE_TEXT && !s->raw;
    s->utf8 = 0;
    s->text_length = 0;
}

static inline void begin_frame(stream *s, const ws_frame *f, uint64_t offset) {
    const bool data = f->opcode < WS_OPCODE_CLOSE;
    s->in_frame = true;
    s->frame_offset = offset;
    s->shown.len = 0;
    s->error.error = 0;
    if (f->opcode == WS_OPCODE_TEXT || f->opcode == WS_OPCODE_BINARY)
        begin_message(s, f);
    s->frame = (frame_report){.header = *f,
                              .inflated = data && s->compressed,
                              .raw = data && s->raw,
                              .shown = &s->shown};
    if (data && s->closed && !s->data_after_close) {
        const place p = place_at(s, offset);
        s->data_after_close = true;
        report_error(&p, WS_ERR_INVALID_STATE, "data after a close frame");
    }
}

static inline void check_close(stream *s, uint64_t payload) {
    const uint8_t *bytes = s->shown.data;
    const size_t len = s->shown.len;
    uint16_t code;
    uint32_t state = 0;
    char detail[DETAIL_SIZE] = "";
    ws_result n = ws_close_parse(bytes, len, &code);
    s->closed = true;
    if (n >= 0 && len > 0)
        s->frame.close_code = code;
    if (n == WS_ERR_UTF8) {
        payload += 2 + valid_length(&state, bytes + 2, len - 2);
    } else if (n < 0 && len >= 2) {
        snprintf(detail, sizeof detail, "code %u", bytes[0] << 8 | bytes[1]);
    }
    if (n < 0)
        set_payload_error(s, n, payload, detail);
}

static inline void report_current(stream *s) {
    const place p = place_at(s, s->frame_offset), error = place_at(s, s->error.offset);
    report_frame(&p, &s->frame);
    if (s->error.error != 0)
        report_error(&error, s->error.error, s->error.detail);
    s->in_frame = false;
    if (s->shown.cap > MAX_SPARE)
        release(&s->shown);
}

static inline void end_frame(stream *s, const ws_frame *f, uint64_t end) {
    const bool message_ends = f->opcode < WS_OPCODE_CLOSE && (f->flags & WS_FIN);
    if (f->opcode == WS_OPCODE_CLOSE)
        check_close(s, end - f->payload_len);
    if (message_ends && s->checks_utf8 && s->utf8 != 0)
        set_payload_error(s, WS_ERR_UTF8, end, "the message ends inside a character");
    report_current(s);
}

static inline void on_chunk(stream *s, const ws_frame *f, uint8_t *buf) {
    const uint64_t offset = s->at.offset + f->chunk_off;
    const bool data = f->opcode < WS_OPCODE_CLOSE, ends = (f->flags & WS_END) != 0;
    const size_t len = (size_t)f->chunk_len;
    uint8_t *bytes = buf + f->chunk_off;
    if (f->flags & WS_BEGIN)
        begin_frame(s, f, offset - f->header_len);
    if (data && s->compressed) {
        inflate(s, bytes, len, offset, ends && (f->flags & WS_FIN));
    } else if (!s->frame.inflated) { /* else inflating has failed */
        if (data)
            check_text(s, bytes, len, offset, 1);
        show(s, bytes, len);
    }
    if (ends)
        end_frame(s, f, offset + len);
}

/* ---- the stream ---- */

/* Finds the byte of a header that is invalid: the decoder fails at it, if it gets one
 * byte at a time. The payloads in `bytes` may have been unmasked; they do not matter.
 */
static inline void stop_in_header(stream *s, ws_decoder before, uint8_t *bytes,
                                  size_t len, ws_result error) {
    ws_frame frame;
    size_t used, i = 0;
    while (i + 1 < len && ws_decoder_feed(&before, bytes + i, 1, &frame, 1, &used) >= 0)
        i++;
    stop_at(s, s->at.offset + i, error);
}

/* Processes what this side sent next. Unmasks it in place. */
static inline void stream_feed(stream *s, uint8_t *bytes, size_t len) {
    ws_frame frames[MAX_FRAMES];
    size_t used;
    while (len > 0 && !s->stopped) {
        const ws_decoder before = s->decoder;
        const ws_result n =
            ws_decoder_feed(&s->decoder, bytes, len, frames, MAX_FRAMES, &used);
        for (ws_result i = 0; i < n; i++)
            on_chunk(s, &frames[i], bytes);
        const ws_result error = ws_decoder_finish(&s->decoder);
        if (error != WS_OK && error != WS_ERR_EOF)
            stop_in_header(s, before, bytes, len, error);
        s->at.offset += used;
        bytes += used;
        len -= used;
    }
}

/* A frame that has not arrived completely. */
static inline void report_rest(stream *s) {
    if (s->in_frame && !s->stopped)
        report_current(s);
}

/* The stream has ended, and nothing of it is missing. */
static inline void stream_finish(stream *s) {
    if (s->stopped)
        return;
    report_rest(s);
    if (ws_decoder_finish(&s->decoder) != WS_OK)
        stop_at(s, s->at.offset, WS_ERR_EOF);
    s->stopped = true;
}

/* The stream may continue, but we see no more of it. After a close nothing is missing.
 */
static inline void stream_lose(stream *s, const char *why) {
    if (s->stopped)
        return;
    report_rest(s);
    if (!s->closed)
        report_note(&s->at, why);
    s->stopped = true;
}

#endif
