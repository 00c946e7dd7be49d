/* Lines of stdin: messages, and on a terminal also commands. */
#ifndef LINES_H
#define LINES_H

#include "client.h"

static const char COMMANDS[] =
    "/ping          send a ping, and report its pong\n"
    "/pong [TEXT]   send an unsolicited pong\n"
    "/close [CODE [REASON]]\n"
    "/binary HEX    send a binary message, e.g. /binary 00ff\n"
    "//TEXT         send /TEXT\n"
    "/help          show this text";

/* Explains a mistake to a person, or ends the program. */
static inline void refuse_line(const char *what, const char *why) {
    if (!interactive)
        die(what, why);
    note("%s: %s", what, why);
}

static inline void send_line(client *c, const void *data, size_t len) {
    uint32_t state = 0;
    bool text = ws_utf8_validate(&state, data, len) == WS_OK && state == 0;
    if (options.binary || text)
        send_message(c, !options.binary, data, len);
    else
        refuse_line("message", "not UTF-8 (see --binary)");
}

/* ---- commands ---- */

static inline void command_close(client *c, const char *arguments) {
    char *reason;
    unsigned long code = strtoul(arguments, &reason, 10);
    bool valid = *arguments >= '0' && *arguments <= '9' && code <= UINT16_MAX &&
                 (*reason == ' ' || *reason == '\0');
    reason += *reason == ' ';
    if (*arguments == '\0')
        close_as_asked(c, WS_CLOSE_NORMAL, "");
    else if (!valid || !close_as_asked(c, (uint16_t)code, reason))
        refuse_line("/close", "not a valid code, or the reason is too long");
}

static inline void command_pong(client *c, const char *payload) {
    size_t len = strlen(payload);
    if (len > WS_MAX_CONTROL)
        refuse_line("/pong", "longer than 125 bytes");
    else if (send_frame(c, WS_OPCODE_PONG, payload, len))
        report_ping(SENT, true, payload, len, -1);
}

static inline void command_binary(client *c, const char *digits) {
    buffer bytes = {0};
    unsigned byte;
    int used = 0;
    while (sscanf(digits, " %2x%n", &byte, &used) == 1 && used >= 2) {
        uint8_t value = (uint8_t)byte;
        if (!append(&bytes, &value, 1))
            die("memory", strerror(ENOMEM));
        digits += used;
    }
    if (digits[strspn(digits, " ")] != '\0')
        refuse_line("/binary", "not hexadecimal digits");
    else
        send_message(c, false, bytes.data, bytes.len);
    release(&bytes);
}

static inline void run_command(client *c, const char *line) {
    static const struct {
        const char *name;
        void (*run)(client *, const char *arguments);
    } commands[] = {{"/close", command_close},
                    {"/pong", command_pong},
                    {"/binary", command_binary}};
    size_t word = strcspn(line, " ");
    const char *arguments = line + word + (line[word] == ' ');
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strlen(commands[i].name) == word &&
            memcmp(commands[i].name, line, word) == 0) {
            commands[i].run(c, arguments);
            return;
        }
    if (strcmp(line, "/ping") == 0)
        send_ping(c);
    else if (strcmp(line, "/help") == 0)
        note("%s", COMMANDS);
    else
        refuse_line(line, "unknown command (see /help; //TEXT sends /TEXT)");
}

/* `line` has room for a NUL after its end. */
static inline void on_line(client *c, char *line, size_t len) {
    bool command = options.commands && len > 0 && line[0] == '/';
    line[len] = '\0';
    if (command && line[1] != '/')
        run_command(c, line);
    else
        send_line(c, line + command, len - command);
}

/* ---- stdin ---- */

/* Appends to the line, and keeps room for a NUL. */
static inline void append_line(buffer *line, const char *data, size_t len) {
    if (!append(line, data, len) || !reserve(line, 1))
        die("stdin", strerror(ENOMEM));
}

static inline void end_line(client *c, buffer *line) {
    on_line(c, (char *)line->data, line->len);
    line->len = 0;
    if (interactive)
        show_prompt();
}

static inline void read_lines(client *c) {
    static char bytes[64 << 10];
    static buffer line; /* the start of an incomplete line */
    ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        die("stdin", strerror(errno));
    if (n < 0)
        return;
    for (char *p = bytes, *end = bytes + n, *newline; p < end; p = newline + 1) {
        newline = memchr(p, '\n', (size_t)(end - p));
        append_line(&line, p, (size_t)((newline ? newline : end) - p));
        if (!newline)
            return;
        end_line(c, &line);
    }
    c->reads = n > 0;
    if (n == 0 && line.len > 0) /* a last line without newline */
        end_line(c, &line);
    if (n == 0)
        release(&line);
}

#endif
