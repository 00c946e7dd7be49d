/* Rows of text above the line that a person is typing.
 *
 * The terminal itself edits that line, so we do not know it. For each row we insert a
 * blank row above it, and return the cursor to where it was. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "program.h"

static bool interactive; /* stdin and stdout are a terminal that can do this */
static const char PROMPT[] = "> ";

static inline bool is_terminal(void) {
    const char *term = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term &&
           strcmp(term, "dumb");
}

/* Lines that were pasted have one prompt, after the last of them. */
static inline void show_prompt(void) {
    struct pollfd more = {STDIN_FILENO, POLLIN, 0};
    if (poll(&more, 1, 0) > 0 && (more.revents & POLLIN))
        return;
    fputs(PROMPT, stdout);
    fflush(stdout);
}

static inline void clear_prompt(void) {
    fputs("\r\033[K", stdout);
}

static inline int terminal_width(void) {
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                           : 80;
}

/* Returns how many bytes of `text`, which is escaped, fit into a row. A tab is as wide
 * as it can be. */
static inline size_t row_length(const char *text, size_t len, int width) {
    size_t i = 0;
    for (int column = 0; i < len && text[i] != '\n';) {
        uint32_t c = 0;
        size_t n = decode_character((const uint8_t *)text + i, len - i, &c);
        int wide = c == '\t' ? 8 : wcwidth((wchar_t)c);
        column += wide < 0 ? 1 : wide;
        if (column > width && i > 0)
            return i;
        i += n > 0 ? n : 1;
    }
    return i;
}

/* Shows escaped text as rows; it may contain newlines. */
static inline void show_rows(const char *text, size_t len) {
    const int width = terminal_width();
    bool more = true;
    while (more) {
        size_t n = row_length(text, len, width);
        printf("\0337\n\033[A\033[L%.*s\0338\033[B", (int)n, text);
        n += n < len && text[n] == '\n';
        more = n < len;
        text += n;
        len -= n;
    }
    fflush(stdout);
}

#endif
