/* Heads of the opening handshake, and what they negotiate. */
#include "stubs.h"

#define MAX_EXTENSION 256 /* Enough for any value that ws_pmd_*() writes. */

static value new_request(value data, const ws_handshake *hs)
{
    CAMLparam1(data);
    CAMLlocal2(made, part);
    made = caml_alloc(7, 0);
    part = new_span(data, (ws_span){0, hs->head_len});
    Store_field(made, 0, part);
    part = new_span(data, hs->method);
    Store_field(made, 1, part);
    part = new_span(data, hs->target);
    Store_field(made, 2, part);
    part = new_optional_span(data, hs->host);
    Store_field(made, 3, part);
    part = new_optional_span(data, hs->origin);
    Store_field(made, 4, part);
    part = new_optional_span(data, hs->key);
    Store_field(made, 5, part);
    Store_field(made, 6, Val_long(hs->http_version));
    CAMLreturn(made);
}

value new_response(value data, const ws_response *response)
{
    CAMLparam1(data);
    CAMLlocal2(made, part);
    made = caml_alloc(6, 0);
    part = new_span(data, (ws_span){0, response->head_len});
    Store_field(made, 0, part);
    Store_field(made, 1, Val_long(response->status));
    part = new_span(data, response->reason);
    Store_field(made, 2, part);
    part = new_optional_span(data, response->protocol);
    Store_field(made, 3, part);
    part = new_optional_span(data, response->extensions);
    Store_field(made, 4, part);
    Store_field(made, 5, Val_long(response->http_version));
    CAMLreturn(made);
}

/* The result of parsing, a count or an error, with the head if it could be read. */
static value new_parsed(ws_result n, value head)
{
    CAMLparam1(head);
    CAMLlocal1(both);
    both = caml_alloc_small(2, 0);
    Field(both, 0) = Val_long(n);
    Field(both, 1) = head;
    CAMLreturn(both);
}

value wscodec_parse_request(value data)
{
    CAMLparam1(data);
    CAMLlocal1(head);
    ws_handshake hs;
    ws_bytes in = input_of(data);
    ws_result n = ws_parse_handshake(in.data, in.len, &hs, sizeof hs);
    head = hs.head_len ? new_request(data, &hs) : Val_unit;
    head = some_if(hs.head_len != 0, head);
    CAMLreturn(new_parsed(n, head));
}

value wscodec_parse_response(value data, value request)
{
    CAMLparam2(data, request);
    CAMLlocal1(head);
    ws_response response;
    ws_bytes in = input_of(data), sent = input_of(request);
    ws_result n = ws_parse_response(in.data, in.len, sent.data, sent.len, &response,
                                    sizeof response);
    head = response.head_len ? new_response(data, &response) : Val_unit;
    head = some_if(response.head_len != 0, head);
    CAMLreturn(new_parsed(n, head));
}

value wscodec_find_header(value head, value name)
{
    CAMLparam2(head, name);
    CAMLlocal1(found);
    ws_span span;
    ws_bytes in = input_of(head), wanted = input_of(name);
    if (checked(ws_find_header(in.data, in.len, wanted.data, wanted.len, &span)) == 0)
        CAMLreturn(Val_none);
    found = new_span(head, span);
    CAMLreturn(caml_alloc_some(found));
}

/* Takes an array: host, target, key, origin, protocols, extensions, headers. */
value wscodec_build_request(value parts)
{
    CAMLparam1(parts);
    CAMLlocal1(made);
    ws_request_spec spec = {
        input_of(Field(parts, 0)), input_of(Field(parts, 1)), input_of(Field(parts, 2)),
        input_of(Field(parts, 3)), input_of(Field(parts, 4)), input_of(Field(parts, 5)),
        input_of(Field(parts, 6))};
    char *out = malloc(WS_MAX_HEAD);
    if (!out)
        caml_raise_out_of_memory();
    ws_result n = ws_build_request(&spec, sizeof spec, out, WS_MAX_HEAD);
    if (n >= 0)
        made = new_string(out, (size_t)n);
    free(out);
    checked(n);
    CAMLreturn(made);
}

value wscodec_pmd_offer(value record)
{
    ws_pmd_params params = params_of(record);
    char out[MAX_EXTENSION];
    return new_string(out, (size_t)checked(ws_pmd_offer(&params, out, sizeof out)));
}

/* Returns what was agreed on, and the value of the response. */
value wscodec_pmd_accept(value record, value offers)
{
    CAMLparam0();
    CAMLlocal3(agreed, response, both);
    ws_pmd_params params = params_of(record);
    char out[MAX_EXTENSION];
    ws_bytes in = input_of(offers);
    ws_result n = checked(ws_pmd_accept_value(in.data, in.len, &params, out, sizeof out));
    if (n == 0)
        CAMLreturn(Val_none);
    agreed = new_params(&params);
    response = new_string(out, (size_t)n);
    both = caml_alloc_small(2, 0);
    Field(both, 0) = agreed;
    Field(both, 1) = response;
    CAMLreturn(caml_alloc_some(both));
}

value wscodec_pmd_confirm(value record, value response)
{
    CAMLparam0();
    CAMLlocal1(agreed);
    ws_pmd_params params = params_of(record);
    ws_bytes in = input_of(response);
    if (checked(ws_pmd_confirm_value(in.data, in.len, &params)) == 0)
        CAMLreturn(Val_none);
    agreed = new_params(&params);
    CAMLreturn(caml_alloc_some(agreed));
}
