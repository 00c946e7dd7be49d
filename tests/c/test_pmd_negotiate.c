/* permessage-deflate: offers, answers, and what both sides make of them
 * (RFC 7692, 7.1). */
#include "check.h"
#include "memory.h"
#include "pieces.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_FIRST "server_no_context_takeover"
#define CLIENT_FIRST "client_no_context_takeover"
#define SERVER_BITS "server_max_window_bits"
#define CLIENT_BITS "client_max_window_bits"
#define PMD "permessage-deflate"

enum { ROOM = 2048 };

/* Whether each side forgets, and how wide its window is. */
static ws_pmd_params pmd(int server, int client, int server_bits,
                         int client_bits)
{
    ws_pmd_params params;

    memset(&params, 0, sizeof params);
    params.server_no_context_takeover = (uint8_t)server;
    params.client_no_context_takeover = (uint8_t)client;
    params.server_max_window_bits = (uint8_t)server_bits;
    params.client_max_window_bits = (uint8_t)client_bits;
    return params;
}

static void check_agreed(const ws_pmd_params *got, const int want[4])
{
    CHECK_EQ(got->server_no_context_takeover, want[0]);
    CHECK_EQ(got->client_no_context_takeover, want[1]);
    CHECK_EQ(got->server_max_window_bits, want[2]);
    CHECK_EQ(got->client_max_window_bits, want[3]);
    CHECK_EQ(got->reserved[0] + got->reserved[1], 0);
}

/* A head with one field for each line of `fields`; a line that starts with a
 * dot is a whole field of its own. */
static size_t head_of(const char *start, const char *fields, char *head)
{
    size_t len = strlen(start);

    memcpy(head, start, len);
    while (*fields != '\0') {
        size_t line = strcspn(fields, "\n");

        if (*fields == '.') {
            len += (size_t)sprintf(head + len, "%.*s\r\n", (int)line - 1,
                                   fields + 1);
        } else {
            len += (size_t)sprintf(head + len,
                                   "Sec-WebSocket-Extensions: %.*s\r\n",
                                   (int)line, fields);
        }
        fields += fields[line] == '\n' ? line + 1 : line;
    }
    len += (size_t)sprintf(head + len, "\r\n");
    return len;
}

/* ---- what is malformed ---- */

static int is_tchar(char c)
{
    return c != '\0' &&
           strchr("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
                  c) != NULL;
}

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " \t");
}

/* Behind a token, or NULL. */
static const char *token(const char *p)
{
    const char *start = p;

    while (is_tchar(*p)) {
        p++;
    }
    return p != start ? p : NULL;
}

/* Behind a quoted-string of RFC 9110, 5.6.4, or NULL. */
static const char *quoted(const char *p)
{
    for (p++; *p != '"'; p++) {
        p += *p == '\\';
        if (*p == '\0') {
            return NULL;
        }
    }
    return p + 1;
}

/* Behind an extension and its parameters, or NULL. */
static const char *extension(const char *p)
{
    p = token(p);
    while (p != NULL && *skip_blanks(p) == ';') {
        p = token(skip_blanks(skip_blanks(p) + 1));
        if (p != NULL && *p == '=') {
            p = p[1] == '"' ? quoted(p + 1) : token(p + 1);
        }
    }
    return p;
}

/* Whether this is no list of at least one extension, with empty elements
 * skipped (RFC 6455, 9.1; RFC 2616, 2.1). */
static int is_malformed(const char *value)
{
    int count = 0;

    for (;; value++) {
        value = skip_blanks(value);
        if (*value != ',' && *value != '\0') {
            value = extension(value);
            if (value == NULL) {
                return 1;
            }
            value = skip_blanks(value);
            count++;
        }
        if (*value != ',') {
            return *value != '\0' || count == 0;
        }
    }
}

/* Whether the Sec-WebSocket-Extensions in these lines are malformed, which are
 * one list (RFC 9110, 5.3). A line with a dot is another field, or a field with
 * its name. */
