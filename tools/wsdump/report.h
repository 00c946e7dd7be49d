/* The output of wsdump: a line, or a JSON object, for each frame, handshake, error and
 * note. */
#ifndef REPORT_H
#define REPORT_H

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "buffer.h"
#include "clauses.h"
#include "close_codes.h"
#include "hex.h"
#include "json.h"
#include "options.h"

static struct timeval packet_time; /* of the packet being read */
static bool has_time;              /* it is set: the input is a capture */
static bool found_errors;          /* for the exit status */

/* A byte of a stream. */
typedef struct place {
    unsigned connection;
    side from;
    uint64_t offset;
} place;

/* A frame at its end. */
typedef struct frame_report {
    ws_frame header;
    bool inflated;       /* `shown` and `length` are after decompression */
    bool raw;            /* compressed, but not inflated */
    uint64_t length;     /* of the payload, as far as it has arrived */
    const buffer *shown; /* its start */
    uint16_t close_code; /* of a valid close frame */
} frame_report;

/* ---- colours ---- */

#define BOLD "\033[1m"
#define DIM "\033[2m"
#define RED "\033[1;31m"
#define YELLOW "\033[33m"
#define GREEN "\033[32m"
#define CYAN "\033[36m"

static bool colours;

static inline void choose_colours(void) {
    const char *refused = getenv("NO_COLOR"), *term = getenv("TERM");
    colours = isatty(STDOUT_FILENO) && !(refused && *refused) && term &&
              strcmp(term, "dumb") != 0;
}

static inline const char *colour(const char *sequence) {
    return colours ? sequence : "";
}

static inline const char *plain(void) {
    return colour("\033[0m");
}

/* ---- beginnings and ends ---- */

static inline void print_time(void) {
    char text[32];
    time_t seconds = packet_time.tv_sec;
    struct tm t;
    if (has_time && localtime_r(&seconds, &t) &&
        strftime(text, sizeof text, "%H:%M:%S", &t) > 0)
        printf("%s%s.%06ld%s ", colour(DIM), text, (long)packet_time.tv_usec, plain());
}

static inline void begin_line(const place *p, const char *type, const char *how) {
    const bool client = p->from == CLIENT;
    print_time();
    printf("%u %s%s%s %s@%-7llu%s %s%-12s%s ", p->connection,
           colour(client ? CYAN : GREEN), client ? "->" : "<-", plain(), colour(DIM),
           (unsigned long long)p->offset, plain(), colour(how), type, plain());
}

static inline void begin_object(const place *p, const char *type) {
    printf("{\"type\":\"%s\"", type);
    if (has_time)
        printf(",\"time\":%lld.%06ld", (long long)packet_time.tv_sec,
               (long)packet_time.tv_usec);
    json_number(stdout, "connection", p->connection);
    json_name(stdout, "from", p->from == CLIENT ? "client" : "server");
    json_number(stdout, "offset", p->offset);
}

static inline void flush_output(void) {
    if (fflush(stdout) != 0)
        fail("stdout", strerror(errno));
}

static inline void end_report(void) {
    puts(options.json ? "}" : "");
    if (ferror(stdout))
        fail("stdout", strerror(errno));
}

static inline void print_quoted(const void *data, size_t len) {
    putchar('"');
    print_escaped(stdout, data, len, "");
    putchar('"');
}

/* ---- errors and notes ---- */

/* `detail` adds to the description of the error; it may be empty. */
static inline void report_error(const place *p, ws_result error, const char *detail) {
    const clause c = clause_of(error);
    found_errors = true;
    if (options.json) {
        begin_object(p, "error");
        json_name(stdout, "error", ws_errname(error));
        json_name(stdout, "message", ws_strerror(error));
        if (*detail)
            json_name(stdout, "detail", detail);
        json_name(stdout, "clause", c.text);
    } else {
        begin_line(p, "error", RED);
        printf("%s%s%s: %s%s%s (%s)", colour(RED), ws_errname(error), plain(),
               ws_strerror(error), *detail ? ": " : "", detail, c.text);
    }
    end_report();
}

/* Something that is no error of a peer. */
static inline void report_note(const place *p, const char *text) {
    if (options.json) {
        begin_object(p, "note");
        json_name(stdout, "message", text);
    } else {
        begin_line(p, "note", YELLOW);
        fputs(text, stdout);
    }
    end_report();
}

/* ---- handshakes ---- */

static inline void print_value(const char *label, const void *head, ws_span value) {
    if (value.len == 0)
        return;
    printf(", %s ", label);
    print_quoted((const char *)head + value.off, value.len);
}

static inline ws_span find_field(const void *head, size_t len, const char *name) {
    ws_span value = {0, 0};
    if (ws_find_header(head, len, name, strlen(name), &value) != 1)
        value = (ws_span){0, 0};
    return value;
}

static inline ws_span first_line(const void *head, size_t len) {
    const char *bytes = head, *end = memchr(head, '\r', len);
    return (ws_span){0, (uint32_t)(end ? (size_t)(end - bytes) : len)};
}

