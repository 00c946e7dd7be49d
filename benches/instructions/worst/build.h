/* Builds heads and lists in `wire`. */
#ifndef BUILD_H
#define BUILD_H

#include "worst.h"

void add(const char *text);

/* Repeats `element` until `wire` has `size` bytes. */
void add_until(const char *element, size_t size);

/* Everything of an upgrade but other fields and the empty line. */
void begin_request(void);
void begin_response(void);

/* A field whose list repeats `element` until `wire` has `size` bytes, and the empty line. */
void end_with_list(const char *field, const char *element, size_t size);

/* As many short fields as a head may have, about, and the empty line. */
void end_with_fields(const char *line);

/* What is in `wire`. */
ws_bytes built(void);

/* 40 elements such as a server is configured with. */
ws_bytes forty(const char *prefix, const char *separator);

#endif