static int are_malformed(const char *fields)
{
    static const char name[] = ".sec-websocket-extensions:";
    char value[ROOM] = "";
    int count = 0;

    while (*fields != '\0') {
        size_t line = strcspn(fields, "\n"), i = 0;

        while (name[i] != '\0' && (fields[i] | 0x20) == (name[i] | 0x20)) {
            i++;
        }
        if (*fields != '.' || name[i] == '\0') {
            size_t skip = *fields == '.' ? i : 0;

            strcat(value, count++ > 0 ? "," : "");
            strncat(value, fields + skip, line - skip);
        }
        fields += fields[line] == '\n' ? line + 1 : line;
    }
    return count > 0 && is_malformed(value);
}

/* A malformed list is refused with 400, whatever else is in it. */
static void check_malformed(const char *head, size_t len, ws_pmd_params willing)
{
    unsigned char out[ROOM];
    ws_pmd_params params = willing;
    ws_accept_spec spec;
    ws_conn *conn;

    memset(out, 0xcc, sizeof out);
    CHECK_EQ(ws_pmd_accept(head, len, &params, out, sizeof out),
             WS_ERR_EXTENSION);
    CHECK_MEM(&params, &willing, sizeof params);
    CHECK_FILL(out, 0xcc, sizeof out);
    memset(&spec, 0, sizeof spec);
    spec.pmd = &willing;
    CHECK(try_to_accept(head, len, &spec, sizeof spec, &conn, out,
                        sizeof out) > 0);
    CHECK(conn == NULL);
    CHECK_MEM(out, "HTTP/1.1 400 ", 13);
}

/* ---- a server ---- */

static const char upgrade[] =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";
#define ACCEPTANCE                                       \
    "HTTP/1.1 101 Switching Protocols\r\n"               \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"      \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

/* A 101 with this answer, or without one, and a connection that knows. */
static void check_acceptance(const char *head, size_t len,
                             const ws_pmd_params *willing, const char *answer,
                             const int agreed[4])
{
    unsigned char out[ROOM];
    char want[ROOM];
    ws_accept_spec spec;
    ws_pmd_params params;
    ws_response response;
    ws_conn *conn;
    ws_result n;
    size_t size;

    memset(&spec, 0, sizeof spec);
    spec.pmd = willing;
    n = try_to_accept(head, len, &spec, sizeof spec, &conn, out, sizeof out);
    size = answer == NULL
               ? (size_t)sprintf(want, ACCEPTANCE "\r\n")
               : (size_t)sprintf(want,
                                 ACCEPTANCE
                                 "Sec-WebSocket-Extensions: %s\r\n\r\n",
                                 answer);
    CHECK_EQ(n, size);
    CHECK_MEM(out, want, size);
    CHECK(size <= WS_MAX_REPLY);
    CHECK(conn != NULL);
    memset(&params, 0xcc, sizeof params);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), answer != NULL);
    if (answer != NULL) {
        check_agreed(&params, agreed);
        CHECK_EQ(params.level, willing->level != 0 ? willing->level : 6);
        CHECK_EQ(params.mem_level,
                 willing->mem_level != 0 ? willing->mem_level : 8);
        /* What the client offered is there to be agreed to. */
        n = ws_parse_response(out, size, head, len, &response, sizeof response);
        if (n != WS_ERR_EXTENSION) { /* its list may be malformed elsewhere */
            CHECK_EQ(n, size);
            CHECK_EQ(response.extensions.len, strlen(answer));
        }
    } else {
        CHECK_FILL(&params, 0, sizeof params);
    }
    ws_conn_free(conn);
}

/* What becomes of the offers in these fields; no answer if none is
 * acceptable. */
