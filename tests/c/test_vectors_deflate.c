/* Vectors of the negotiation of compression, and of compressed messages. */
#include "check.h"
#include "memory.h"
#include "samples.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 2048 };

static const char upgrade[] =
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n";
#define ACCEPTANCE                                       \
    "HTTP/1.1 101 Switching Protocols\r\n"               \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n"      \
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"

/* A head with a field for each value. */
static size_t head_of(const char *start, const struct bytes *values, size_t values_len,
                      char *head)
{
    static const char name[] = "Sec-WebSocket-Extensions: ";
    size_t len = strlen(start), i;

    memcpy(head, start, len);
    for (i = 0; i < values_len; i++) {
        memcpy(head + len, name, strlen(name));
        len += strlen(name);
        put_bytes(&values[i], head + len);
        len += values[i].len;
        memcpy(head + len, "\r\n", 2);
        len += 2;
    }
    memcpy(head + len, "\r\n", 2);
    return len + 2;
}

/* The same windows and takeovers; the caller's level. */
static void check_agreed(const ws_pmd_params *got, const ws_pmd_params *want, int level,
                         int mem_level)
{
    CHECK_EQ(got->server_no_context_takeover, want->server_no_context_takeover);
    CHECK_EQ(got->client_no_context_takeover, want->client_no_context_takeover);
    CHECK_EQ(got->server_max_window_bits, want->server_max_window_bits);
    CHECK_EQ(got->client_max_window_bits, want->client_max_window_bits);
    CHECK_EQ(got->level, level);
    CHECK_EQ(got->mem_level, mem_level);
    CHECK_EQ(got->reserved[0] + got->reserved[1], 0);
}

/* Only a buffer that is large enough is written to, and only then do the parameters
 * change. */
static void check_accepted(const struct deflate_accept *v, const void *head, size_t len,
                           ws_pmd_params willing, size_t cap)
{
    size_t size = v->response != NULL ? strlen(v->response) : 0;
    char *out = guarded(cap);
    ws_pmd_params params = willing;
    ws_result want = v->error != 0 ? v->error
                     : cap < size  ? WS_ERR_BUFFER_TOO_SMALL
                                   : (ws_result)size;

    CHECK_EQ(ws_pmd_accept(head, len, &params, out, cap), want);
    if (want > 0) {
        CHECK_MEM(out, v->response, size);
        CHECK_FILL(out + size, GUARD_BYTE, cap - size);
        check_agreed(&params, &v->agreed, 3, 8);
    } else {
        CHECK_FILL(out, GUARD_BYTE, cap);
        CHECK_MEM(&params, &willing, sizeof params);
    }
    CHECK(guards_intact(out, cap));
    guarded_free(out);
}

/* A 400; or a 101 with or without the extension, and a connection with its parameters. */
static void check_reply(const struct deflate_accept *v, const void *head, size_t len,
                        const ws_pmd_params *willing)
{
    unsigned char out[ROOM];
    char want[ROOM];
    ws_accept_spec spec;
    ws_pmd_params params;
    ws_response response;
    ws_conn *conn;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.pmd = willing;
    n = try_to_accept(head, len, &spec, sizeof spec, &conn, out, sizeof out);
    CHECK(n > 13 && n <= WS_MAX_REPLY);
    if (v->error != 0) {
        CHECK(conn == NULL);
        CHECK_MEM(out, "HTTP/1.1 400 ", 13);
        return;
    }
    strcpy(want, ACCEPTANCE);
    if (v->response != NULL) {
        sprintf(want + strlen(want), "Sec-WebSocket-Extensions: %s\r\n", v->response);
    }
    strcat(want, "\r\n");
    CHECK_EQ(n, strlen(want));
    CHECK_MEM(out, want, strlen(want));
    CHECK_EQ(ws_conn_get_pmd(conn, &params), v->response != NULL);
    if (v->response != NULL) {
        check_agreed(&params, &v->agreed, 3, 8);
        /* The client accepts the response. */
        CHECK_EQ(ws_parse_response(out, (size_t)n, head, len, &response, sizeof response),
                 n);
    } else {
        CHECK_FILL(&params, 0, sizeof params);
    }
    ws_conn_free(conn);
}

