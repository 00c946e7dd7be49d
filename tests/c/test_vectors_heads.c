/* Vectors of requests and responses. Each prefix of a head is in memory of its own. */
#include "check.h"
#include "memory.h"
#include "samples.h"
#include "vectors.h"

#include <stdlib.h>
#include <string.h>

/* Of long heads, only these prefixes are parsed: short ones, and those around the end
 * and the error. */
static int is_parsed(size_t n, size_t len, size_t at)
{
    return n <= 600 || n + 3 > len || (n + 3 > at && n < at + 3);
}

/* The first `n` bytes of a head, before an inaccessible page. */
static void *prefix(const unsigned char *head, size_t n)
{
    return memcpy(before_wall(n), head, n);
}

static ws_result result_of(size_t n, size_t at, size_t len, int error)
{
    return n < at ? 0 : error != 0 ? error : (ws_result)len;
}

static void check_span(const void *head, ws_span span, const struct optional *want)
{
    if (want->presence == ABSENT) {
        CHECK_EQ(span.off, 0);
        CHECK_EQ(span.len, 0);
    } else if (want->presence == PRESENT) {
        CHECK(span.off != 0 || span.len != 0);
        CHECK_BYTES((const char *)head + span.off, span.len, &want->bytes);
    }
}

static void check_request_fields(const struct request *v, const void *head,
                                 const ws_handshake *hs)
{
    CHECK_EQ(hs->head_len, v->request.len);
    check_span(head, hs->method, &v->method);
    check_span(head, hs->target, &v->target);
    check_span(head, hs->host, &v->host);
    check_span(head, hs->origin, &v->origin);
    check_span(head, hs->key, &v->key);
    if (v->http_version != 0) {
        CHECK_EQ(hs->http_version, v->http_version);
    }
}

static void check_request(const struct request *v)
{
    static const ws_handshake zero;
    size_t len = v->request.len, at = result_at(len, v->error_at), n;
    unsigned char *head = new_bytes(&v->request);
    ws_handshake hs;

    for (n = 0; n <= len; n++) {
        ws_result want = result_of(n, at, len, v->error);

        if (!is_parsed(n, len, at)) {
            continue;
        }
        check_case(v->name, n, at);
        memset(&hs, 0xcc, sizeof hs);
        CHECK_EQ(ws_parse_handshake(prefix(head, n), n, &hs, sizeof hs), want);
        if (want > 0 || want == WS_ERR_NOT_UPGRADE) {
            check_request_fields(v, head, &hs);
        } else {
            CHECK_MEM(&hs, &zero, sizeof hs);
        }
    }
    free(head);
}

static void check_response_fields(const struct response *v, const void *head,
                                  const ws_response *response)
{
    CHECK_EQ(response->head_len, v->response.len);
    check_span(head, response->protocol, &v->protocol);
    check_span(head, response->extensions, &v->extensions);
    check_span(head, response->reason, &v->reason);
    if (v->http_version != 0) {
        CHECK_EQ(response->http_version, v->http_version);
    }
    if (v->status != 0) {
        CHECK_EQ(response->status, v->status);
    }
}

static void check_response(const struct response *v)
{
    static const ws_response zero;
    size_t len = v->response.len, at = result_at(len, v->error_at), n;
    unsigned char *request = new_bytes(&v->request), *head = new_bytes(&v->response);
    ws_response response;

    for (n = 0; n <= len; n++) {
        ws_result want = result_of(n, at, len, v->error);

        if (!is_parsed(n, len, at)) {
            continue;
        }
        check_case(v->name, n, at);
        memset(&response, 0xcc, sizeof response);
        CHECK_EQ(ws_parse_response(prefix(head, n), n, request, v->request.len, &response,
                                   sizeof response),
                 want);
        if (want > 0 || want == WS_ERR_HANDSHAKE_STATUS) {
            check_response_fields(v, head, &response);
        } else {
            CHECK_MEM(&response, &zero, sizeof response);
        }
    }
    free(request);
    free(head);
}

static ws_bytes list_of(const char *text)
{
    static const ws_bytes none;

    return text != NULL ? bytes_of(text) : none;
}

/* The functions that do only this. */
static void check_selected(const struct policy *v, const void *head)
{
    ws_bytes origins = list_of(v->origins), protocols = list_of(v->protocols);
    ws_span span;

    if (v->error == 0) {
        CHECK_EQ(ws_select_protocol(head, v->request.len, protocols.data, protocols.len,
                                    &span),
                 v->protocol != NULL);
        CHECK_EQ(span.len, v->protocol != NULL ? strlen(v->protocol) : 0);
        if (v->protocol != NULL) {
            CHECK_MEM(v->protocols + span.off, v->protocol, span.len);
        }
    }
    if (v->origins != NULL && (v->error == 0 || v->error == WS_ERR_HANDSHAKE_ORIGIN) &&
        ws_find_header(head, v->request.len, "Origin", 6, &span) == 1) {
        CHECK_EQ(ws_origin_allowed((const char *)head + span.off, span.len, origins.data,
                                   origins.len),
                 v->error == 0);
    }
}

static void check_policy(const struct policy *v)
{
    void *head = put_bytes(&v->request, before_wall(v->request.len));
    unsigned char out[WS_MAX_REPLY + 100];
    ws_accept_spec spec;
    ws_accepted accepted;
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.origins = list_of(v->origins);
    spec.protocols = list_of(v->protocols);
    spec.flags = v->flags;
    n = ws_conn_accept(head, v->request.len, &spec, sizeof spec, &accepted,
                       sizeof accepted, out, sizeof out);
    check_selected(v, head);
    CHECK(n > 12);
    CHECK_EQ(accepted.error, v->error);
    CHECK_EQ(atoi((char *)out + 9), v->status);
    CHECK_EQ(accepted.protocol.len, v->protocol != NULL ? strlen(v->protocol) : 0);
    if (v->protocol != NULL) {
        CHECK_MEM(v->protocols + accepted.protocol.off, v->protocol, accepted.protocol.len);
    }
    ws_conn_free(accepted.conn);
}

int main(int argc, char **argv)
{
    size_t i;

    (void)argc;
    for (i = 0; i < request_vectors_len; i++) {
        check_request(&request_vectors[i]);
    }
    for (i = 0; i < response_vectors_len; i++) {
        check_response(&response_vectors[i]);
    }
    for (i = 0; i < policy_vectors_len; i++) {
        check_case(policy_vectors[i].name, 0, 0);
        check_policy(&policy_vectors[i]);
    }
    return check_done(argv[0]);
}
