/* What peers send, for the cases of both tables. */
#ifndef INPUTS_H
#define INPUTS_H

#include <stddef.h>
#include <wscodec.h>

/* Bytes that a case prepares, and a copy that decoding may unmask in place. */
enum { ROOM = 33 << 20 };
extern unsigned char wire[ROOM], input[ROOM];
extern size_t wire_len;

/* 32 KiB of each. */
enum { TEXT_LEN = 32 << 10 };
extern unsigned char ascii[TEXT_LEN], two_byte[TEXT_LEN], json[TEXT_LEN];

extern const unsigned char mask_key[4];

/* A browser's request with 14 fields, and the 101 that accepts it. */
extern const char request[], response[];
extern const size_t request_len, response_len;

/* Fills the texts. */
void inputs_init(void);

/* Empties `wire`. */
void wire_clear(void);

/* Appends bytes, or a frame as a client sends it, to `wire`. `first` is its first byte: flags and
 * opcode. */
void wire_add(const void *bytes, size_t len);
void wire_frame(int first, const void *payload, size_t len);

/* Copies `wire` to `input`. */
void wire_arrives(void);

/* A connection whose memory is counted; `pmd` may be NULL. */
ws_conn *new_conn(uint32_t side, const ws_pmd_params *pmd);

ws_bytes bytes_of(const char *text);

#endif
