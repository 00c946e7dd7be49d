/* A connection is a custom block; its finalizer frees it, unless the program has. */
#include "stubs.h"

#define CONN(value) (*(ws_conn **)Data_custom_val(value))

static void finalize(value block)
{
    ws_conn_free(CONN(block));
}

static struct custom_operations operations = {
    "wscodec.connection", finalize, custom_compare_default, custom_hash_default,
    custom_serialize_default, custom_deserialize_default, custom_compare_ext_default,
    custom_fixed_length_default};

/* The library's functions would take NULL for an invalid argument. */
static ws_conn *conn_of(value block)
{
    if (!CONN(block))
        caml_invalid_argument("Wscodec.Connection: the connection was freed");
    return CONN(block);
}

static value new_block(void)
{
    value block = caml_alloc_custom_mem(&operations, sizeof(ws_conn *), WS_MAX_CONN);
    CONN(block) = NULL;
    return block;
}

value wscodec_conn_new(value side)
{
    value block = new_block();
    CONN(block) = ws_conn_new((uint32_t)Long_val(side), NULL);
    if (!CONN(block))
        caml_raise_out_of_memory();
    return block;
}

value wscodec_conn_free(value block)
{
    ws_conn_free(CONN(block));
    CONN(block) = NULL;
    return Val_unit;
}

value wscodec_conn_is_freed(value block)
{
    return Val_bool(!CONN(block));
}

static value new_event(value block, value buf, size_t from, const ws_event *event)
{
    CAMLparam2(block, buf);
    CAMLlocal2(made, data);
    data = caml_alloc_string((size_t)event->len);
    memcpy(Bytes_val(data), ws_event_data(CONN(block), Bytes_val(buf) + from, event),
           (size_t)event->len);
    made = caml_alloc_small(4, 0);
    Field(made, 0) = Val_long(event->opcode);
    Field(made, 1) = Val_long(event->flags);
    Field(made, 2) = Val_long(event->close_code);
    Field(made, 3) = data;
    CAMLreturn(made);
}

/* Returns the number of bytes used, and the events. Payloads are unmasked in `buf`. */
value wscodec_conn_recv(value block, value buf, value pos, value len)
{
    CAMLparam2(block, buf);
    CAMLlocal3(list, event, both);
    ws_event events[ENTRIES];
    size_t used, from = (size_t)Long_val(pos);
    ws_result n = checked(ws_conn_recv(conn_of(block), Bytes_val(buf) + from, (size_t)Long_val(len),
                                       events, ENTRIES, &used));
    list = caml_alloc((mlsize_t)n, 0);
    for (ws_result i = 0; i < n; i++) {
        event = new_event(block, buf, from, &events[i]);
        Store_field(list, (mlsize_t)i, event);
    }
    both = caml_alloc_small(2, 0);
    Field(both, 0) = Val_long(used);
    Field(both, 1) = list;
    CAMLreturn(both);
}

/* The next three write to `out` from `pos`, and return the number of bytes. */

/* Takes the opcode, and the flags times 16. */
value wscodec_conn_send(value block, value kind, value data, value out, value pos)
{
    size_t from = (size_t)Long_val(pos);
    int opcode = (int)(Long_val(kind) & 15);
    uint32_t flags = (uint32_t)(Long_val(kind) >> 4);
    ws_bytes in = input_of(data);
    return Val_long(checked(ws_conn_send(conn_of(block), opcode, flags, in.data, in.len,
                                         Bytes_val(out) + from, caml_string_length(out) - from)));
}

value wscodec_conn_close(value block, value code, value reason, value out, value pos)
{
    size_t from = (size_t)Long_val(pos);
    ws_bytes in = input_of(reason);
    return Val_long(checked(ws_conn_close(conn_of(block), (uint16_t)Long_val(code), in.data, in.len,
                                          Bytes_val(out) + from, caml_string_length(out) - from)));
}

value wscodec_conn_output(value block, value out, value pos)
{
    size_t from = (size_t)Long_val(pos);
    return Val_long(checked(ws_conn_output(conn_of(block), Bytes_val(out) + from,
                                           caml_string_length(out) - from)));
}

value wscodec_conn_send_bound(value block, value len)
{
    return Val_long(ws_conn_send_bound(conn_of(block), (size_t)Long_val(len)));
}

