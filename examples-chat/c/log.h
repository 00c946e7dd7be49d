/* The log, on stderr: a line for each event, as text or (--json) as an object of JSON.
 *
 *   log_event(LOG_INFO, "closed", c, NUMBER("code", 1000), TEXT("reason", why));
 *
 * Without --verbose, only warnings are logged. Threads may log side by side. */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <stdint.h>

typedef enum log_level { LOG_INFO, LOG_WARNING } log_level;

typedef struct log_field {
    const char *key;
    const char *text; /* NULL: a number */
    size_t len;
    int64_t number;
} log_field;

struct client;

#define TEXT(key, text)                                                                \
    (log_field) { key, text, strlen(text), 0 }
#define BYTES(key, text, len)                                                          \
    (log_field) { key, text, len, 0 }
#define NUMBER(key, number)                                                            \
    (log_field) { key, NULL, 0, (int64_t)(number) }

#define NO_FIELDS                                                                      \
    { 0 }

/* `c` may be NULL. */
#define log_event(level, event, c, ...)                                                \
    log_fields(level, event, c, (const log_field[]){__VA_ARGS__, {0}})

void log_fields(log_level level, const char *event, const struct client *c,
                const log_field *fields);

#endif
