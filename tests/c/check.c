#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SHOWN = 20 };

static unsigned long checks, failures;
static const char *case_text;
static uintmax_t case_a, case_b;

void check_case(const char *text, uintmax_t a, uintmax_t b)
{
    case_text = text;
    case_a = a;
    case_b = b;
}

/* Counts a check; 1 if its failure should be printed. */
static int failed(int ok, const char *file, int line, const char *what)
{
    checks++;
    if (ok) {
        return 0;
    }
    if (++failures > MOST_SHOWN) {
        return 0;
    }
    printf("%s:%d: %s", file, line, what);
    if (case_text != NULL) {
        printf(" [%s, %ju, %ju]", case_text, case_a, case_b);
    }
    return 1;
}

void check_true(int ok, const char *file, int line, const char *what)
{
    if (failed(ok, file, line, what)) {
        printf(": is false\n");
    }
}

void check_int(intmax_t got, intmax_t want, const char *file, int line,
               const char *what)
{
    if (failed(got == want, file, line, what)) {
        printf(": %jd, expected %jd\n", got, want);
    }
}

void check_uint(uint64_t got, uint64_t want, const char *file, int line,
                const char *what)
{
    if (failed(got == want, file, line, what)) {
        printf(": %ju, expected %ju\n", (uintmax_t)got, (uintmax_t)want);
    }
}

void check_str(const char *got, const char *want, const char *file, int line,
               const char *what)
{
    if (failed(strcmp(got, want) == 0, file, line, what)) {
        printf(": \"%s\", expected \"%s\"\n", got, want);
    }
}

void check_mem(const void *got, const void *want, size_t len, const char *file,
               int line, const char *what)
{
    const unsigned char *g = got, *w = want;
    size_t at = 0;

    while (at < len && g[at] == w[at]) {
        at++;
    }
    if (failed(at == len, file, line, what)) {
        printf(": byte %zu is %02x, expected %02x\n", at, (unsigned)g[at],
               (unsigned)w[at]);
    }
}

void check_fill(const void *mem, int byte, size_t len, const char *file,
                int line, const char *what)
{
    const unsigned char *m = mem;
    size_t at = 0;

    while (at < len && m[at] == byte) {
        at++;
    }
    if (failed(at == len, file, line, what)) {
        printf(": byte %zu is %02x, expected %02x\n", at, (unsigned)m[at],
               (unsigned)byte);
    }
}

int check_done(const char *program)
{
    const char *slash = strrchr(program, '/');

    printf("%s: %lu checks, %lu failed\n", slash ? slash + 1 : program, checks,
           failures);
    return failures != 0 || checks == 0;
}

static int digit(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c);

    return at != NULL ? (int)(at - digits) : -1;
}

size_t unhex(const char *hex, void *out, size_t cap)
{
    unsigned char *bytes = out;
    size_t len = 0;

    while (*hex != '\0') {
        int high, low;

        if (*hex == ' ') {
            hex++;
            continue;
        }
        high = digit(hex[0]);
        low = hex[1] != '\0' ? digit(hex[1]) : -1;
        if (high < 0 || low < 0 || len == cap) {
            printf("bad hex in a test: %s\n", hex);
            abort();
        }
        bytes[len++] = (unsigned char)(high * 16 + low);
        hex += 2;
    }
    return len;
}
