/* The log, on stderr: a line for each event, as text or (--json) as an object of JSON.
 *
 *   log_event(LOG_INFO, "closed", c, number_field("code", 1000), text_field("reason",
 * why));
 *
 * Without --verbose, only warnings are logged. Threads may log side by side. */
#ifndef LOG_H
#define LOG_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef enum log_level { LOG_INFO, LOG_WARNING } log_level;

typedef struct log_field {
    const char *key;
    const char *text; /* NULL: a number */
    size_t len;
    int64_t number;
} log_field;

struct client;

static inline log_field text_field(const char *key, const char *text) {
    return (log_field){.key = key, .text = text, .len = strlen(text)};
}

static inline log_field bytes_field(const char *key, const void *bytes, size_t len) {
    return (log_field){.key = key, .text = bytes, .len = len};
}

static inline log_field number_field(const char *key, int64_t number) {
    return (log_field){.key = key, .number = number};
}

#define NO_FIELDS {0}

/* `c` may be NULL. */
#define log_event(level, event, c, ...)                                                \
    log_fields(level, event, c, (const log_field[]){__VA_ARGS__, {0}})

void log_fields(log_level level, const char *event, const struct client *c,
                const log_field *fields);

#endif