value wscodec_conn_finish(value block)
{
    checked(ws_conn_finish(conn_of(block)));
    return Val_unit;
}

value wscodec_conn_state(value block)
{
    return Val_long(ws_conn_state(conn_of(block)));
}

value wscodec_conn_set(value block, value option, value number)
{
    checked(ws_conn_set(conn_of(block), (int)Long_val(option), (uint64_t)Long_val(number)));
    return Val_unit;
}

value wscodec_conn_get(value block, value option)
{
    uint64_t number;
    checked(ws_conn_get(conn_of(block), (int)Long_val(option), &number));
    return Val_long(number);
}

value wscodec_conn_set_pmd(value block, value record)
{
    ws_pmd_params params = params_of(record);
    checked(ws_conn_set_pmd(conn_of(block), &params));
    return Val_unit;
}

value wscodec_conn_get_pmd(value block)
{
    CAMLparam0();
    CAMLlocal1(agreed);
    ws_pmd_params params;
    if (checked(ws_conn_get_pmd(conn_of(block), &params)) == 0)
        CAMLreturn(Val_none);
    agreed = new_params(&params);
    CAMLreturn(caml_alloc_some(agreed));
}

/* Takes the bytes received; and protocols, headers, Some parameters, Some origins, flags. Returns
 * the reply, the length of the head, the error, the subprotocol, and the connection, which is freed
 * already if the request was rejected; None if the request is incomplete. */
value wscodec_conn_accept(value data, value spec_record)
{
    CAMLparam2(data, spec_record);
    CAMLlocal5(block, reply, protocol, made, protocols);
    ws_accept_spec spec;
    ws_accepted accepted;
    ws_pmd_params params;
    memset(&spec, 0, sizeof spec);
    block = new_block();
    protocols = Field(spec_record, 0);
    size_t room = WS_MAX_REPLY + caml_string_length(protocols)
        + caml_string_length(Field(spec_record, 1));
    char *out = malloc(room);
    if (!out)
        caml_raise_out_of_memory();
    spec.protocols = input_of(protocols);
    spec.headers = input_of(Field(spec_record, 1));
    if (Is_some(Field(spec_record, 2))) {
        params = params_of(Some_val(Field(spec_record, 2)));
        spec.pmd = &params;
    }
    if (Is_some(Field(spec_record, 3)))
        spec.origins = input_of(Some_val(Field(spec_record, 3)));
    spec.flags = (uint32_t)Long_val(Field(spec_record, 4));
    ws_bytes in = input_of(data);
    ws_result n = ws_conn_accept(in.data, in.len, &spec, sizeof spec, &accepted, sizeof accepted,
                                 out, room);
    CONN(block) = accepted.conn;
    reply = n > 0 ? new_string(out, (size_t)n) : Val_unit;
    free(out);
    if (checked(n) == 0)
        CAMLreturn(Val_none);
    protocol = new_span(protocols, accepted.protocol);
    made = caml_alloc_small(5, 0);
    Field(made, 0) = reply;
    Field(made, 1) = Val_long(accepted.head_len);
    Field(made, 2) = Val_long(accepted.error);
    Field(made, 3) = protocol;
    Field(made, 4) = block;
    CAMLreturn(caml_alloc_some(made));
}

/* Returns the result, Some response, and the connection. */
value wscodec_conn_confirm(value data, value request, value offered)
{
    CAMLparam3(data, request, offered);
    CAMLlocal3(block, head, made);
    ws_pmd_params params;
    ws_response response;
    ws_conn *conn;
    block = new_block();
    if (Is_some(offered))
        params = params_of(Some_val(offered));
    ws_bytes in = input_of(data), sent = input_of(request);
    ws_result n = ws_conn_confirm(in.data, in.len, sent.data, sent.len,
                                  Is_some(offered) ? &params : NULL, NULL, &conn, &response,
                                  sizeof response);
    CONN(block) = conn;
    head = response.head_len ? new_response(data, &response) : Val_unit;
    head = some_if(response.head_len != 0, head);
    made = caml_alloc_small(3, 0);
    Field(made, 0) = Val_long(n);
    Field(made, 1) = head;
    Field(made, 2) = block;
    CAMLreturn(made);
}
