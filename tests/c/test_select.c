/* ws_select_protocol(): names of fields, and arguments. The vectors have the choices. */
#include "check.h"
#include "wscodec.h"

#include <string.h>

#define HEAD "GET / HTTP/1.1\r\n"
#define OFFER "Sec-WebSocket-Protocol: "

static const struct {
    const char *head;
    const char *supported;
    int want;
    const char *chosen;
} rows[] = {
    {HEAD OFFER "a\r\nsec-websocket-PROTOCOL:b\r\n\r\n", "b", 1, "b"},
    {HEAD "X-Protocol: chat\r\n\r\n", "chat", 0, ""},
    {HEAD "\r\n", "chat", 0, ""},
    {HEAD OFFER "chat\r\n\r\n", "", 0, ""},
    {HEAD OFFER "chat\r\n\r\n", "a b", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD OFFER "chat\r\n\r\n", "chat,", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD OFFER "chat\r\n\r\n", ",", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD OFFER "chat\r\n\r\n", "chat\r\n", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD OFFER "chat\r\n\r\n", "\xff", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD OFFER "chat\r\n", "chat", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD, "chat", WS_ERR_INVALID_ARGUMENT, ""},
    {"", "chat", WS_ERR_INVALID_ARGUMENT, ""},
    {HEAD "X : y\r\n\r\n", "chat", WS_ERR_HTTP_SYNTAX, ""},
    {HEAD OFFER "chat\n\n", "chat", WS_ERR_HTTP_SYNTAX, ""},
};

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *supported = rows[i].supported;
        ws_span chosen = {99, 99};

        check_case(rows[i].head, i, 0);
        CHECK_EQ(ws_select_protocol(rows[i].head, strlen(rows[i].head),
                                    supported, strlen(supported), &chosen),
                 rows[i].want);
        CHECK_EQ(chosen.len, strlen(rows[i].chosen));
        CHECK_MEM(supported + chosen.off, rows[i].chosen, chosen.len);
        if (rows[i].want != 1) {
            CHECK_EQ(chosen.off, 0);
        }
    }
    return check_done(argv[0]);
}