static void check_accept(const char *fields, ws_pmd_params willing,
                         const char *answer, int server, int client,
                         int server_bits, int client_bits)
{
    int agreed[4];
    char head[ROOM];
    size_t len = head_of(upgrade, fields, head), cap;
    size_t size = answer != NULL ? strlen(answer) : 0;
    ws_pmd_params params;

    agreed[0] = server;
    agreed[1] = client;
    agreed[2] = server_bits;
    agreed[3] = client_bits;
    check_case(fields, size, 0);
    willing.level = 3;
    if (are_malformed(fields)) {
        check_malformed(head, len, willing);
        return;
    }
    for (cap = 0; cap <= size + 1; cap++) {
        char *out = guarded(cap);

        params = willing;
        if (answer == NULL) {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap), 0);
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else if (cap < size) {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap),
                     WS_ERR_BUFFER_TOO_SMALL);
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap), size);
            CHECK_MEM(out, answer, size);
            CHECK_FILL(out + size, GUARD_BYTE, cap - size);
            check_agreed(&params, agreed);
            CHECK_EQ(params.level, 3);
            CHECK_EQ(params.mem_level, 8);
        }
        if (answer == NULL || cap < size) {
            CHECK_MEM(&params, &willing, sizeof params);
        }
        CHECK(guards_intact(out, cap));
        guarded_free(out);
    }
    check_acceptance(head, len, &willing, answer, agreed);
}

static void check_refused(const char *fields)
{
    char more[ROOM];

    check_accept(fields, pmd(0, 0, 0, 0), NULL, 0, 0, 0, 0);
    check_accept(fields, pmd(1, 1, 8, 8), NULL, 0, 0, 0, 0);
    /* The next one wins, here or in the next field. */
    sprintf(more, "%s\n" PMD "; " CLIENT_FIRST, fields);
    check_accept(more, pmd(0, 0, 0, 0), PMD "; " CLIENT_FIRST, 0, 1, 15, 15);
}

/* An offer that says something which may not be said, among others. */
static void check_bad_offer(const char *parameter)
{
    char fields[ROOM];

    sprintf(fields, PMD "; %s", parameter);
    check_refused(fields);
    sprintf(fields, PMD "; " CLIENT_FIRST "; %s; " SERVER_FIRST, parameter);
    check_refused(fields);
    sprintf(fields, PMD ";%s, " PMD "; " SERVER_FIRST, parameter);
    check_accept(fields, pmd(0, 0, 0, 0), PMD "; " SERVER_FIRST, 1, 0, 15, 15);
    sprintf(fields, PMD "; " SERVER_FIRST ", " PMD "; %s", parameter);
    check_accept(fields, pmd(0, 0, 0, 0), PMD "; " SERVER_FIRST, 1, 0, 15, 15);
}

