/* Negotiation of permessage-deflate (RFC 7692, 7.1). */
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_FIRST "server_no_context_takeover"
#define CLIENT_FIRST "client_no_context_takeover"
#define SERVER_BITS "server_max_window_bits"
#define CLIENT_BITS "client_max_window_bits"
#define PMD "permessage-deflate"

enum { ROOM = 2048 };

/* Context takeover and window of each side. */
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

/* A head with one Sec-WebSocket-Extensions for each line of `fields`; a line that
 * starts with a dot is another field. */
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

/* ---- malformed lists ---- */

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

/* The position after a token, or NULL. */
static const char *token(const char *p)
{
    const char *start = p;

    while (is_tchar(*p)) {
        p++;
    }
    return p != start ? p : NULL;
}

/* The position after a quoted-string (RFC 9110, 5.6.4), or NULL. */
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

/* The position after an extension with its parameters, or NULL. */
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

/* A valid list has at least one extension; empty elements are skipped (RFC 6455,
 * 9.1; RFC 2616, 2.1). */
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

/* Whether the Sec-WebSocket-Extensions of these lines, which are one list (RFC
 * 9110, 5.3), are malformed. A line with a dot contains the name of its field. */
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

/* A malformed list is refused with 400, whatever else it contains. */
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

/* A 101 with or without this extension, and a connection with its parameters. */
static void check_acceptance(const char *head, size_t len, const ws_pmd_params *willing,
                             const char *extension_value, const int agreed[4])
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
    size =
        extension_value == NULL
            ? (size_t)sprintf(want, ACCEPTANCE "\r\n")
            : (size_t)sprintf(want, ACCEPTANCE "Sec-WebSocket-Extensions: %s\r\n\r\n",
                              extension_value);
    CHECK_EQ(n, size);
    CHECK_MEM(out, want, size);
    CHECK(size <= WS_MAX_REPLY);
    CHECK(conn != NULL);
    memset(&params, 0xcc, sizeof params);
    CHECK_EQ(ws_conn_get_pmd(conn, &params), extension_value != NULL);
    if (extension_value != NULL) {
        check_agreed(&params, agreed);
        CHECK_EQ(params.level, willing->level != 0 ? willing->level : 6);
        CHECK_EQ(params.mem_level,
                 willing->mem_level != 0 ? willing->mem_level : 8);
        /* The client accepts the response. */
        n = ws_parse_response(out, size, head, len, &response, sizeof response);
        if (n != WS_ERR_EXTENSION) { /* its list may be malformed elsewhere */
            CHECK_EQ(n, size);
            CHECK_EQ(response.extensions.len, strlen(extension_value));
        }
    } else {
        CHECK_FILL(&params, 0, sizeof params);
    }
    ws_conn_free(conn);
}

/* The response to the offers in these fields; NULL if none is acceptable. */
static void check_accept(const char *fields, ws_pmd_params willing,
                         const char *extension_value, int server, int client,
                         int server_bits, int client_bits)
{
    int agreed[4];
    char head[ROOM];
    size_t len = head_of(upgrade, fields, head), cap;
    size_t size = extension_value != NULL ? strlen(extension_value) : 0;
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
        if (extension_value == NULL) {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap), 0);
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else if (cap < size) {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap),
                     WS_ERR_BUFFER_TOO_SMALL);
            CHECK_FILL(out, GUARD_BYTE, cap);
        } else {
            CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap), size);
            CHECK_MEM(out, extension_value, size);
            CHECK_FILL(out + size, GUARD_BYTE, cap - size);
            check_agreed(&params, agreed);
            CHECK_EQ(params.level, 3);
            CHECK_EQ(params.mem_level, 8);
        }
        if (extension_value == NULL || cap < size) {
            CHECK_MEM(&params, &willing, sizeof params);
        }
        CHECK(guards_intact(out, cap));
        guarded_free(out);
    }
    check_acceptance(head, len, &willing, extension_value, agreed);
}

