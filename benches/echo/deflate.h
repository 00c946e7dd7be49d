/* One compressed message, and the check of its compressed echo. */
#ifndef DEFLATE_H
#define DEFLATE_H

#include <zlib.h>

#include "opening.h"

enum { RSV1 = 0x40, COMPRESSED_SIZE = 4096 };

static const uint8_t FLUSHED[4] = {0, 0, 0xff, 0xff}; /* ends what a flush compresses */

typedef struct compressed {
    uint8_t plain[COMPRESSED_SIZE], frame[COMPRESSED_SIZE + MAX_HEADER];
    size_t frame_len;
} compressed;

/* Lines like those of a log, about a fifth of their length when they are compressed. */
static inline void put_lines(uint8_t *to, size_t size) {
    for (size_t len = 0, number = 0; len < size; number++) {
        char line[64];
        int n = snprintf(line, sizeof line, "{\"id\": %zu, \"value\": %u}\n", number,
                         next_byte());
        size_t part = (size_t)n < size - len ? (size_t)n : size - len;
        memcpy(to + len, line, part);
        len += part;
    }
}

static inline compressed write_compressed(void) {
    static const uint8_t key[4] = {1, 2, 3, 4};
    compressed m = {0};
    uint8_t payload[COMPRESSED_SIZE];
    z_stream z = {.next_in = m.plain,
                  .avail_in = COMPRESSED_SIZE,
                  .next_out = payload,
                  .avail_out = sizeof payload};
    put_lines(m.plain, COMPRESSED_SIZE);
    if (deflateInit2(&z, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_SYNC_FLUSH) != Z_OK || z.avail_out == 0)
        die("deflate", "failed");
    size_t size = sizeof payload - z.avail_out - sizeof FLUSHED;
    size_t header = put_header(m.frame, size, key);
    m.frame[0] |= RSV1;
    for (size_t i = 0; i < size; i++)
        m.frame[header + i] = payload[i] ^ key[i % 4];
    m.frame_len = header + size;
    deflateEnd(&z);
    return m;
}

/* ---- the echo ---- */

static inline void receive_exactly(int fd, uint8_t *to, size_t len) {
    for (size_t n = 0; n < len;)
        n += receive_some(fd, to + n, len - n);
}

/* Appends the payload of a frame. Returns whether it is the last one of the message. */
static inline bool receive_frame(int fd, uint8_t *payload, size_t *len) {
    uint8_t header[4];
    receive_exactly(fd, header, 2);
    if ((header[0] & 0x7f) != (*len > 0 ? CONTINUATION : BINARY | RSV1))
        die("echo", "not compressed, or of another kind");
    size_t size = header[1];
    if (size == 126) {
        receive_exactly(fd, header + 2, 2);
        size = (size_t)header[2] << 8 | header[3];
    }
    if (header[1] > 126 || size > COMPRESSED_SIZE - sizeof FLUSHED - *len)
        die("echo", "longer than what was sent, or masked");
    receive_exactly(fd, payload + *len, size);
    *len += size;
    return header[0] & 0x80;
}

/* The message is the first one of its connection. */
static inline void check_inflated(const compressed *m, uint8_t *payload, size_t len) {
    uint8_t plain[COMPRESSED_SIZE + 1]; /* it must not be filled */
    memcpy(payload + len, FLUSHED, sizeof FLUSHED);
    z_stream z = {.next_in = payload,
                  .avail_in = (uInt)(len + sizeof FLUSHED),
                  .next_out = plain,
                  .avail_out = sizeof plain};
    bool whole = inflateInit2(&z, -15) == Z_OK && inflate(&z, Z_SYNC_FLUSH) == Z_OK &&
                 z.avail_in == 0 && z.avail_out == 1;
    inflateEnd(&z);
    if (!whole || memcmp(plain, m->plain, COMPRESSED_SIZE) != 0)
        die("echo", "other bytes than what was sent");
}

static inline void echo_compressed(const compressed *m, int fd) {
    uint8_t payload[COMPRESSED_SIZE];
    size_t len = 0;
    send_all(fd, m->frame, m->frame_len);
    while (!receive_frame(fd, payload, &len))
        ;
    check_inflated(m, payload, len);
}

#endif