static void check_offers(void)
{
    ws_pmd_params any = pmd(0, 0, 0, 0);
    int bits;

    check_accept(PMD, any, PMD, 0, 0, 15, 15);
    check_accept(PMD, pmd(0, 0, 15, 15), PMD, 0, 0, 15, 15);
    check_accept(PMD "; " SERVER_FIRST, any, PMD "; " SERVER_FIRST, 1, 0, 15,
                 15);
    check_accept(PMD "; " CLIENT_FIRST, any, PMD "; " CLIENT_FIRST, 0, 1, 15,
                 15);
    check_accept(PMD "; " SERVER_FIRST "; " CLIENT_FIRST, any,
                 PMD "; " SERVER_FIRST "; " CLIENT_FIRST, 1, 1, 15, 15);
    check_accept(PMD, pmd(1, 1, 0, 0), PMD "; " SERVER_FIRST "; " CLIENT_FIRST,
                 1, 1, 15, 15);
    for (bits = 8; bits <= 15; bits++) {
        char fields[100], quoted[100], escaped[100], want[100];
        int less = bits < 12 ? bits : 12;

        /* An answer names the server's window if the offer does. */
        sprintf(fields, PMD "; " SERVER_BITS "=%d", bits);
        check_accept(fields, any, fields, 0, 0, bits, 15);
        sprintf(quoted, PMD "; " SERVER_BITS "=\"%d\"", bits);
        check_accept(quoted, any, fields, 0, 0, bits, 15);
        if (bits >= 10) {
            sprintf(escaped, PMD "; " SERVER_BITS "=\"1\\%d\"", bits - 10);
            check_accept(escaped, any, fields, 0, 0, bits, 15);
            sprintf(escaped, PMD "; " SERVER_BITS "=\"\\1\\%d\"", bits - 10);
            check_accept(escaped, any, fields, 0, 0, bits, 15);
        }
        sprintf(want, PMD "; " SERVER_BITS "=%d", less);
        check_accept(fields, pmd(0, 0, 12, 0), want, 0, 0, less, 15);
        /* A limit of our own is always allowed. */
        sprintf(want, bits < 15 ? PMD "; " SERVER_BITS "=%d" : PMD, bits);
        check_accept(PMD, pmd(0, 0, bits, 0), want, 0, 0, bits, 15);

        /* A limit for the client only where it offers that. */
        check_accept(PMD, pmd(0, 0, 0, bits), PMD, 0, 0, 15, 15);
        sprintf(want, bits < 15 ? PMD "; " CLIENT_BITS "=%d" : PMD, bits);
        check_accept(PMD "; " CLIENT_BITS, pmd(0, 0, 0, bits), want, 0, 0, 15,
                     bits);
        sprintf(fields, PMD "; " CLIENT_BITS "=%d", bits);
        check_accept(fields, any, want, 0, 0, 15, bits);
        sprintf(fields, PMD ";\t" CLIENT_BITS "=\"%d\"\t", bits);
        check_accept(fields, any, want, 0, 0, 15, bits);
        sprintf(want, PMD "; " CLIENT_BITS "=%d", less);
        check_accept(fields, pmd(0, 0, 0, 12), want, 0, 0, 15, less);
    }
    check_accept(PMD "; " CLIENT_BITS, any, PMD, 0, 0, 15, 15);
    check_accept(PMD "; " CLIENT_BITS "=14; " SERVER_BITS "=13; " CLIENT_FIRST
                     "; " SERVER_FIRST,
                 pmd(0, 0, 14, 11),
                 PMD "; " SERVER_FIRST "; " CLIENT_FIRST "; " SERVER_BITS
                     "=13; " CLIENT_BITS "=11",
                 1, 1, 13, 11);

    /* The first that is acceptable, in one field or in several. */
    check_accept(PMD "; " SERVER_BITS "=10, " PMD, any,
                 PMD "; " SERVER_BITS "=10", 0, 0, 10, 15);
    check_accept(PMD "\n" PMD "; " SERVER_BITS "=10", any, PMD, 0, 0, 15, 15);
    check_accept(PMD "; x\n" PMD "; " SERVER_BITS "=10\n" PMD, any,
                 PMD "; " SERVER_BITS "=10", 0, 0, 10, 15);
    check_accept(PMD "; x, " PMD "; y=\"z\", " PMD, any, PMD, 0, 0, 15, 15);

    /* Others around it, fields of other kinds, other case, empty elements. */
    check_accept("a, b; c=d; e=\"f\", " PMD ", g", any, PMD, 0, 0, 15, 15);
    check_accept("a; " CLIENT_FIRST "\n.Cookie: " PMD "\n" PMD "\nb", any, PMD,
                 0, 0, 15, 15);
    check_accept(".sec-websocket-extensions:" PMD, any, PMD, 0, 0, 15, 15);
    check_accept(".SEC-WEBSOCKET-EXTENSIONS:\t" PMD "\t", any, PMD, 0, 0, 15,
                 15);
    check_accept(".Sec-webSocket-EXTENSIONS:," PMD ", ,", any, PMD, 0, 0, 15,
                 15);
    check_accept(" , ,\t" PMD "  ;  " SERVER_FIRST "\t;\t" CLIENT_FIRST " ,x",
                 any, PMD "; " SERVER_FIRST "; " CLIENT_FIRST, 1, 1, 15, 15);
}

