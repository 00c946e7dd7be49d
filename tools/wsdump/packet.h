/* One packet: finds the TCP segment in it. Nothing in it is trusted. */
#ifndef PACKET_H
#define PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct endpoint {
    uint8_t address[16]; /* 4 bytes of it for IPv4 */
    uint16_t port;
} endpoint;

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

typedef struct segment {
    endpoint from, to;
    uint32_t seq;
    uint8_t flags;
    const uint8_t *data;
    size_t len;
    size_t missing; /* bytes after `data` that were not captured */
} segment;

/* A part of a packet: `len` bytes were captured of `wire`. */
typedef struct bytes {
    const uint8_t *data;
    size_t len, wire;
} bytes;

static inline uint16_t read16(const uint8_t *p) {
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t read32(const uint8_t *p) {
    return (uint32_t)read16(p) << 16 | read16(p + 2);
}

/* Returns false if fewer than n bytes were captured. */
static inline bool skip(bytes *b, size_t n) {
    if (n > b->len || n > b->wire)
        return false;
    b->data += n;
    b->len -= n;
    b->wire -= n;
    return true;
}

/* A length that the packet states: it may be shorter than the frame of the link. */
static inline void limit(bytes *b, size_t wire) {
    if (wire < b->wire)
        b->wire = wire;
    if (b->len > b->wire)
        b->len = b->wire;
}

static inline bool parse_tcp(bytes b, segment *s) {
    if (b.len < 20)
        return false;
    const uint8_t *p = b.data;
    s->from.port = read16(p);
    s->to.port = read16(p + 2);
    s->seq = read32(p + 4);
    s->flags = p[13];
    const size_t header = (size_t)(p[12] >> 4) * 4;
    if (header < 20 || !skip(&b, header))
        return false;
    s->data = b.data;
    s->len = b.len;
    s->missing = b.wire - b.len;
    return true;
}

/* A total length of 0 is that of a packet which the network card will split. */
static inline bool parse_ipv4(bytes b, segment *s) {
    if (b.len < 20)
        return false;
    const uint8_t *p = b.data;
    const size_t header = (size_t)(p[0] & 15) * 4, total = read16(p + 2);
    const bool fragment = (read16(p + 6) & 0x3fff) != 0;
    if (p[9] != 6 || fragment || header < 20)
        return false;
    if (total > 0)
        limit(&b, total);
    memcpy(s->from.address, p + 12, 4);
    memcpy(s->to.address, p + 16, 4);
    return skip(&b, header) && parse_tcp(b, s);
}

static inline bool parse_ipv6(bytes b, segment *s) {
    enum { HOP_BY_HOP = 0, TCP = 6, ROUTING = 43, DESTINATION = 60 };
    if (b.len < 40)
        return false;
    const uint8_t *p = b.data;
    const size_t payload = read16(p + 4);
    uint8_t next = p[6];
    memcpy(s->from.address, p + 8, 16);
    memcpy(s->to.address, p + 24, 16);
    skip(&b, 40);
    if (payload > 0)
        limit(&b, payload);
    while (next == HOP_BY_HOP || next == ROUTING || next == DESTINATION) {
        if (b.len < 8)
            return false;
        next = b.data[0];
        if (!skip(&b, 8 + (size_t)b.data[1] * 8))
            return false;
    }
    return next == TCP && parse_tcp(b, s);
}

/* Returns false for anything but a TCP segment. */
static inline bool parse_ip(bytes b, segment *s) {
    const int version = b.len > 0 ? b.data[0] >> 4 : 0;
    memset(s, 0, sizeof *s);
    return version == 4 ? parse_ipv4(b, s) : version == 6 && parse_ipv6(b, s);
}

/* Ethernet, perhaps with VLAN tags. */
static inline bool skip_ethernet(bytes *b) {
    if (!skip(b, 12))
        return false;
    while (b->len >= 4 && (read16(b->data) == 0x8100 || read16(b->data) == 0x88a8))
        skip(b, 4);
    return b->len >= 2 && (read16(b->data) == 0x0800 || read16(b->data) == 0x86dd) &&
           skip(b, 2);
}

#endif
