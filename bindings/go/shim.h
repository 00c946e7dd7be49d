/* The functions of wscodec.h with typed pointers, which cgo need not check at each call, and with
 * the members of structs as arguments: Go memory that C reads must not hold Go pointers. */
#ifndef WSCODEC_GO_SHIM_H
#define WSCODEC_GO_SHIM_H

#include <string.h>
#include <wscodec.h>

/* A range of a buffer. Absent: off is -1. */
typedef struct go_piece {
    ptrdiff_t off;
    size_t len;
} go_piece;

/* The structs of wscodec.h that consist of ws_bytes, as arrays. */
static void go_unpack(ws_bytes *out, const uint8_t *base, const go_piece *pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (pieces[i].off >= 0) {
            out[i].data = base + pieces[i].off;
            out[i].len = pieces[i].len;
        }
    }
}

/* Pieces, the opening handshake */

static ws_result go_accept_key(const uint8_t *key, size_t len, uint8_t *out, size_t cap)
{
    return ws_accept_key(key, len, out, cap);
}

static ws_result go_make_key(uint8_t *out, size_t cap)
{
    return ws_make_key(out, cap);
}

static ws_result go_head_length(const uint8_t *buf, size_t len, size_t *scanned)
{
    return ws_head_length(buf, len, scanned);
}

static ws_result go_next_header(const uint8_t *head, size_t len, size_t *pos, ws_span *name,
                                ws_span *value)
{
    return ws_next_header(head, len, pos, name, value);
}

static ws_result go_parse_handshake(const uint8_t *buf, size_t len, ws_handshake *hs)
{
    return ws_parse_handshake(buf, len, hs, sizeof *hs);
}

static ws_result go_parse_response(const uint8_t *buf, size_t len, const uint8_t *request,
                                   size_t request_len, ws_response *response)
{
    return ws_parse_response(buf, len, request, request_len, response, sizeof *response);
}

/* pieces: those of ws_request_spec */
static ws_result go_build_request(const uint8_t *base, const go_piece *pieces, uint8_t *out,
                                  size_t cap)
{
    ws_request_spec spec;
    memset(&spec, 0, sizeof spec);
    go_unpack(&spec.host, base, pieces, sizeof spec / sizeof(ws_bytes));
    return ws_build_request(&spec, sizeof spec, out, cap);
}

/* pieces: those of ws_response_spec */
static ws_result go_build_response(const uint8_t *base, const go_piece *pieces, uint8_t *out,
                                   size_t cap)
{
    ws_response_spec spec;
    memset(&spec, 0, sizeof spec);
    go_unpack(&spec.key, base, pieces, sizeof spec / sizeof(ws_bytes));
    return ws_build_response(&spec, sizeof spec, out, cap);
}

static ws_result go_build_reply(uint16_t status, const uint8_t *body, size_t len, uint8_t *out,
                                size_t cap)
{
    return ws_build_reply(status, NULL, 0, body, len, out, cap);
}

#define GO_REQUEST_FIELDS 12

/* pieces: the first GO_REQUEST_FIELDS members of ws_request_fields */
static ws_result go_check_request(const uint8_t *base, const go_piece *pieces, uint32_t version)
{
    ws_request_fields fields;
    memset(&fields, 0, sizeof fields);
    go_unpack(&fields.method, base, pieces, GO_REQUEST_FIELDS);
    fields.http_version = version;
    return ws_check_request(&fields, sizeof fields);
}

static ws_result go_select_protocol(const uint8_t *offered, size_t offered_len,
                                    const uint8_t *supported, size_t supported_len, ws_span *chosen)
{
    return ws_select_protocol_value(offered, offered_len, supported, supported_len, chosen);
}

static ws_result go_pmd_accept(const uint8_t *offers, size_t len, ws_pmd_params *params,
                               uint8_t *out, size_t cap)
{
    return ws_pmd_accept_value(offers, len, params, out, cap);
}

static ws_result go_pmd_offer(const ws_pmd_params *params, uint8_t *out, size_t cap)
{
    return ws_pmd_offer(params, out, cap);
}

/* Frames, text and close payloads */

static ws_result go_frame_decode(uint8_t *buf, size_t len, uint32_t flags, ws_frame *frame)
{
    return ws_frame_decode(buf, len, flags, frame);
}

static ws_result go_frame_encode(int opcode, uint32_t flags, const uint8_t *key,
                                 const uint8_t *payload, size_t len, uint8_t *out, size_t cap)
{
    return ws_frame_encode(opcode, flags, key, payload, len, out, cap);
}

