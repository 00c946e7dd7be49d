/* ws_origin_allowed(). */
#include "check.h"
#include "wscodec.h"

#include <string.h>

#define LIST "https://good.example http://other.example:8080 HTTP://[::1]"

static const struct {
    const char *origin;
    const char *allowed;
    int want;
} rows[] = {
    {"https://good.example", LIST, 1},
    {"https://good.example:443", LIST, 1},
    {"HTTPS://Good.Example", LIST, 1},
    {"http://other.example:8080", LIST, 1},
    {"http://[::1]", LIST, 1},
    {"http://[::1]:80", LIST, 1},
    {"https://a", "https://a:443", 1},
    {"ws://a:80", "ws://a", 1},
    {"wss://a:443", "wss://a", 1},
    {"https://a", "  https://b   https://a  ", 1},

    {"", LIST, 0},
    {"null", LIST, 0},
    {"null", "null", 0},
    {"*", "*", 0},
    {"https://good.example", "", 0},
    {"https://good.example", "*", 0},
    {"https://good.example", "good.example", 0},
    {"https://good.example.evil.com", LIST, 0},
    {"https://evilgood.example", LIST, 0},
    {"https://www.good.example", LIST, 0},
    {"https://good.exampl", LIST, 0},
    {"http://good.example", LIST, 0},
    {"https://good.example:444", LIST, 0},
    {"https://good.example:80", LIST, 0},
    {"http://other.example", LIST, 0},
    {"http://other.example:08080", LIST, 0},
    {"http://other.example:73616", LIST, 0}, /* 8080 + 65536 */
    {"https://good.example:", LIST, 0},
    {"https://good.example/", LIST, 0},
    {"https://good.example#", LIST, 0},
    {"https://u@good.example", LIST, 0},
    {"https://good.example https://evil.com", LIST, 0},
    {" https://good.example", LIST, 0},
    {"https://good.example ", LIST, 0},
    {"https:good.example", LIST, 0},
    {"https//good.example", LIST, 0},
    {"://good.example", LIST, 0},
    {"https://", LIST, 0},
    {"http://a:b", LIST, 0},
    {"http://[::1", LIST, 0},
};

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        check_case(rows[i].origin, i, 0);
        CHECK_EQ(ws_origin_allowed(rows[i].origin, strlen(rows[i].origin),
                                   rows[i].allowed, strlen(rows[i].allowed)),
                 rows[i].want);
    }
    return check_done(argv[0]);
}
