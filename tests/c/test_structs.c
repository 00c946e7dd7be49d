/* The layout of structs, which other languages copy; and callers that were
 * compiled with another version of a struct. */
#include "abi_sizes.h"
#include "check.h"
#include "memory.h"
#include "samples.h"

#include <stdlib.h>
#include <string.h>

#define ASSERT_NAME(line) layout_##line
#define ASSERT_AT(cond, line) typedef char ASSERT_NAME(line)[(cond) ? 1 : -1]
#define AT_LINE(cond, line) ASSERT_AT(cond, line)
#define STATIC_ASSERT(cond) AT_LINE(cond, __LINE__)
#define SIZE(type, size) STATIC_ASSERT(sizeof(type) == (size))
#define FIELD(type, field, offset, size)              \
    STATIC_ASSERT(offsetof(type, field) == (offset) && \
                  sizeof(((type *)0)->field) == (size))

enum { P = sizeof(void *), Z = sizeof(size_t), B = P + Z };

STATIC_ASSERT(sizeof(ws_result) == sizeof(size_t));
STATIC_ASSERT((ws_result)-1 < 0);

SIZE(ws_span, 8);
FIELD(ws_span, off, 0, 4);
FIELD(ws_span, len, 4, 4);

SIZE(ws_handshake, 48);
FIELD(ws_handshake, method, 0, 8);
FIELD(ws_handshake, target, 8, 8);
FIELD(ws_handshake, host, 16, 8);
FIELD(ws_handshake, origin, 24, 8);
FIELD(ws_handshake, key, 32, 8);
FIELD(ws_handshake, head_len, 40, 4);
FIELD(ws_handshake, http_version, 44, 4);

SIZE(ws_bytes, B);
FIELD(ws_bytes, data, 0, P);
FIELD(ws_bytes, len, P, Z);

SIZE(ws_response_spec, 4 * B);
FIELD(ws_response_spec, key, 0, B);
FIELD(ws_response_spec, protocol, B, B);
FIELD(ws_response_spec, extensions, 2 * B, B);
FIELD(ws_response_spec, headers, 3 * B, B);

SIZE(ws_request_spec, 7 * B);
FIELD(ws_request_spec, host, 0, B);
FIELD(ws_request_spec, target, B, B);
FIELD(ws_request_spec, key, 2 * B, B);
FIELD(ws_request_spec, origin, 3 * B, B);
FIELD(ws_request_spec, protocols, 4 * B, B);
FIELD(ws_request_spec, extensions, 5 * B, B);
FIELD(ws_request_spec, headers, 6 * B, B);

SIZE(ws_response, 32);
FIELD(ws_response, protocol, 0, 8);
FIELD(ws_response, extensions, 8, 8);
FIELD(ws_response, head_len, 16, 4);
FIELD(ws_response, status, 20, 2);
FIELD(ws_response, http_version, 22, 2);
FIELD(ws_response, reason, 24, 8);

SIZE(ws_frame, 40);
FIELD(ws_frame, payload_len, 0, 8);
FIELD(ws_frame, chunk_pos, 8, 8);
FIELD(ws_frame, chunk_off, 16, 8);
FIELD(ws_frame, chunk_len, 24, 8);
FIELD(ws_frame, mask_key, 32, 4);
FIELD(ws_frame, opcode, 36, 1);
FIELD(ws_frame, flags, 37, 1);
FIELD(ws_frame, header_len, 38, 1);
FIELD(ws_frame, message_opcode, 39, 1);

SIZE(ws_decoder, 64);
FIELD(ws_decoder, opaque, 0, 64);

SIZE(ws_control, 144);
FIELD(ws_control, opaque, 0, 144);

SIZE(ws_out_frame, P + Z + 8);
FIELD(ws_out_frame, payload, 0, P);
FIELD(ws_out_frame, payload_len, P, Z);
FIELD(ws_out_frame, mask_key, P + Z, 4);
FIELD(ws_out_frame, opcode, P + Z + 4, 1);
FIELD(ws_out_frame, flags, P + Z + 5, 1);
FIELD(ws_out_frame, reserved, P + Z + 6, 2);

