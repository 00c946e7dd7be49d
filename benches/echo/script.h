/* The messages to send, and the check of their echoes.
 *
 * SLOTS different messages of one length are sent repeatedly. One array has all frames of a
 * run twice, one copy after the other, so that up to SLOTS of them can be sent by one send()
 * from any position, without copying or masking. */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 32, MAX_HEADER = 14 };
enum { CONTINUATION = 0, BINARY = 2 };

typedef struct script {
    size_t size;       /* of a message */
    size_t frame_size; /* of the frame that it is sent in */
    uint8_t *frames;   /* 2 * SLOTS */
    uint8_t *messages; /* SLOTS */
} script;

/* The next bytes that a connection expects. */
typedef struct expectation {
    unsigned slot; /* of the message */
    size_t seen;   /* bytes of it, from earlier frames too */
    uint64_t left; /* bytes of the frame's payload that are still to come */
    bool fin;
    uint8_t header[10];
    unsigned header_len; /* the bytes read of it; 0 within a payload */
} expectation;

static inline void die(const char *what, const char *why) {
    fprintf(stderr, "loadgen: %s: %s\n", what, why);
    exit(1);
}

/* Masked and final, as a client's messages are. Returns the header's length. */
static inline size_t put_header(uint8_t *to, uint64_t size, const uint8_t key[4]) {
    size_t extra = size < 126 ? 0 : size < 65536 ? 2 : 8;
    to[0] = 0x80 | BINARY;
    to[1] = 0x80 | (uint8_t)(extra == 0 ? size : extra == 2 ? 126 : 127);
    for (size_t i = 0; i < extra; i++)
        to[2 + i] = (uint8_t)(size >> (8 * (extra - 1 - i)));
    memcpy(to + 2 + extra, key, 4);
    return 2 + extra + 4;
}

/* Any bytes will do, as long as two messages differ (xorshift). */
static inline uint8_t next_byte(void) {
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint8_t)(state >> 32);
}

static inline void put_frame(script *s, unsigned slot) {
    uint8_t key[4], *message = s->messages + slot * s->size;
    uint8_t *frame = s->frames + slot * s->frame_size;
    for (int i = 0; i < 4; i++)
        key[i] = next_byte();
    size_t header = put_header(frame, s->size, key);
    for (size_t i = 0; i < s->size; i++) {
        message[i] = next_byte();
        frame[header + i] = message[i] ^ key[i % 4];
    }
}

static inline script write_script(size_t size) {
    uint8_t scratch[MAX_HEADER] = {0};
    script s = {.size = size};
    s.frame_size = put_header(scratch, size, scratch) + size;
    s.messages = malloc(SLOTS * size);
    s.frames = malloc(2 * SLOTS * s.frame_size);
    if (!s.messages || !s.frames)
        die("messages", "no memory for them");
    for (unsigned slot = 0; slot < SLOTS; slot++)
        put_frame(&s, slot);
    memcpy(s.frames + SLOTS * s.frame_size, s.frames, SLOTS * s.frame_size);
    return s;
}

/* The length of the header that begins with these 2 bytes. */
static inline unsigned header_size(const uint8_t *header) {
    return header[1] == 127 ? 10 : header[1] == 126 ? 4 : 2;
}

/* A whole header. Servers may cut an echo into fragments, but must not mask it. */
static inline void start_frame(const script *s, expectation *e) {
    unsigned opcode = e->seen > 0 ? CONTINUATION : BINARY;
    if ((e->header[0] & 0x7f) != opcode || e->header[1] & 0x80)
        die("echo", "unexpected kind of frame");
    e->fin = e->header[0] & 0x80;
    e->left = e->header_len == 2 ? e->header[1] : 0;
    for (unsigned i = 2; i < e->header_len; i++)
        e->left = e->left << 8 | e->header[i];
    if (e->left > s->size - e->seen || (e->fin && e->left != s->size - e->seen))
        die("echo", "not as long as what was sent");
    e->header_len = 0;
}

/* Takes bytes into the header, and returns how many. */
static inline size_t take_header(const script *s, expectation *e, const uint8_t *bytes,
                                 size_t len) {
    size_t used = 0;
    while (used < len) {
        e->header[e->header_len++] = bytes[used++];
        if (e->header_len >= 2 && e->header_len == header_size(e->header)) {
            start_frame(s, e);
            break;
        }
    }
    return used;
}

static inline size_t take_payload(const script *s, expectation *e, const uint8_t *bytes,
                                  size_t len) {
    size_t used = len < e->left ? len : (size_t)e->left;
    if (memcmp(bytes, s->messages + e->slot * s->size + e->seen, used) != 0)
        die("echo", "other bytes than what was sent");
    e->seen += used;
    e->left -= used;
    return used;
}

/* Ends the program unless these bytes continue the echo of the script. Returns how many
 * messages they complete. */
static inline unsigned judge(const script *s, expectation *e, const uint8_t *bytes,
                             size_t len) {
    unsigned completed = 0;
    while (len > 0) {
        bool in_payload = e->left > 0;
        size_t used = (in_payload ? take_payload : take_header)(s, e, bytes, len);
        bytes += used;
        len -= used;
        if (e->left == 0 && e->header_len == 0 && e->fin) {
            e->slot = (e->slot + 1) % SLOTS;
            e->seen = 0;
            e->fin = false;
            completed++;
        }
    }
    return completed;
}

#endif