static const char *const bad_bits[] = {
    "7",    "16",  "0",    "1",     "08",    "015", "",     "\"\"",
    "1000", "-8",  "+9",   "8.0",   "9x",    "0x9", "\"7\"", "\"16\"",
    "150",  "1 5", "\"9",  "'9'",   "\"0\\8\"", "99999999999999999999",
    "4294967304",  "18446744073709551624",   "\"1\\\\5\"", "=9", "9=", "\" 9\"",
};

static void check_bad_offers(void)
{
    char parameter[100];
    size_t i;

    check_refused("");
    check_refused(",");
    check_refused(", ,");
    check_refused(".A: b");
    check_refused(".Sec-WebSocket-Extension: " PMD);
    check_refused(".Sec-WebSocket-Protocol: " PMD);
    check_refused("x-webkit-deflate-frame");
    check_refused("a; " PMD);
    check_refused("a; b=" PMD);
    check_refused("a; b=\"" PMD "\"");
    check_refused("permessage-deflat");
    check_refused("permessage-deflate2");
    check_refused("\"" PMD "\"");
    check_refused(PMD "=1");
    check_refused(PMD " " SERVER_FIRST);
    check_refused(PMD ";");
    check_refused(PMD ";;" SERVER_FIRST);
    check_refused(PMD "; =");
    check_refused(PMD "/a");
    check_refused("a b, " PMD);
    check_refused("a;, " PMD);
    check_refused("; " PMD);

    check_bad_offer("x");
    check_bad_offer("x=1");
    check_bad_offer("x=\"1\"");
    check_bad_offer("Server_no_context_takeover");
    check_bad_offer("server_no_context_takeove");
    check_bad_offer("server_no_context_takeovers");
    check_bad_offer(SERVER_FIRST "=1");
    check_bad_offer(SERVER_FIRST "=true");
    check_bad_offer(SERVER_FIRST "=\"1\"");
    check_bad_offer(CLIENT_FIRST "=0");
    check_bad_offer(CLIENT_FIRST "=8");
    check_bad_offer(SERVER_BITS);
    check_bad_offer(SERVER_FIRST "; " SERVER_FIRST);
    check_bad_offer(CLIENT_FIRST "; " CLIENT_FIRST);
    check_bad_offer(SERVER_BITS "=9; " SERVER_BITS "=9");
    check_bad_offer(SERVER_BITS "=9; x; " SERVER_BITS "=10");
    check_bad_offer(CLIENT_BITS "; " CLIENT_BITS);
    check_bad_offer(CLIENT_BITS "=9; " CLIENT_BITS);
    check_bad_offer(CLIENT_BITS "; " CLIENT_BITS "=9");
    for (i = 0; i < sizeof bad_bits / sizeof *bad_bits; i++) {
        const char *names[] = {SERVER_BITS, CLIENT_BITS};
        size_t name;

        for (name = 0; name < 2; name++) {
            char fields[200];

            sprintf(parameter, "%s=%s", names[name], bad_bits[i]);
            sprintf(fields, PMD "; %s", parameter);
            check_refused(fields);
            sprintf(fields, PMD "; %s; " SERVER_FIRST, parameter);
            check_refused(fields);
            sprintf(fields, PMD "\n" PMD "; %s", parameter);
            check_accept(fields, pmd(0, 0, 0, 0), PMD, 0, 0, 15, 15);
        }
    }
}

/* ---- a client ---- */