static void check_refused(const char *fields)
{
    char more[ROOM];

    check_accept(fields, pmd(0, 0, 0, 0), NULL, 0, 0, 0, 0);
    check_accept(fields, pmd(1, 1, 8, 8), NULL, 0, 0, 0, 0);
    /* The next acceptable offer is chosen, in the next field, too. */
    sprintf(more, "%s\n" PMD "; " CLIENT_FIRST, fields);
    check_accept(more, pmd(0, 0, 0, 0), PMD "; " CLIENT_FIRST, 0, 1, 15, 15);
}

/* An offer with an invalid parameter, alone and among others. */
static void check_invalid_offer(const char *parameter)
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

        /* A response names the server's window if the offer does. */
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
        /* The server may always limit its own window. */
        sprintf(want, bits < 15 ? PMD "; " SERVER_BITS "=%d" : PMD, bits);
        check_accept(PMD, pmd(0, 0, bits, 0), want, 0, 0, bits, 15);

        /* It may limit the client's only if the client offers that. */
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

    /* The first acceptable offer, in one field or in several. */
    check_accept(PMD "; " SERVER_BITS "=10, " PMD, any,
                 PMD "; " SERVER_BITS "=10", 0, 0, 10, 15);
    check_accept(PMD "\n" PMD "; " SERVER_BITS "=10", any, PMD, 0, 0, 15, 15);
    check_accept(PMD "; x\n" PMD "; " SERVER_BITS "=10\n" PMD, any,
                 PMD "; " SERVER_BITS "=10", 0, 0, 10, 15);
    check_accept(PMD "; x, " PMD "; y=\"z\", " PMD, any, PMD, 0, 0, 15, 15);

    /* Other extensions, other fields, other case, empty elements. */
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

static void check_invalid_offers(void)
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

    check_invalid_offer("x");
    check_invalid_offer("x=1");
    check_invalid_offer("x=\"1\"");
    check_invalid_offer("Server_no_context_takeover");
    check_invalid_offer("server_no_context_takeove");
    check_invalid_offer("server_no_context_takeovers");
    check_invalid_offer(SERVER_FIRST "=1");
    check_invalid_offer(SERVER_FIRST "=true");
    check_invalid_offer(SERVER_FIRST "=\"1\"");
    check_invalid_offer(CLIENT_FIRST "=0");
    check_invalid_offer(CLIENT_FIRST "=8");
    check_invalid_offer(SERVER_BITS);
    check_invalid_offer(SERVER_FIRST "; " SERVER_FIRST);
    check_invalid_offer(CLIENT_FIRST "; " CLIENT_FIRST);
    check_invalid_offer(SERVER_BITS "=9; " SERVER_BITS "=9");
    check_invalid_offer(SERVER_BITS "=9; x; " SERVER_BITS "=10");
    check_invalid_offer(CLIENT_BITS "; " CLIENT_BITS);
    check_invalid_offer(CLIENT_BITS "=9; " CLIENT_BITS);
    check_invalid_offer(CLIENT_BITS "; " CLIENT_BITS "=9");
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

/* A server's response. The parameters matter only if the result is 1. */
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

static void check_invalid_response(const char *fields, ws_pmd_params offered)
{
    check_confirm(fields, offered, WS_ERR_EXTENSION, 0, 0, 0, 0);
}

static void check_invalid_parameter(const char *parameter)
{
    char fields[ROOM];

    sprintf(fields, PMD "; %s", parameter);
    check_invalid_response(fields, pmd(0, 0, 0, 0));
    sprintf(fields, PMD "; " CLIENT_FIRST "; %s ; " SERVER_FIRST, parameter);
    check_invalid_response(fields, pmd(0, 0, 0, 0));
    sprintf(fields, PMD ", " PMD "; %s", parameter);
    check_invalid_response(fields, pmd(0, 0, 0, 0));
}

