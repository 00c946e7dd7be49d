/* Streams of bytes from files: of one side, or of both. */
#ifndef FILES_H
#define FILES_H

#include "connection.h"

enum {
    READ_SIZE = 64 << 10,
    START = 5, /* bytes that show whether a stream starts with a head */
};

typedef struct input {
    const char *name;
    FILE *file;
    bool started, ended;
    size_t have; /* bytes of `read_buffer` that were read already */
} input;

static uint8_t read_buffer[READ_SIZE];

static inline FILE *open_input(const char *name) {
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    if (!file)
        fail(name, strerror(errno));
    return file;
}

/* Reads at most `cap` bytes, without a buffer. Returns 0 at the end. */
static inline size_t read_some(const input *in, uint8_t *to, size_t cap) {
    ssize_t n;
    while ((n = read(fileno(in->file), to, cap)) < 0 && errno == EINTR)
        ;
    if (n < 0)
        fail(in->name, strerror(errno));
    return (size_t)n;
}

/* Returns what has arrived, and at first no less than START bytes. The lines that were
 * printed until then are not delayed. */
static inline size_t read_input(input *in) {
    size_t n, len = in->have;
    flush_output();
    do {
        n = read_some(in, read_buffer + len, sizeof read_buffer - len);
        len += n;
    } while (n > 0 && !in->started && len < START);
    in->have = 0;
    in->started = true;
    in->ended = len == 0;
    return len;
}

/* A request line or a status line starts the stream; a frame could start with the same
 * two bytes at most. */
static inline bool starts_with_head(const uint8_t *bytes, size_t len) {
    static const char *const starts[] = {"HTTP/", "GET ", "POST ", "HEAD ", "PUT "};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const size_t n = strlen(starts[i]);
        if (len >= n && memcmp(bytes, starts[i], n) == 0)
            return true;
    }
    return false;
}

/* Only a client's frames are masked. */
static inline side sender_of(const uint8_t *bytes, size_t len) {
    if (starts_with_head(bytes, len))
        return bytes[0] == 'H' && bytes[1] == 'T' ? SERVER : CLIENT;
    return len < 2 || (bytes[1] & 0x80) ? CLIENT : SERVER;
}

static inline void start(connection *c, side from, size_t len) {
    if (c->phase[from] == IN_HEAD && c->input[from].len == 0 &&
        (options.frames || !starts_with_head(read_buffer, len)))
        connection_skip_heads(c, options.deflate ? &options.params : NULL);
}

/* The sender of the only stream is known from its first bytes, unless `from` names it.
 */
static inline void read_stream(input in, const side *from) {
    connection *c = connection_new(false);
    size_t len = read_input(&in);
    const side sender = from ? *from : sender_of(read_buffer, len);
    c->alone = true;
    for (start(c, sender, len); len > 0; len = read_input(&in))
        connection_feed(c, sender, read_buffer, len);
    connection_finish(c, sender);
    connection_free(c);
}

/* Reads in turn, but not what the client sent after its request until the response is
 * known. */
static inline void read_streams(input *in) {
    connection *c = connection_new(false);
    while (!in[CLIENT].ended || !in[SERVER].ended) {
        for (int i = CLIENT; i <= SERVER; i++) {
            const bool waits =
                i == CLIENT && c->phase[i] == WAITING && !in[SERVER].ended;
            if (in[i].ended || waits)
                continue;
            size_t len = read_input(&in[i]);
            start(c, (side)i, len);
            if (len > 0)
                connection_feed(c, (side)i, read_buffer, len);
            else
                connection_finish(c, (side)i);
        }
    }
    connection_free(c);
}

static inline void read_sides(void) {
    input in[2] = {{0}};
    for (int i = CLIENT; i <= SERVER; i++)
        if (options.streams[i])
            in[i] = (input){.name = options.streams[i],
                            .file = open_input(options.streams[i])};
    const side only = in[CLIENT].file ? CLIENT : SERVER;
    if (in[CLIENT].file && in[SERVER].file)
        read_streams(in);
    else
        read_stream(in[only], &only);
}

#endif
