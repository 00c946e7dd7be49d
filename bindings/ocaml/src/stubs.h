/*
 * What the stubs share. A stub copies what it returns, and never keeps a pointer into OCaml's heap
 * over an allocation, which may move it.
 */
#ifndef STUBS_H
#define STUBS_H

#define CAML_NAME_SPACE
#include <caml/alloc.h>
#include <caml/callback.h>
#include <caml/custom.h>
#include <caml/fail.h>
#include <caml/memory.h>
#include <caml/mlvalues.h>
#include <stdlib.h>
#include <string.h>
#include <wscodec.h>

#define ENTRIES 64

/* Raises Native.Failed. */
static inline void fail(ws_result error)
{
    caml_raise_with_arg(*caml_named_value("wscodec.failed"), Val_long(error));
}

static inline ws_result checked(ws_result n)
{
    if (n < 0)
        fail(n);
    return n;
}

static inline value new_string(const void *data, size_t len)
{
    return caml_alloc_initialized_string(len, data);
}

/* A string from a range of another one. */
static inline value new_span(value base, ws_span span)
{
    CAMLparam1(base);
    CAMLlocal1(part);
    part = caml_alloc_string(span.len);
    memcpy(Bytes_val(part), String_val(base) + span.off, span.len);
    CAMLreturn(part);
}

/* An absent range is None. */
static inline value new_optional_span(value base, ws_span span)
{
    CAMLparam1(base);
    CAMLlocal1(part);
    if (!span.off && !span.len)
        CAMLreturn(Val_none);
    part = new_span(base, span);
    CAMLreturn(caml_alloc_some(part));
}

static inline value some_if(int condition, value content)
{
    return condition ? caml_alloc_some(content) : Val_none;
}

static inline ws_bytes input_of(value string)
{
    return (ws_bytes){String_val(string), caml_string_length(string)};
}

/* Parameters of permessage-deflate: a record of two booleans and four numbers from 0 to 255. */
static inline ws_pmd_params params_of(value record)
{
    return (ws_pmd_params){(uint8_t)Bool_val(Field(record, 0)), (uint8_t)Bool_val(Field(record, 1)),
                           (uint8_t)Long_val(Field(record, 2)), (uint8_t)Long_val(Field(record, 3)),
                           (uint8_t)Long_val(Field(record, 4)), (uint8_t)Long_val(Field(record, 5)),
                           {0}};
}

static inline value new_params(const ws_pmd_params *params)
{
    value record = caml_alloc_small(6, 0);
    Field(record, 0) = Val_bool(params->server_no_context_takeover);
    Field(record, 1) = Val_bool(params->client_no_context_takeover);
    Field(record, 2) = Val_long(params->server_max_window_bits);
    Field(record, 3) = Val_long(params->client_max_window_bits);
    Field(record, 4) = Val_long(params->level);
    Field(record, 5) = Val_long(params->mem_level);
    return record;
}

value new_response(value data, const ws_response *response);

#endif