static void check_responses(void)
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

    /* Not confirmed. */
    check_confirm(".A: b", any, 0, 0, 0, 0, 0);
    check_confirm("", pmd(1, 1, 9, 9), 0, 0, 0, 0, 0);
    check_confirm("a; b, c", pmd(1, 1, 9, 9), 0, 0, 0, 0, 0);
    check_confirm(".Sec-WebSocket-Extension: " PMD, any, 0, 0, 0, 0, 0);

    /* Confirmed. */
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
        /* The server must confirm a limit of its window. */
        check_confirm(PMD, pmd(0, 0, offered, 0),
                      offered == 15 ? 1 : WS_ERR_EXTENSION, 0, 0, 15, 15);
    }

    /* Responses that do not match the offer. */
    check_invalid_response(PMD, pmd(1, 0, 0, 0));
    check_invalid_response(PMD "; " CLIENT_FIRST, pmd(1, 0, 0, 0));
    check_invalid_response(PMD "; " CLIENT_BITS, any);
    check_invalid_response(PMD ", " PMD, any);
    check_invalid_response(PMD "\n" PMD, any);
    check_invalid_response(PMD ", a, " PMD, any);
    check_invalid_response(PMD "\n.A: b\n" PMD "; " SERVER_BITS "=9", any);
    check_invalid_response(PMD ";", any);
    check_invalid_response(PMD "; " SERVER_FIRST " " CLIENT_FIRST, any);
    check_invalid_response("a b, " PMD, any);
    check_invalid_response(PMD ", a b", any);
    check_invalid_response(PMD ", a;", any);
    check_invalid_response("a=b", any);
    check_invalid_response("\"" PMD "\"", any);

    check_invalid_parameter("x");
    check_invalid_parameter("x=1");
    check_invalid_parameter(SERVER_FIRST "=1");
    check_invalid_parameter(CLIENT_FIRST "=\"1\"");
    check_invalid_parameter(SERVER_BITS);
    check_invalid_parameter(SERVER_FIRST "; " SERVER_FIRST);
    check_invalid_parameter(CLIENT_FIRST "; " CLIENT_FIRST);
    check_invalid_parameter(SERVER_BITS "=9; " SERVER_BITS "=9");
    check_invalid_parameter(CLIENT_BITS "=9; " CLIENT_BITS "=9");
    for (i = 0; i < sizeof bad_bits / sizeof *bad_bits; i++) {
        char parameter[100];

        sprintf(parameter, SERVER_BITS "=%s", bad_bits[i]);
        check_invalid_parameter(parameter);
        sprintf(parameter, CLIENT_BITS "=%s", bad_bits[i]);
        check_invalid_parameter(parameter);
    }
}

/* ---- both ---- */

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* A whole opening handshake: both sides have the same parameters. */
static void check_handshake(const ws_pmd_params *offered,
                            const ws_pmd_params *willing, int by_conn)
{
    char offer[200], extension_value[200], request[ROOM], response[ROOM];
    int want[4];
    ws_pmd_params client = *offered, server = *willing;
    ws_request_spec request_spec;
    ws_response_spec response_spec;
    ws_accept_spec accept_spec;
    ws_response parsed;
    ws_result n;
    size_t request_len, response_len;
    ws_conn *conn = NULL;

    memset(&request_spec, 0, sizeof request_spec);
    request_spec.host = bytes_of("a");
    request_spec.target = bytes_of("/");
    request_spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    n = ws_pmd_offer(offered, offer, sizeof offer);
    CHECK(n > 0);
    request_spec.extensions.data = offer;
    request_spec.extensions.len = (size_t)n;
    n = ws_build_request(&request_spec, sizeof request_spec, request, sizeof request);
    CHECK(n > 0);
    request_len = (size_t)n;

    if (by_conn) {
        memset(&accept_spec, 0, sizeof accept_spec);
        accept_spec.pmd = willing;
        n = try_to_accept(request, request_len, &accept_spec, sizeof accept_spec, &conn,
                          response, sizeof response);
        CHECK(n <= WS_MAX_REPLY);
        CHECK_EQ(ws_conn_get_pmd(conn, &server), 1);
    } else {
        n = ws_pmd_accept(request, request_len, &server, extension_value,
                          sizeof extension_value);
        CHECK(n > 0);
        memset(&response_spec, 0, sizeof response_spec);
        response_spec.key = request_spec.key;
        response_spec.extensions.data = extension_value;
        response_spec.extensions.len = (size_t)n;
        n = ws_build_response(&response_spec, sizeof response_spec, response,
                              sizeof response);
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

/* The longest response, with a protocol and headers. */
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

    /* Without spec.pmd, no offer is accepted. */
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
    check_invalid_offers();
    check_responses();
    check_handshakes();
    check_longest();
    return check_done(argv[0]);
}