SIZE(ws_pmd_params, 8);
FIELD(ws_pmd_params, server_no_context_takeover, 0, 1);
FIELD(ws_pmd_params, client_no_context_takeover, 1, 1);
FIELD(ws_pmd_params, server_max_window_bits, 2, 1);
FIELD(ws_pmd_params, client_max_window_bits, 3, 1);
FIELD(ws_pmd_params, level, 4, 1);
FIELD(ws_pmd_params, mem_level, 5, 1);
FIELD(ws_pmd_params, reserved, 6, 2);

SIZE(ws_allocator, 4 * P);
FIELD(ws_allocator, alloc, 0, P);
FIELD(ws_allocator, resize, P, P);
FIELD(ws_allocator, free, 2 * P, P);
FIELD(ws_allocator, user, 3 * P, P);

SIZE(ws_accept_spec, 3 * B + 2 * P + 8);
FIELD(ws_accept_spec, protocols, 0, B);
FIELD(ws_accept_spec, headers, B, B);
FIELD(ws_accept_spec, pmd, 2 * B, P);
FIELD(ws_accept_spec, allocator, 2 * B + P, P);
FIELD(ws_accept_spec, origins, 2 * B + 2 * P, B);
FIELD(ws_accept_spec, flags, 3 * B + 2 * P, 4);
FIELD(ws_accept_spec, reserved, 3 * B + 2 * P + 4, 4);

SIZE(ws_accepted, P + Z + 16);
FIELD(ws_accepted, conn, 0, P);
FIELD(ws_accepted, error, P, Z);
FIELD(ws_accepted, head_len, P + Z, 4);
FIELD(ws_accepted, protocol, P + Z + 4, 8);
FIELD(ws_accepted, reserved, P + Z + 12, 4);

SIZE(ws_request_fields, 12 * B + 8);
FIELD(ws_request_fields, method, 0, B);
FIELD(ws_request_fields, host, B, B);
FIELD(ws_request_fields, upgrade, 2 * B, B);
FIELD(ws_request_fields, connection, 3 * B, B);
FIELD(ws_request_fields, key, 4 * B, B);
FIELD(ws_request_fields, version, 5 * B, B);
FIELD(ws_request_fields, origin, 6 * B, B);
FIELD(ws_request_fields, extensions, 7 * B, B);
FIELD(ws_request_fields, content_length, 8 * B, B);
FIELD(ws_request_fields, transfer_encoding, 9 * B, B);
FIELD(ws_request_fields, connect_protocol, 10 * B, B);
FIELD(ws_request_fields, origins, 11 * B, B);
FIELD(ws_request_fields, http_version, 12 * B, 4);
FIELD(ws_request_fields, reserved, 12 * B + 4, 4);

SIZE(ws_response_fields, 8 * B + 8);
FIELD(ws_response_fields, upgrade, 0, B);
FIELD(ws_response_fields, connection, B, B);
FIELD(ws_response_fields, accept, 2 * B, B);
FIELD(ws_response_fields, protocol, 3 * B, B);
FIELD(ws_response_fields, extensions, 4 * B, B);
FIELD(ws_response_fields, key, 5 * B, B);
FIELD(ws_response_fields, offered_protocols, 6 * B, B);
FIELD(ws_response_fields, offered_extensions, 7 * B, B);
FIELD(ws_response_fields, http_version, 8 * B, 4);
FIELD(ws_response_fields, status, 8 * B + 4, 2);
FIELD(ws_response_fields, reserved, 8 * B + 6, 2);

SIZE(ws_event, 24);
FIELD(ws_event, off, 0, 8);
FIELD(ws_event, len, 8, 8);
FIELD(ws_event, opcode, 16, 2);
FIELD(ws_event, flags, 18, 2);
FIELD(ws_event, close_code, 20, 2);
FIELD(ws_event, reserved, 22, 2);

enum { LONGEST_TAIL = 40 };

/* What the library promises for a size: sizes that the struct has had, and all
 * larger ones, are valid. */