static void check_offer(ws_pmd_params params, const char *want)
{
    size_t size = strlen(want), cap;
    ws_pmd_params before = params;

    check_case(want, 0, 0);
    for (cap = 0; cap <= size + 1; cap++) {
        char *out = guarded(cap);

        CHECK_EQ(ws_pmd_offer(&params, out, cap),
                 cap < size ? WS_ERR_BUFFER_TOO_SMALL : (ws_result)size);
        if (cap < size) {
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else {
            CHECK_MEM(out, want, size);
            CHECK_FILL(out + size, GUARD_BYTE, cap - size);
        }
        CHECK(guards_intact(out, cap));
        guarded_free(out);
    }
    CHECK_MEM(&params, &before, sizeof params);
}

/* How a server answers. `agreed` counts only if the result is 1. */
static void check_confirm(const char *fields, ws_pmd_params offered,
                          ws_result want, int server, int client,
                          int server_bits, int client_bits)
{
    int agreed[4];
    char head[ROOM];
    size_t len = head_of("HTTP/1.1 101 Switching Protocols\r\n", fields, head);
    ws_pmd_params params;

    agreed[0] = server;
    agreed[1] = client;
    agreed[2] = server_bits;
    agreed[3] = client_bits;
    check_case(fields, 0, 0);
    offered.mem_level = 2;
    params = offered;
    CHECK_EQ(ws_pmd_confirm(head, len, &params), want);
    if (want == 1) {
        check_agreed(&params, agreed);
        CHECK_EQ(params.level, 6);
        CHECK_EQ(params.mem_level, 2);
    } else {
        CHECK_MEM(&params, &offered, sizeof params);
    }
}

static void check_wrong(const char *fields, ws_pmd_params offered)
{
    check_confirm(fields, offered, WS_ERR_EXTENSION, 0, 0, 0, 0);
}

static void check_bad_answer(const char *parameter)
{
    char fields[ROOM];

    sprintf(fields, PMD "; %s", parameter);
    check_wrong(fields, pmd(0, 0, 0, 0));
    sprintf(fields, PMD "; " CLIENT_FIRST "; %s ; " SERVER_FIRST, parameter);
    check_wrong(fields, pmd(0, 0, 0, 0));
    sprintf(fields, PMD ", " PMD "; %s", parameter);
    check_wrong(fields, pmd(0, 0, 0, 0));
}

static void check_answers(void)
{
    ws_pmd_params any = pmd(0, 0, 0, 0);
    int bits, offered;
    size_t i;

    check_offer(any, PMD "; " CLIENT_BITS);
    check_offer(pmd(0, 0, 15, 15), PMD "; " CLIENT_BITS);
    check_offer(pmd(1, 0, 0, 0), PMD "; " SERVER_FIRST "; " CLIENT_BITS);
    check_offer(pmd(0, 1, 0, 0), PMD "; " CLIENT_FIRST "; " CLIENT_BITS);
    check_offer(pmd(0, 0, 8, 0), PMD "; " SERVER_BITS "=8; " CLIENT_BITS);
    check_offer(pmd(0, 0, 0, 9), PMD "; " CLIENT_BITS "=9");
    check_offer(pmd(1, 1, 10, 14), PMD "; " SERVER_FIRST "; " CLIENT_FIRST
                                       "; " SERVER_BITS "=10; " CLIENT_BITS
                                       "=14");

    /* Off. */
    check_confirm(".A: b", any, 0, 0, 0, 0, 0);
    check_confirm("", pmd(1, 1, 9, 9), 0, 0, 0, 0, 0);
    check_confirm("a; b, c", pmd(1, 1, 9, 9), 0, 0, 0, 0, 0);
    check_confirm(".Sec-WebSocket-Extension: " PMD, any, 0, 0, 0, 0, 0);

    /* On. */
    check_confirm(PMD, any, 1, 0, 0, 15, 15);
    check_confirm("a, " PMD "\nb", any, 1, 0, 0, 15, 15);
    check_confirm(".sec-WEBSOCKET-extensions:," PMD ",", any, 1, 0, 0, 15, 15);
    check_confirm(PMD "; " SERVER_FIRST, any, 1, 1, 0, 15, 15);
    check_confirm(PMD "; " CLIENT_FIRST, any, 1, 0, 1, 15, 15);
    check_confirm(PMD, pmd(0, 1, 0, 0), 1, 0, 1, 15, 15);
    check_confirm(PMD "; " SERVER_FIRST, pmd(1, 0, 0, 0), 1, 1, 0, 15, 15);
    check_confirm(PMD, pmd(0, 0, 0, 10), 1, 0, 0, 15, 10);
    check_confirm(PMD ";" CLIENT_BITS "=\"1\\0\";" SERVER_BITS "=\"9\";"
                      CLIENT_FIRST ";" SERVER_FIRST,
                  any, 1, 1, 1, 9, 10);
    for (offered = 8; offered <= 15; offered++) {
        for (bits = 8; bits <= 15; bits++) {
            ws_result on = bits <= offered ? 1 : WS_ERR_EXTENSION;
            char fields[100];

            sprintf(fields, PMD "; " SERVER_BITS "=%d", bits);
            check_confirm(fields, pmd(0, 0, offered, 0), on, 0, 0, bits, 15);
            sprintf(fields, PMD "; " CLIENT_BITS "=%d", bits);
            check_confirm(fields, pmd(0, 0, 0, offered), on, 0, 0, 15, bits);
        }
        /* A limit that was offered must be in the answer. */
        check_confirm(PMD, pmd(0, 0, offered, 0),
                      offered == 15 ? 1 : WS_ERR_EXTENSION, 0, 0, 15, 15);
    }

    /* Not what was offered. */
    check_wrong(PMD, pmd(1, 0, 0, 0));
    check_wrong(PMD "; " CLIENT_FIRST, pmd(1, 0, 0, 0));
    check_wrong(PMD "; " CLIENT_BITS, any);
    check_wrong(PMD ", " PMD, any);
    check_wrong(PMD "\n" PMD, any);
    check_wrong(PMD ", a, " PMD, any);
    check_wrong(PMD "\n.A: b\n" PMD "; " SERVER_BITS "=9", any);
    check_wrong(PMD ";", any);
    check_wrong(PMD "; " SERVER_FIRST " " CLIENT_FIRST, any);
    check_wrong("a b, " PMD, any);
    check_wrong(PMD ", a b", any);
    check_wrong(PMD ", a;", any);
    check_wrong("a=b", any);
    check_wrong("\"" PMD "\"", any);

    check_bad_answer("x");
    check_bad_answer("x=1");
    check_bad_answer(SERVER_FIRST "=1");
    check_bad_answer(CLIENT_FIRST "=\"1\"");
    check_bad_answer(SERVER_BITS);
    check_bad_answer(SERVER_FIRST "; " SERVER_FIRST);
    check_bad_answer(CLIENT_FIRST "; " CLIENT_FIRST);
    check_bad_answer(SERVER_BITS "=9; " SERVER_BITS "=9");
    check_bad_answer(CLIENT_BITS "=9; " CLIENT_BITS "=9");
    for (i = 0; i < sizeof bad_bits / sizeof *bad_bits; i++) {
        char parameter[100];

        sprintf(parameter, SERVER_BITS "=%s", bad_bits[i]);
        check_bad_answer(parameter);
        sprintf(parameter, CLIENT_BITS "=%s", bad_bits[i]);
        check_bad_answer(parameter);
    }
}

/* ---- both ---- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* A whole opening handshake: both sides end with the same parameters. */
static void check_handshake(const ws_pmd_params *offered,
                            const ws_pmd_params *willing, int by_conn)
{
    char offer[200], answer[200], request[ROOM], response[ROOM];
    int want[4];
    ws_pmd_params client = *offered, server = *willing;
    ws_request_spec ask;
    ws_response_spec tell;
    ws_accept_spec greet;
    ws_response parsed;
    ws_result n;
    size_t request_len, response_len;
    ws_conn *conn = NULL;

    memset(&ask, 0, sizeof ask);
    ask.host = bytes_of("a");
    ask.target = bytes_of("/");
    ask.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    n = ws_pmd_offer(offered, offer, sizeof offer);
    CHECK(n > 0);
    ask.extensions.data = offer;
    ask.extensions.len = (size_t)n;
    n = ws_build_request(&ask, sizeof ask, request, sizeof request);
    CHECK(n > 0);
    request_len = (size_t)n;

    if (by_conn) {
        memset(&greet, 0, sizeof greet);
        greet.pmd = willing;
        n = try_to_accept(request, request_len, &greet, sizeof greet, &conn,
                           response, sizeof response);
        CHECK(n <= WS_MAX_REPLY);
        CHECK_EQ(ws_conn_get_pmd(conn, &server), 1);
    } else {
        n = ws_pmd_accept(request, request_len, &server, answer, sizeof answer);
        CHECK(n > 0);
        memset(&tell, 0, sizeof tell);
        tell.key = ask.key;
        tell.extensions.data = answer;
        tell.extensions.len = (size_t)n;
        n = ws_build_response(&tell, sizeof tell, response, sizeof response);
    }
    CHECK(n > 0);
    response_len = (size_t)n;
    CHECK_EQ(ws_parse_response(response, response_len, request, request_len,
                               &parsed, sizeof parsed),
             response_len);
    CHECK(parsed.extensions.len >= strlen(PMD));
    CHECK_EQ(ws_pmd_confirm(response, response_len, &client), 1);
    want[0] = offered->server_no_context_takeover |
              willing->server_no_context_takeover;
    want[1] = offered->client_no_context_takeover |
              willing->client_no_context_takeover;
    want[2] = smaller(offered->server_max_window_bits,
                      willing->server_max_window_bits);
    want[3] = smaller(offered->client_max_window_bits,
                      willing->client_max_window_bits);
    check_agreed(&server, want);
    check_agreed(&client, want);
    CHECK_EQ(client.level, 1);
    CHECK_EQ(client.mem_level, 9);
    CHECK_EQ(server.level, 2);
    CHECK_EQ(server.mem_level, 8);
    ws_conn_free(conn);
}

static void check_handshakes(void)
{
    static const uint8_t bits[] = {8, 9, 12, 15};
    uintmax_t a, b;

    for (a = 0; a < 64; a++) {
        ws_pmd_params offered = pmd(a & 1, a >> 1 & 1, bits[a >> 2 & 3],
                                    bits[a >> 4]);

        offered.level = 1;
        offered.mem_level = 9;
        for (b = 0; b < 64; b++) {
            ws_pmd_params willing = pmd(b & 1, b >> 1 & 1, bits[b >> 2 & 3],
                                        bits[b >> 4]);

            willing.level = 2;
            check_case("handshake", a, b);
            check_handshake(&offered, &willing, 0);
            check_handshake(&offered, &willing, 1);
        }
    }
}

/* The longest answer, beside a protocol and further lines. */
static void check_longest(void)
{
    static const char extra[] = "X: 0123456789\r\n";
    ws_pmd_params willing = pmd(1, 1, 14, 14);
    unsigned char out[ROOM];
    char head[ROOM];
    ws_accept_spec spec;
    ws_conn *conn;
    ws_result n;
    size_t len = head_of(upgrade,
                         PMD "; " CLIENT_BITS
                             "\n.Sec-WebSocket-Protocol: a-protocol",
                         head);

    check_case("longest", 0, 0);
    memset(&spec, 0, sizeof spec);
    spec.pmd = &willing;
    spec.protocols = bytes_of("a-protocol");
    spec.headers = bytes_of(extra);
    n = try_to_accept(head, len, &spec, sizeof spec, &conn, out, sizeof out);
    CHECK(n > 0 && n <= WS_MAX_REPLY + (ws_result)strlen(extra) + 10);
    CHECK(conn != NULL);
    ws_conn_free(conn);
    CHECK_EQ(try_to_accept(head, len, &spec, sizeof spec, &conn, out,
                            (size_t)n - 1),
             WS_ERR_BUFFER_TOO_SMALL);
    CHECK(conn == NULL);

    /* Without spec.pmd nothing is agreed on, whatever is offered. */
    spec.pmd = NULL;
    n = try_to_accept(head, len, &spec, sizeof spec, &conn, out, sizeof out);
    CHECK(n > 0);
    CHECK_EQ(ws_conn_get_pmd(conn, &willing), 0);
    CHECK_FILL(&willing, 0, sizeof willing);
    ws_conn_free(conn);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_offers();
    check_bad_offers();
    check_answers();
    check_handshakes();
    check_longest();
    return check_done(argv[0]);
}
