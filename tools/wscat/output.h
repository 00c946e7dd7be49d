/* The output of wscat: messages on stdout, and with --verbose all other events on
 * stderr; on a terminal, rows for both; with --json, one object a line for both. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdarg.h>
#include <sys/time.h>

#include "close_codes.h"
#include "hex.h"
#include "options.h"
#include "terminal.h"
#include "url.h"

typedef enum direction { SENT, RECEIVED } direction;

static inline void check_stdout(void) {
    if (fflush(stdout) != 0 || ferror(stdout))
        die("stdout", strerror(errno));
}

/* ---- JSON ---- */

static inline void json_begin(const char *type) {
    struct timeval t;
    gettimeofday(&t, NULL);
    printf("{\"time\":%lld.%06ld,\"type\":\"%s\"", (long long)t.tv_sec, (long)t.tv_usec,
           type);
}

static inline void json_begin_frame(direction d, const char *type) {
    json_begin(type);
    json_name(stdout, "direction", d == SENT ? "sent" : "received");
}

static inline void json_end(void) {
    puts("}");
    check_stdout();
}

/* ---- for people ---- */

/* Prints a line that is not a message. Values are escaped. */
__attribute__((format(printf, 1, 2))) static inline void note(const char *format, ...) {
    char *text = NULL, *escaped = NULL;
    size_t len = 0;
    va_list values;
    if (options.json || (!options.verbose && !interactive))
        return;
    va_start(values, format);
    if (vasprintf(&text, format, values) < 0)
        text = NULL;
    va_end(values);
    FILE *to = text ? open_memstream(&escaped, &len) : NULL;
    if (!to)
        die("memory", strerror(ENOMEM));
    print_escaped(to, text, strlen(text), "\n");
    fclose(to);
    if (interactive)
        show_rows(escaped, len);
    else
        fprintf(stderr, "%s: %s\n", program, escaped);
    free(text);
    free(escaped);
}

/* Text as a line. Binary unchanged, or as a line of digits on a terminal. */
static inline void print_payload(bool text, const void *data, size_t len) {
    if (text)
        print_escaped(stdout, data, len, "\n\t");
    else if (isatty(STDOUT_FILENO))
        print_hex(stdout, data, len, "");
    else
        fwrite(data, 1, len, stdout);
    if (text || isatty(STDOUT_FILENO))
        putchar('\n');
    check_stdout();
}

static inline void show_payload(bool text, const void *data, size_t len) {
    char *row = NULL;
    size_t row_len;
    FILE *to = open_memstream(&row, &row_len);
    if (!to)
        die("memory", strerror(errno));
    if (text) {
        fputs("< ", to);
        print_escaped(to, data, len, "\n\t");
    } else {
        fprintf(to, "< (%zu bytes) ", len);
        print_hex(to, data, len, "");
    }
    fclose(to);
    show_rows(row, row_len);
    free(row);
}

/* ---- what happens ---- */

static inline void report_open(const url *u, const uint8_t *head, const ws_response *r,
                               tls *t) {
    const char *bytes = (const char *)head;
    const bool protocol = r->protocol.len > 0, extensions = r->extensions.len > 0;
    if (options.json) {
        json_begin("open");
        json_name(stdout, "url", u->text);
        json_number(stdout, "status", r->status);
        json_text(stdout, "reason", bytes + r->reason.off, r->reason.len);
        if (protocol)
            json_text(stdout, "subprotocol", bytes + r->protocol.off, r->protocol.len);
        if (extensions)
            json_text(stdout, "extensions", bytes + r->extensions.off,
                      r->extensions.len);
        if (t) {
            json_name(stdout, "tls", tls_protocol(t));
            json_name(stdout, "cipher", tls_cipher(t));
        }
        json_headers(stdout, head, r->head_len);
        json_end();
    }
    note("connected to %s%s%s%s%.*s%s%.*s", u->text, t ? ", " : "",
         t ? tls_protocol(t) : "", protocol ? ", subprotocol " : "",
         (int)r->protocol.len, bytes + r->protocol.off, extensions ? ", " : "",
         (int)r->extensions.len, bytes + r->extensions.off);
}

static inline void report_message(direction d, bool text, const void *data,
                                  size_t len) {
    if (options.json) {
        json_begin_frame(d, text ? "text" : "binary");
        json_payload(stdout, text, data, len);
        json_end();
    } else if (d == RECEIVED && !options.echo) {
        if (interactive)
            show_payload(text, data, len);
        else
            print_payload(text, data, len);
    }
}

/* `latency` is that of the ping to which this is the pong, in milliseconds, or below 0.
 */
static inline void report_ping(direction d, bool pong, const void *data, size_t len,
                               double latency) {
    const char *what = pong ? "pong" : "ping", *verb = d == SENT ? "sent" : "received";
    if (options.json) {
        json_begin_frame(d, what);
        json_payload(stdout, false, data, len);
        if (latency >= 0)
            printf(",\"latency_ms\":%.3f", latency);
        json_end();
    }
    if (latency >= 0)
        note("%s %s after %.1f ms", what, verb, latency);
    else if (len > 0)
        note("%s %s: %.*s", what, verb, (int)len, (const char *)data);
    else
        note("%s %s", what, verb);
}

static inline void report_close(direction d, uint16_t code, const void *reason,
                                size_t len) {
    if (options.json) {
        json_begin_frame(d, "close");
        json_number(stdout, "code", code);
        json_text(stdout, "reason", reason, len);
        json_end();
    }
    note("close %s: %d (%s)%s%.*s", d == SENT ? "sent" : "received", code,
         close_code_name(code), len > 0 ? " " : "", (int)len,
         len > 0 ? (const char *)reason : "");
}

/* Reports why the program is about to fail. `name` is a constant of the library, or
 * NULL. */
static inline void report_error(const char *name, const char *why) {
    if (options.json) {
        json_begin("error");
        if (name)
            json_name(stdout, "error", name);
        json_name(stdout, "message", why);
        json_end();
    }
}

#endif
