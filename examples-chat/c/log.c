#include "log.h"

#include <jansson.h>
#include <time.h>

#include "client.h"
#include "options.h"
#include "program.h"

enum { MAX_FIELDS = 16 };

static const char *const LEVELS[] = {"info", "warning"};

static void time_text(char *text, size_t cap) {
    struct timespec t;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &t);
    gmtime_r(&t.tv_sec, &utc);
    size_t len = strftime(text, cap, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, cap - len, ".%03dZ", (int)(t.tv_nsec / 1000000));
}

/* ---- two formats ---- */

static json_t *value_of(const log_field *f) {
    json_t *value = f->text ? json_stringn(f->text, f->len) : json_integer(f->number);
    return value ? value : json_string("(not UTF-8)");
}

static void log_json(const char *now, log_level level, const char *event,
                     const log_field *fields) {
    json_t *line = json_pack("{s:s, s:s, s:s}", "time", now, "level", LEVELS[level],
                             "event", event);
    for (const log_field *f = fields; f->key; f++)
        json_object_set_new(line, f->key, value_of(f));
    char *text = json_dumps(line, JSON_COMPACT);
    if (text)
        fprintf(stderr, "%s\n", text);
    free(text);
    json_decref(line);
}

static void log_text(const char *now, log_level level, const char *event,
                     const log_field *fields) {
    flockfile(stderr);
    fprintf(stderr, "%s %s %s", now, LEVELS[level], event);
    for (const log_field *f = fields; f->key; f++) {
        fprintf(stderr, " %s=", f->key);
        if (f->text)
            print_escaped(stderr, f->text, f->len, "");
        else
            fprintf(stderr, "%lld", (long long)f->number);
    }
    putc('\n', stderr);
    funlockfile(stderr);
}

/* ---- fields ---- */

/* What identifies a client, as far as it is known. */
static int client_fields(const client *c, log_field *to) {
    int n = 0;
    if (!c)
        return 0;
    to[n++] = number_field("connection", (int64_t)c->number);
    to[n++] = text_field("address", c->address_text);
    if (c->member.room[0]) {
        to[n++] = text_field("room", c->member.room);
        to[n++] = text_field("client", c->member.client);
    }
    return n;
}

void log_fields(log_level level, const char *event, const client *c,
                const log_field *fields) {
    if (level == LOG_INFO && !options.verbose)
        return;
    char now[40];
    log_field all[MAX_FIELDS] = {{0}};
    int n = client_fields(c, all);
    for (; fields->key && n < MAX_FIELDS - 1; fields++)
        all[n++] = *fields;
    time_text(now, sizeof now);
    (options.json ? log_json : log_text)(now, level, event, all);
}
