/* Errors, keys, text, close payloads and frames. */
#include "stubs.h"

value wscodec_error_name(value error)
{
    return caml_copy_string(ws_errname(Long_val(error)));
}

value wscodec_error_message(value error)
{
    return caml_copy_string(ws_strerror(Long_val(error)));
}

value wscodec_close_code_for(value error)
{
    return Val_long(ws_close_code_for(Long_val(error)));
}

value wscodec_http_status(value error)
{
    return Val_long(ws_http_status(Long_val(error)));
}

value wscodec_make_key(value unit)
{
    char key[WS_KEY_LEN];
    (void)unit;
    return new_string(key, (size_t)checked(ws_make_key(key, sizeof key)));
}

value wscodec_accept_key(value key)
{
    char out[WS_ACCEPT_LEN];
    ws_bytes in = input_of(key);
    return new_string(out, (size_t)checked(ws_accept_key(in.data, in.len, out, sizeof out)));
}

/* Takes the state of the text so far; returns the next one. */
value wscodec_utf8(value before, value part)
{
    uint32_t state = (uint32_t)Long_val(before);
    ws_bytes in = input_of(part);
    checked(ws_utf8_validate(&state, in.data, in.len));
    return Val_long(state);
}

/* Returns the code and the length of the reason. */
value wscodec_close_parse(value payload)
{
    uint16_t code;
    ws_bytes in = input_of(payload);
    ws_result n = checked(ws_close_parse(in.data, in.len, &code));
    value both = caml_alloc_small(2, 0);
    Field(both, 0) = Val_long(code);
    Field(both, 1) = Val_long(n);
    return both;
}

value wscodec_close_build(value code, value reason)
{
    char out[WS_MAX_CONTROL];
    ws_bytes in = input_of(reason);
    return new_string(out, (size_t)checked(ws_close_build((uint16_t)Long_val(code), in.data, in.len,
                                                          out, sizeof out)));
}

/* Returns opcode, flags, masking key, payload, its whole length, opcode of the message. */
static value new_frame(value data, const ws_frame *frame, size_t base)
{
    CAMLparam1(data);
    CAMLlocal4(made, key, payload, length);
    key = new_string(frame->mask_key, frame->flags & WS_MASKED ? 4 : 0);
    payload = caml_alloc_string((size_t)frame->chunk_len);
    memcpy(Bytes_val(payload), Bytes_val(data) + base + frame->chunk_off, (size_t)frame->chunk_len);
    length = caml_copy_int64((int64_t)frame->payload_len);
    made = caml_alloc_small(6, 0);
    Field(made, 0) = Val_long(frame->opcode);
    Field(made, 1) = Val_long(frame->flags);
    Field(made, 2) = key;
    Field(made, 3) = payload;
    Field(made, 4) = length;
    Field(made, 5) = Val_long(frame->message_opcode);
    CAMLreturn(made);
}

/* Returns the frame and its size on the wire; None if it is incomplete. */
value wscodec_frame_decode(value data, value flags)
{
    CAMLparam1(data);
    CAMLlocal2(frame, both);
    ws_frame found;
    ws_result n = checked(ws_frame_decode(Bytes_val(data), caml_string_length(data),
                                          (uint32_t)Long_val(flags), &found));
    if (n == 0)
        CAMLreturn(Val_none);
    frame = new_frame(data, &found, 0);
    both = caml_alloc_small(2, 0);
    Field(both, 0) = frame;
    Field(both, 1) = Val_long(n);
    CAMLreturn(caml_alloc_some(both));
}

/* The masking key is empty, or 4 bytes. */
static const void *key_of(value key, unsigned char copy[4])
{
    if (caml_string_length(key) != 4)
        return NULL;
    return memcpy(copy, String_val(key), 4);
}

value wscodec_frame_encode(value opcode, value flags, value key, value payload)
{
    CAMLparam2(key, payload);
    CAMLlocal1(out);
    unsigned char copy[4];
    const void *mask = key_of(key, copy);
    size_t len = caml_string_length(payload), size = (size_t)ws_frame_size(len, mask != NULL);
    out = caml_alloc_string(size);
    checked(ws_frame_encode((int)Long_val(opcode), (uint32_t)Long_val(flags), mask,
                            String_val(payload), len, Bytes_val(out), size));
    CAMLreturn(out);
}

value wscodec_frame_header(value opcode, value flags, value key, value length)
{
    char out[WS_MAX_HEADER];
    unsigned char copy[4];
    ws_result n = ws_frame_header((int)Long_val(opcode), (uint32_t)Long_val(flags),
                                  key_of(key, copy), (uint64_t)Int64_val(length), out, sizeof out);
    return new_string(out, (size_t)checked(n));
}

/* A decoder is 64 bytes of OCaml's. They are copied, since they may not be aligned. */
value wscodec_decoder_new(value flags, value max_payload)
{
    ws_decoder decoder;
    checked(ws_decoder_init(&decoder, (uint32_t)Long_val(flags), (uint64_t)Long_val(max_payload)));
    return new_string(&decoder, sizeof decoder);
}

/* Feeds data from `start`; returns the number of bytes used, and the frames. */
value wscodec_decoder_feed(value state, value data, value start)
{
    CAMLparam2(state, data);
    CAMLlocal3(list, frame, both);
    ws_decoder decoder;
    ws_frame frames[ENTRIES];
    size_t used, from = (size_t)Long_val(start);
    memcpy(&decoder, Bytes_val(state), sizeof decoder);
    ws_result n = ws_decoder_feed(&decoder, Bytes_val(data) + from, caml_string_length(data) - from,
                                  frames, ENTRIES, &used);
    memcpy(Bytes_val(state), &decoder, sizeof decoder);
    checked(n);
    list = caml_alloc((mlsize_t)n, 0);
    for (ws_result i = 0; i < n; i++) {
        frame = new_frame(data, &frames[i], from);
        Store_field(list, (mlsize_t)i, frame);
    }
    both = caml_alloc_small(2, 0);
    Field(both, 0) = Val_long(used);
    Field(both, 1) = list;
    CAMLreturn(both);
}

value wscodec_decoder_finish(value state)
{
    ws_decoder decoder;
    memcpy(&decoder, Bytes_val(state), sizeof decoder);
    checked(ws_decoder_finish(&decoder));
    return Val_unit;
}