static void check_offers(void)
{
    size_t i, cap;

    for (i = 0; i < deflate_accept_vectors_len; i++) {
        const struct deflate_accept *v = &deflate_accept_vectors[i];
        size_t size = v->response != NULL ? strlen(v->response) : 0;
        ws_pmd_params willing = v->willing;
        char head[ROOM];
        size_t len = head_of(upgrade, v->offers, v->offers_len, head);

        willing.level = 3;
        for (cap = 0; cap <= size + 1; cap++) {
            check_case(v->name, cap, 0);
            check_accepted(v, memcpy(before_wall(len), head, len), len, willing, cap);
        }
        check_reply(v, head, len, &willing);
    }
}

static void check_offer(const struct deflate_offer *v, size_t cap)
{
    size_t size = strlen(v->offer);
    char *out = guarded(cap);

    check_case(v->name, cap, 0);
    CHECK_EQ(ws_pmd_offer(&v->offered, out, cap),
             cap < size ? WS_ERR_BUFFER_TOO_SMALL : (ws_result)size);
    if (cap < size) {
        CHECK_FILL(out, GUARD_BYTE, cap);
    } else {
        CHECK_MEM(out, v->offer, size);
        CHECK_FILL(out + size, GUARD_BYTE, cap - size);
    }
    CHECK(guards_intact(out, cap));
    guarded_free(out);
}

static void check_client(void)
{
    size_t i, cap;

    for (i = 0; i < deflate_offer_vectors_len; i++) {
        for (cap = 0; cap <= strlen(deflate_offer_vectors[i].offer) + 1; cap++) {
            check_offer(&deflate_offer_vectors[i], cap);
        }
    }
    for (i = 0; i < deflate_confirm_vectors_len; i++) {
        const struct deflate_confirm *v = &deflate_confirm_vectors[i];
        ws_pmd_params offered = v->offered, params;
        char head[ROOM];
        size_t len = head_of("HTTP/1.1 101 Switching Protocols\r\n", v->responses,
                             v->responses_len, head);

        check_case(v->name, 0, 0);
        offered.mem_level = 2;
        params = offered;
        CHECK_EQ(ws_pmd_confirm(memcpy(before_wall(len), head, len), len, &params),
                 v->error != 0 ? v->error : v->on);
        if (v->on) {
            check_agreed(&params, &v->agreed, 6, 2);
        } else {
            CHECK_MEM(&params, &offered, sizeof params);
        }
    }
}

/* The payload of a frame, at an inaccessible page, with room for `cap` bytes in each
 * call. Returns 0 or the error. */
static ws_result decompress(ws_pmd *pmd, uint32_t flags, const struct bytes *payload,
                            size_t cap, unsigned char *message, size_t *message_len)
{
    unsigned char *from = put_bytes(payload, before_wall(payload->len));
    size_t done = 0, used;
    ws_result n;

    do {
        n = ws_pmd_decompress(pmd, flags, from + done, payload->len - done, &used,
                              message + *message_len, cap);
        done += used;
        *message_len += n > 0 ? (size_t)n : 0;
    } while (n > 0);
    CHECK_BYTES(from, payload->len, payload);
    CHECK(n < 0 || done == payload->len);
    return n;
}

static void check_messages(const struct deflate_message *v, size_t cap)
{
    static unsigned char message[1 << 18];
    ws_pmd *pmd = ws_pmd_new(v->side, &v->parameters, NULL);
    size_t i, p;

    for (i = 0; i < v->messages_len; i++) {
        const struct compressed *want = &v->messages[i];
        size_t len = 0;
        ws_result error = 0;

        check_case(v->name, i, cap);
        for (p = 0; p < want->payloads_len && error == 0; p++) {
            uint32_t flags = p + 1 < want->payloads_len ? WS_SEND_MORE : 0;

            error = decompress(pmd, flags, &want->payloads[p], cap, message, &len);
        }
        CHECK_EQ(error, want->error);
        if (want->error == 0) {
            CHECK_BYTES(message, len, &want->message);
        }
    }
    ws_pmd_free(pmd);
}

int main(int argc, char **argv)
{
    static const size_t caps[] = {1, 3, 1000, 1 << 17};
    size_t i, c;

    (void)argc;
    check_offers();
    check_client();
    for (i = 0; i < deflate_message_vectors_len; i++) {
        for (c = 0; c < sizeof caps / sizeof *caps; c++) {
            check_messages(&deflate_message_vectors[i], caps[c]);
        }
    }
    return check_done(argv[0]);
}