static ws_result go_frame_header(int opcode, uint32_t flags, const uint8_t *key, uint64_t len,
                                 uint8_t *out, size_t cap)
{
    return ws_frame_header(opcode, flags, key, len, out, cap);
}

static ws_result go_decoder_feed(ws_decoder *decoder, uint8_t *buf, size_t len, ws_frame *frames,
                                 size_t cap, size_t *used)
{
    return ws_decoder_feed(decoder, buf, len, frames, cap, used);
}

static ws_result go_utf8_validate(uint32_t *state, const uint8_t *buf, size_t len)
{
    return ws_utf8_validate(state, buf, len);
}

static ws_result go_close_parse(const uint8_t *payload, size_t len, uint16_t *code)
{
    return ws_close_parse(payload, len, code);
}

static ws_result go_close_build(uint16_t code, const uint8_t *reason, size_t len, uint8_t *out,
                                size_t cap)
{
    return ws_close_build(code, reason, len, out, cap);
}

/* The connection */

/* A ws_conn *. As a number: cgo would check a pointer at each call, with an allocation. */
typedef uintptr_t go_conn;

#define GO_CONN(conn) ((ws_conn *)(conn))

static go_conn go_conn_new(uint32_t side)
{
    return (go_conn)ws_conn_new(side, NULL);
}

static void go_conn_free(go_conn conn)
{
    ws_conn_free(GO_CONN(conn));
}

static ws_result go_conn_set_pmd(go_conn conn, const ws_pmd_params *params)
{
    return ws_conn_set_pmd(GO_CONN(conn), params);
}

static ws_result go_conn_get_pmd(go_conn conn, ws_pmd_params *params)
{
    return ws_conn_get_pmd(GO_CONN(conn), params);
}

static ws_result go_conn_set(go_conn conn, int option, uint64_t value)
{
    return ws_conn_set(GO_CONN(conn), option, value);
}

static ws_result go_conn_get(go_conn conn, int option, uint64_t *value)
{
    return ws_conn_get(GO_CONN(conn), option, value);
}

static size_t go_conn_send_bound(go_conn conn, size_t len)
{
    return ws_conn_send_bound(GO_CONN(conn), len);
}

static ws_result go_conn_finish(go_conn conn)
{
    return ws_conn_finish(GO_CONN(conn));
}

static int go_conn_state(go_conn conn)
{
    return ws_conn_state(GO_CONN(conn));
}

/* Copies the data of a collected event, whose length it has. */
static void go_conn_copy(go_conn conn, const ws_event *event, uint8_t *out)
{
    memcpy(out, ws_event_data(GO_CONN(conn), NULL, event), event->len);
}

/* pieces: protocols, headers, origins */
static ws_result go_conn_accept(const uint8_t *buf, size_t len, const uint8_t *base,
                                const go_piece *pieces, const ws_pmd_params *pmd, uint32_t flags,
                                ws_accepted *accepted, uint8_t *out, size_t cap)
{
    ws_accept_spec spec;
    memset(&spec, 0, sizeof spec);
    go_unpack(&spec.protocols, base, pieces, 1);
    go_unpack(&spec.headers, base, pieces + 1, 1);
    go_unpack(&spec.origins, base, pieces + 2, 1);
    spec.pmd = pmd;
    spec.flags = flags;
    return ws_conn_accept(buf, len, &spec, sizeof spec, accepted, sizeof *accepted, out, cap);
}

static ws_result go_conn_confirm(const uint8_t *buf, size_t len, const uint8_t *request,
                                 size_t request_len, const ws_pmd_params *offered, go_conn *conn,
                                 ws_response *response)
{
    ws_conn *confirmed;
    ws_result n = ws_conn_confirm(buf, len, request, request_len, offered, NULL, &confirmed,
                                  response, sizeof *response);
    *conn = (go_conn)confirmed;
    return n;
}

static ws_result go_conn_recv(go_conn conn, uint8_t *buf, size_t len, ws_event *events,
                              size_t cap, size_t *used)
{
    return ws_conn_recv(GO_CONN(conn), buf, len, events, cap, used);
}

static ws_result go_conn_send(go_conn conn, int opcode, uint32_t flags, const uint8_t *payload,
                              size_t len, uint8_t *out, size_t cap)
{
    return ws_conn_send(GO_CONN(conn), opcode, flags, payload, len, out, cap);
}

static ws_result go_conn_output(go_conn conn, uint8_t *out, size_t cap)
{
    return ws_conn_output(GO_CONN(conn), out, cap);
}

static ws_result go_conn_close(go_conn conn, uint16_t code, const uint8_t *reason, size_t len,
                               uint8_t *out, size_t cap)
{
    return ws_conn_close(GO_CONN(conn), code, reason, len, out, cap);
}

#endif