/* A head, of a request or a response, valid or not. */
static inline void report_head(const place *p, const void *head, size_t len) {
    const ws_span line = first_line(head, len);
    const char *type = p->from == CLIENT ? "request" : "response";
    if (options.json) {
        begin_object(p, type);
        json_text(stdout, "line", head, line.len);
        json_headers(stdout, head, len);
    } else {
        begin_line(p, type, BOLD);
        print_escaped(stdout, head, line.len, "");
        print_value("host", head, find_field(head, len, "Host"));
        print_value("origin", head, find_field(head, len, "Origin"));
        print_value("subprotocol", head,
                    find_field(head, len, "Sec-WebSocket-Protocol"));
        print_value("extension", head,
                    find_field(head, len, "Sec-WebSocket-Extensions"));
    }
    end_report();
}

/* ---- frames ---- */

static inline const char *opcode_name(int opcode) {
    switch (opcode) {
    case WS_OPCODE_CONTINUATION: return "continuation";
    case WS_OPCODE_TEXT: return "text";
    case WS_OPCODE_BINARY: return "binary";
    case WS_OPCODE_CLOSE: return "close";
    case WS_OPCODE_PING: return "ping";
    default: return "pong";
    }
}

/* 16 bytes a row, like hexdump -C. */
static inline void print_dump(const uint8_t *bytes, size_t len) {
    for (size_t row = 0; row < len; row += 16) {
        printf("\n    %08zx ", row);
        for (size_t i = row; i < row + 16; i++)
            printf(i < len ? " %02x" : "   ", i < len ? bytes[i] : 0);
        fputs("  |", stdout);
        for (size_t i = row; i < row + 16 && i < len; i++)
            putchar(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
        putchar('|');
    }
}

/* The length without the start of a character whose rest is not shown. */
static inline size_t whole_characters(const uint8_t *bytes, size_t len) {
    for (size_t back = 1; back < 4 && back <= len; back++) {
        const uint8_t b = bytes[len - back];
        if (b >= 0xc0)
            return back < (b < 0xe0 ? 2U : b < 0xf0 ? 3U : 4U) ? len - back : len;
        if (b < 0x80)
            break;
    }
    return len;
}

static inline bool is_text(const frame_report *f) {
    uint32_t state = 0;
    if (f->header.message_opcode >= WS_OPCODE_CLOSE) /* perhaps text, perhaps not */
        return ws_utf8_validate(&state, f->shown->data, f->shown->len) == WS_OK &&
               state == 0;
    return f->header.message_opcode == WS_OPCODE_TEXT && !f->raw;
}

static inline void print_shown(const frame_report *f) {
    const uint8_t *bytes = f->shown->data;
    size_t len = f->shown->len;
    const bool text = is_text(f);
    if (!text && !options.hex && len > options.length / 3) /* three characters each */
        len = options.length / 3;
    const bool cut = len < f->length;
    if (options.hex)
        print_dump(bytes, len);
    else if (text)
        print_quoted(bytes, cut ? whole_characters(bytes, len) : len);
    else
        print_hex(stdout, bytes, len, " ");
    if (cut)
        fputs("...", stdout);
}

static inline void print_flags(const ws_frame *h) {
    printf("%s%s%s%s%s", h->flags & WS_FIN ? "FIN " : "",
           h->flags & WS_RSV1 ? "RSV1 " : "", h->flags & WS_RSV2 ? "RSV2 " : "",
           h->flags & WS_RSV3 ? "RSV3 " : "", h->flags & WS_MASKED ? "masked " : "");
}

static inline void print_frame(const place *p, const frame_report *f) {
    const ws_frame *h = &f->header;
    begin_line(p, opcode_name(h->opcode), BOLD);
    print_flags(h);
    printf("%llu byte%s", (unsigned long long)h->payload_len,
           h->payload_len == 1 ? "" : "s");
    if (f->inflated)
        printf(", inflated to %llu", (unsigned long long)f->length);
    if (f->shown->len == 0)
        return;
    fputs(options.hex ? ":" : ": ", stdout);
    if (f->close_code == 0) {
        print_shown(f);
        return;
    }
    printf("%u (%s)", f->close_code, close_code_name(f->close_code));
    if (f->shown->len == 2)
        return;
    putchar(' ');
    print_quoted(f->shown->data + 2, f->shown->len - 2);
}

static inline void print_frame_json(const place *p, const frame_report *f) {
    const ws_frame *h = &f->header;
    begin_object(p, "frame");
    json_name(stdout, "opcode", opcode_name(h->opcode));
    json_bool(stdout, "fin", (h->flags & WS_FIN) != 0);
    json_bool(stdout, "rsv1", (h->flags & WS_RSV1) != 0);
    if (h->flags & WS_MASKED) {
        fputs(",\"mask\":\"", stdout);
        print_hex(stdout, h->mask_key, 4, "");
        putchar('"');
    }
    json_number(stdout, "length", h->payload_len);
    if (f->inflated)
        json_number(stdout, "inflated", f->length);
    if (f->close_code != 0) {
        json_number(stdout, "code", f->close_code);
        json_text(stdout, "reason", f->shown->data + 2, f->shown->len - 2);
        return;
    }
    if (f->shown->len < f->length)
        json_bool(stdout, "truncated", true);
    json_payload(stdout, h->message_opcode == WS_OPCODE_TEXT && !f->raw, f->shown->data,
                 f->shown->len);
}

static inline void report_frame(const place *p, const frame_report *f) {
    if (options.json)
        print_frame_json(p, f);
    else
        print_frame(p, f);
    end_report();
}

#endif
