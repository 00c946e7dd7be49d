/* The dearest inputs that a peer can choose. Each table is a topic, and ends with an entry of
 * NULLs. */
#ifndef WORST_H
#define WORST_H

#include "../harness/count.h"
#include "../harness/inputs.h"
#include "../harness/memory.h"

struct worst {
    const char *functions; /* All that are counted, separated by spaces. */
    const char *input;
    const char *plain;     /* The input of the row to compare with; NULL: it is plain itself. */
    /* Handles about `size` bytes; returns how many they were. */
    size_t (*run)(size_t size);
    /* Why it may cost more than the gate allows. */
    const char *argument;
    size_t held;           /* The most bytes held besides the handle ... */
    size_t held_per_byte;  /* ... and for each byte of input. */
    size_t size;           /* If not the usual one. */
    bool quadratic;
    bool endless;          /* Also timed with 16 MiB. */
};

/* Arguments. */
#define SMALL_FRAME "a frame costs what an ordinary one of 20 B costs, but has only 6 B"
#define EACH_BYTE "each byte is a read of its own, which costs the system more than the call"

extern const struct worst piece_worst[], head_worst[], list_worst[], stream_worst[],
    compressed_worst[];

/* Where calls write to. */
enum {
    OUT = 128 << 10,
    /* The longest input that is tested, for cheap and for endless ones. */
    ENDLESS = 16 << 20,
    /* A payload with which four frames are a read of 64 KiB. */
    QUARTER = 16376
};
extern unsigned char out[OUT];

/* Appends the frame until `wire` has `size` bytes. */
void wire_repeat(int first, const void *payload, size_t len, size_t size);

/* Fills `wire` with one binary frame. */
void wire_one(size_t size);

/* Gives what is in `wire` to the connection, in reads of `step` bytes, with the loop that
 * wscodec.h shows. Returns the number of bytes. */
size_t conn_reads(ws_conn *conn, size_t step);

#endif
