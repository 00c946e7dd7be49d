/* JSON on a stream, a line for each object. Every string is valid JSON and safe to show
 * on a terminal, whatever a peer sent. */
#ifndef JSON_H
#define JSON_H

#include "program.h"

/* UTF-16 escapes for the characters that a terminal would obey. Bytes that are not
 * UTF-8 become U+FFFD. */
static inline void json_string(FILE *to, const void *data, size_t len) {
    const uint8_t *bytes = data;
    putc('"', to);
    for (size_t i = 0, n; i < len; i += n) {
        uint32_t c = 0xfffd;
        n = decode_character(bytes + i, len - i, &c);
        if (n == 0 || drives_terminal(c))
            fprintf(to, "\\u%04x", (unsigned)c);
        else if (c == '"' || c == '\\')
            fprintf(to, "\\%c", (char)c);
        else
            fwrite(bytes + i, 1, n, to);
        n = n > 0 ? n : 1;
    }
    putc('"', to);
}

static inline void print_base64(FILE *to, const void *data, size_t len) {
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = data;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t left = (uint32_t)(len - i);
        uint32_t bits = (uint32_t)b[i] << 16 |
                        (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                        (left > 2 ? b[i + 2] : 0);
        putc(digits[bits >> 18], to);
        putc(digits[bits >> 12 & 63], to);
        putc(left > 1 ? digits[bits >> 6 & 63] : '=', to);
        putc(left > 2 ? digits[bits & 63] : '=', to);
    }
}

/* ---- members, each after another one ---- */

static inline void json_text(FILE *to, const char *name, const void *data, size_t len) {
    fprintf(to, ",\"%s\":", name);
    json_string(to, data, len);
}

static inline void json_name(FILE *to, const char *name, const char *value) {
    json_text(to, name, value, strlen(value));
}

static inline void json_number(FILE *to, const char *name, uint64_t value) {
    fprintf(to, ",\"%s\":%llu", name, (unsigned long long)value);
}

static inline void json_bool(FILE *to, const char *name, bool value) {
    fprintf(to, ",\"%s\":%s", name, value ? "true" : "false");
}

/* The payload of a frame or message: as "text" if it is that, else as "base64". */
static inline void json_payload(FILE *to, bool text, const void *data, size_t len) {
    uint32_t state = 0;
    if (text && ws_utf8_validate(&state, data, len) == WS_OK && state == 0) {
        json_text(to, "text", data, len);
        return;
    }
    fputs(",\"base64\":\"", to);
    print_base64(to, data, len);
    putc('"', to);
}

/* The header fields of a head, as pairs, since a name may be repeated. */
static inline void json_headers(FILE *to, const void *head, size_t len) {
    const char *bytes = head, *comma = "";
    ws_span name, value;
    size_t pos = 0;
    fputs(",\"headers\":[", to);
    while (ws_next_header(head, len, &pos, &name, &value) == 1) {
        fprintf(to, "%s[", comma);
        json_string(to, bytes + name.off, name.len);
        putc(',', to);
        json_string(to, bytes + value.off, value.len);
        putc(']', to);
        comma = ",";
    }
    putc(']', to);
}

#endif
