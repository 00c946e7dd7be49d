/* A program of the last release: it calls every function of the wscodec.h in this folder, and
 * checks what a program may rely on in all later versions. At a release, wscodec.h is replaced by
 * the header of the release, and calls of its new functions are added; nothing else changes. */
#ifndef PROGRAM_H
#define PROGRAM_H

#include "check.h"
#include "wscodec.h"

#include <string.h>

#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
#define PMD "permessage-deflate"

/* A string as a pointer and a length. */
#define STR(text) (text), strlen(text)

ws_bytes bytes_of(const char *text);

/* What a client asks for, with compression or without; returns the length of the request. */
size_t write_request(char *out, size_t cap, const char *extensions);

void check_text(void);
void check_heads(void);
void check_fields(void);
void check_frames(void);
void check_decoder(void);
void check_control(void);
void check_negotiation(void);
void check_pmd(void);
void check_connections(void);
void check_compressing_connections(void);

#endif
