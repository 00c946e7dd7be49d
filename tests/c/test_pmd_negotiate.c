/* Negotiation of permessage-deflate (RFC 7692, 7.1). */
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERVER_FIRST "server_no_context_takeover"
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

/* ---- fields ---- */

/* Only fields with this name count, in any case. */
static void check_names(void)
{
    static const struct {
        const char *fields, *response;
    } rows[] = {
        {".Cookie: " PMD, ""},
        {".Sec-WebSocket-Extension: " PMD, ""},
        {".Sec-WebSocket-Protocol: " PMD, ""},
        {".Cookie: " PMD "\n" PMD "; " SERVER_FIRST "\nb", PMD "; " SERVER_FIRST},
        {".sec-websocket-extensions:" PMD, PMD},
        {".SEC-WEBSOCKET-EXTENSIONS:\t" PMD "\t", PMD},
    };
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        char head[ROOM], out[100];
        size_t len = head_of("GET / HTTP/1.1\r\n", rows[i].fields, head);
        ws_pmd_params params = pmd(0, 0, 0, 0);

        check_case(rows[i].fields, 0, 0);
        CHECK_EQ(ws_pmd_accept(head, len, &params, out, sizeof out),
                 strlen(rows[i].response));
        CHECK_MEM(out, rows[i].response, strlen(rows[i].response));
        params = pmd(0, 0, 0, 0);
        CHECK_EQ(ws_pmd_confirm(head, len, &params), rows[i].response[0] != '\0');
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

static const char upgrade[] =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";

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
    check_names();
    check_handshakes();
    check_longest();
    return check_done(argv[0]);
}