struct sizes {
    size_t known; /* Today's. */
    const size_t *recorded;
    size_t count;
};
#define SIZES(type)                  \
    {sizeof(type), sizes_of_##type, \
     sizeof sizes_of_##type / sizeof *sizes_of_##type}

enum validity { REFUSED, VALID, NEVER_USED };

static enum validity validity_of(size_t size, const struct sizes *sizes)
{
    size_t i;

    if (size < sizes->recorded[0]) {
        return REFUSED;
    }
    for (i = 0; i < sizes->count; i++) {
        if (size == sizes->recorded[i]) {
            return VALID;
        }
    }
    return size > sizes->known ? VALID : NEVER_USED;
}

static void check_recorded(const struct sizes *sizes)
{
    CHECK_EQ(sizes->recorded[sizes->count - 1], sizes->known);
}

/* ---- output ---- */

static ws_result handshake(void *out, size_t size, const char *text)
{
    return ws_parse_handshake(text, strlen(text), out, size);
}

static ws_result response(void *out, size_t size, const char *text)
{
    return ws_parse_response(text, strlen(text), request_text,
                             strlen(request_text), out, size);
}

/* 1 if the request is rejected: then the struct contains no pointer. */
static ws_result rejected(void *out, size_t size, const char *text)
{
    ws_accept_spec spec;
    char reply[WS_MAX_REPLY];
    ws_result n;

    memset(&spec, 0, sizeof spec);
    spec.origins = bytes_of("https://another.example");
    n = ws_conn_accept(text, strlen(text), &spec, sizeof spec, out, size, reply,
                       sizeof reply);
    return n > 0 ? 1 : n;
}

/* Output structs, smaller and larger than this library's. */
static void check_output(ws_result (*fill)(void *, size_t, const char *),
                         const char *text, ws_result want, struct sizes sizes)
{
    unsigned char *reference = fresh(sizes.known);
    size_t size;

    check_recorded(&sizes);
    CHECK_EQ(fill(reference, sizes.known, text), want);
    for (size = 0; size <= sizes.known + LONGEST_TAIL; size++) {
        unsigned char *out = guarded(size);
        size_t shared = size < sizes.known ? size : sizes.known;

        check_case(text, size, sizes.known);
        switch (validity_of(size, &sizes)) {
        case REFUSED:
            CHECK_EQ(fill(out, size, text), WS_ERR_INVALID_ARGUMENT);
            CHECK_FILL(out, GUARD_BYTE, size);
            break;
        case VALID:
            CHECK_EQ(fill(out, size, text), want);
            CHECK_MEM(out, reference, shared);
            CHECK_FILL(out + shared, 0, size - shared);
            break;
        case NEVER_USED:
            break;
        }
        CHECK(guards_intact(out, size));
        guarded_free(out);
    }
    free(reference);
}

/* ---- input ---- */

static unsigned char written[512];

static ws_result build_request(const void *spec, size_t size)
{
    return ws_build_request(spec, size, written, sizeof written);
}

static ws_result build_response(const void *spec, size_t size)
{
    return ws_build_response(spec, size, written, sizeof written);
}

static ws_result accept(const void *spec, size_t size)
{
    unsigned char nothing;
    ws_conn *conn = (ws_conn *)(void *)&nothing;
    ws_result result = try_to_accept(request_text, strlen(request_text), spec,
                                      size, &conn, written, sizeof written);

    CHECK_EQ(conn != NULL, result > 0);
    ws_conn_free(conn);
    return result;
}

static ws_result check_request(const void *fields, size_t size)
{
    return ws_check_request(fields, size);
}

static ws_result check_response(const void *fields, size_t size)
{
    return ws_check_response(fields, size);
}

static void check_refused(ws_result (*use)(const void *, size_t),
                          const void *spec, size_t size, ws_result want)
{
    memset(written, GUARD_BYTE, sizeof written);
    CHECK_EQ(use(spec, size), want);
    CHECK_FILL(written, GUARD_BYTE, sizeof written);
}

/* Input structs, smaller and larger than this library's. */
static void check_input(ws_result (*use)(const void *, size_t),
                        const void *spec, ws_result want, struct sizes sizes)
{
    size_t size, at, known = sizes.known;

    check_recorded(&sizes);
    for (size = 0; size <= known + LONGEST_TAIL; size++) {
        unsigned char *copy = fresh(size);

        check_case("spec of size", size, known);
        memset(copy, 0, size);
        memcpy(copy, spec, size < known ? size : known);
        switch (validity_of(size, &sizes)) {
        case REFUSED:
            check_refused(use, copy, size, WS_ERR_INVALID_ARGUMENT);
            break;
        case VALID:
            CHECK_EQ(use(copy, size), want);
            break;
        case NEVER_USED:
            break;
        }
        for (at = known; at < size; at++) {
            copy[at] = 1;
            check_refused(use, copy, size, WS_ERR_UNSUPPORTED);
            copy[at] = 0;
        }
        free(copy);
    }
}

static void check_outputs(void)
{
    const struct sizes of_handshake = SIZES(ws_handshake);
    const struct sizes of_response = SIZES(ws_response);
    const struct sizes of_accepted = SIZES(ws_accepted);

    check_output(handshake, request_text, (ws_result)strlen(request_text),
                 of_handshake);
    check_output(handshake, "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                 WS_ERR_NOT_UPGRADE, of_handshake);
    check_output(handshake, "GET /\r\n\r\n", WS_ERR_HTTP_SYNTAX, of_handshake);
    check_output(response, response_text, (ws_result)strlen(response_text),
                 of_response);
    check_output(response, "HTTP/1.1 404 Not Found\r\n\r\n",
                 WS_ERR_HANDSHAKE_STATUS, of_response);
    check_output(response, "HTTP/1.1 101\n", WS_ERR_HTTP_SYNTAX, of_response);
    check_output(rejected, request_text, 1, of_accepted);
}

static void check_inputs(void)
{
    const struct sizes of_request_spec = SIZES(ws_request_spec);
    const struct sizes of_response_spec = SIZES(ws_response_spec);
    const struct sizes of_accept_spec = SIZES(ws_accept_spec);
    const struct sizes of_request_fields = SIZES(ws_request_fields);
    const struct sizes of_response_fields = SIZES(ws_response_fields);
    ws_request_spec request_spec;
    ws_response_spec response_spec;
    ws_accept_spec accept_spec;
    ws_request_fields request_fields;
    ws_response_fields response_fields;

    memset(&request_spec, 0, sizeof request_spec);
    request_spec.host = bytes_of("a");
    request_spec.target = bytes_of("/");
    request_spec.key = bytes_of("dGhlIHNhbXBsZSBub25jZQ==");
    check_input(build_request, &request_spec, 16 + 9 + 20 + 21 + 45 + 27 + 2,
                of_request_spec);
    memset(&response_spec, 0, sizeof response_spec);
    response_spec.key = request_spec.key;
    check_input(build_response, &response_spec, 34 + 20 + 21 + 52 + 2,
                of_response_spec);
    memset(&accept_spec, 0, sizeof accept_spec);
    accept_spec.protocols = bytes_of("chat");
    check_input(accept, &accept_spec, 34 + 20 + 21 + 52 + 30 + 2,
                of_accept_spec);
    memset(&request_fields, 0, sizeof request_fields);
    request_fields.http_version = 20;
    request_fields.method = bytes_of("CONNECT");
    request_fields.connect_protocol = bytes_of("websocket");
    request_fields.host = bytes_of("a");
    request_fields.version = bytes_of("13");
    check_input(check_request, &request_fields, WS_OK, of_request_fields);
    memset(&response_fields, 0, sizeof response_fields);
    response_fields.http_version = 20;
    response_fields.status = 200;
    check_input(check_response, &response_fields, WS_OK, of_response_fields);
}

int main(int argc, char **argv)
{
    (void)argc;
    check_outputs();
    check_inputs();
    return check_done(argv[0]);
}
