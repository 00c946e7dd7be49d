/*
 * The functions of the library as commands of Tcl, in the namespace wscodec::native. Data are byte
 * arrays, structs are dictionaries. An error has the errorCode {WSCODEC NAME NUMBER}, and the head
 * that a handshake failed with as a fourth element. wscodec.tcl is built on these commands.
 */
#include <string.h>
#include <tcl.h>
#include <wscodec.h>

#define ENTRIES 64
#define COMMAND(name) \
    static int name(void *data, Tcl_Interp *interp, int objc, Tcl_Obj *const objv[])

typedef struct {
    void *data;
    size_t len;
} bytes;

static bytes bytes_of(Tcl_Obj *obj)
{
    int len;
    unsigned char *data = Tcl_GetByteArrayFromObj(obj, &len);
    return (bytes){data, (size_t)len};
}

static ws_bytes input_of(Tcl_Obj *obj)
{
    bytes found = bytes_of(obj);
    return (ws_bytes){found.data, found.len};
}

static Tcl_Obj *new_bytes(const void *data, size_t len)
{
    return Tcl_NewByteArrayObj(data, (int)len);
}

static void put(Tcl_Obj *dict, const char *name, Tcl_Obj *value)
{
    Tcl_DictObjPut(NULL, dict, Tcl_NewStringObj(name, -1), value);
}

static void put_number(Tcl_Obj *dict, const char *name, Tcl_WideInt value)
{
    put(dict, name, Tcl_NewWideIntObj(value));
}

/* An absent range is absent in the dictionary, too. */
static void put_span(Tcl_Obj *dict, const char *name, const void *base, ws_span span)
{
    if (span.off || span.len)
        put(dict, name, new_bytes((const char *)base + span.off, span.len));
}

static int fail(Tcl_Interp *interp, ws_result error, Tcl_Obj *head)
{
    Tcl_Obj *code = Tcl_NewListObj(0, NULL);
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj("WSCODEC", -1));
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewStringObj(ws_errname(error), -1));
    Tcl_ListObjAppendElement(NULL, code, Tcl_NewWideIntObj(error));
    if (head)
        Tcl_ListObjAppendElement(NULL, code, head);
    Tcl_SetObjErrorCode(interp, code);
    Tcl_SetObjResult(interp, Tcl_NewStringObj(ws_strerror(error), -1));
    return TCL_ERROR;
}

static int done(Tcl_Interp *interp, Tcl_Obj *result)
{
    Tcl_SetObjResult(interp, result);
    return TCL_OK;
}

/* A result that is only a count or an error. */
static int done_count(Tcl_Interp *interp, ws_result n)
{
    return n < 0 ? fail(interp, n, NULL) : done(interp, Tcl_NewWideIntObj(n));
}

/* A buffer for output, cut to the result of a call. */
static int done_bytes(Tcl_Interp *interp, Tcl_Obj *out, ws_result n)
{
    if (n < 0) {
        Tcl_DecrRefCount(out);
        return fail(interp, n, NULL);
    }
    Tcl_SetByteArrayLength(out, (int)n);
    Tcl_SetObjResult(interp, out);
    Tcl_DecrRefCount(out);
    return TCL_OK;
}

/* A new byte array with one reference, which done_bytes() gives up. */
static Tcl_Obj *new_buffer(size_t size, void **data)
{
    Tcl_Obj *out = Tcl_NewObj();
    Tcl_IncrRefCount(out);
    *data = Tcl_SetByteArrayLength(out, (int)size);
    return out;
}

/* Checks the number of arguments; `usage` names them. */
static int has(Tcl_Interp *interp, int objc, Tcl_Obj *const objv[], int before, int count,
               const char *usage)
{
    if (objc == before + count)
        return 1;
    Tcl_WrongNumArgs(interp, before, objv, usage);
    return 0;
}

#define HAS(count, usage) \
    if (!has(interp, objc, objv, 1, count, usage)) \
        return TCL_ERROR

static int number(Tcl_Interp *interp, Tcl_Obj *obj, Tcl_WideInt *value)
{
    return Tcl_GetWideIntFromObj(interp, obj, value) == TCL_OK;
}

/* Pieces */

COMMAND(accept_key)
{
    void *buf;
    HAS(1, "key");
    Tcl_Obj *out = new_buffer(WS_ACCEPT_LEN, &buf);
    bytes key = bytes_of(objv[1]);
    return done_bytes(interp, out, ws_accept_key(key.data, key.len, buf, WS_ACCEPT_LEN));
}

COMMAND(make_key)
{
    void *buf;
    HAS(0, "");
    Tcl_Obj *out = new_buffer(WS_KEY_LEN, &buf);
    return done_bytes(interp, out, ws_make_key(buf, WS_KEY_LEN));
}

COMMAND(close_code)
{
    Tcl_WideInt error;
    HAS(1, "error");
    if (!number(interp, objv[1], &error))
        return TCL_ERROR;
    return done(interp, Tcl_NewIntObj(ws_close_code_for((ws_result)error)));
}

COMMAND(error_name)
{
    Tcl_WideInt error;
    HAS(1, "error");
    if (!number(interp, objv[1], &error))
        return TCL_ERROR;
    return done(interp, Tcl_NewStringObj(ws_errname((ws_result)error), -1));
}

/* Raises an error. */
COMMAND(raise_error)
{
    Tcl_WideInt error;
    HAS(1, "error");
    return number(interp, objv[1], &error) ? done_count(interp, (ws_result)error) : TCL_ERROR;
}

COMMAND(http_status)
{
    Tcl_WideInt error;
    HAS(1, "error");
    if (!number(interp, objv[1], &error))
        return TCL_ERROR;
    return done(interp, Tcl_NewIntObj(ws_http_status((ws_result)error)));
}

/* Takes the state of the text so far; returns the next one. */
COMMAND(utf8)
{
    Tcl_WideInt before;
    HAS(2, "state part");
    if (!number(interp, objv[1], &before))
        return TCL_ERROR;
    uint32_t state = (uint32_t)before;
    bytes part = bytes_of(objv[2]);
    ws_result n = ws_utf8_validate(&state, part.data, part.len);
    return n < 0 ? fail(interp, n, NULL) : done(interp, Tcl_NewWideIntObj(state));
}

COMMAND(close_parse)
{
    uint16_t code;
    HAS(1, "payload");
    bytes payload = bytes_of(objv[1]);
    ws_result n = ws_close_parse(payload.data, payload.len, &code);
    if (n < 0)
        return fail(interp, n, NULL);
    Tcl_Obj *both[] = {Tcl_NewIntObj(code),
                       new_bytes((char *)payload.data + payload.len - n, (size_t)n)};
    return done(interp, Tcl_NewListObj(2, both));
}

COMMAND(close_build)
{
    Tcl_WideInt code;
    void *buf;
    HAS(2, "code reason");
    if (!number(interp, objv[1], &code))
        return TCL_ERROR;
    bytes reason = bytes_of(objv[2]);
    Tcl_Obj *out = new_buffer(WS_MAX_CONTROL, &buf);
    ws_result n = code < 0 || code > UINT16_MAX ? WS_ERR_INVALID_ARGUMENT
        : ws_close_build((uint16_t)code, reason.data, reason.len, buf, WS_MAX_CONTROL);
    return done_bytes(interp, out, n);
}

/* Frames */

static Tcl_Obj *frame_dict(const ws_frame *frame, const void *buf)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    put_number(dict, "opcode", frame->opcode);
    put_number(dict, "flags", frame->flags);
    put(dict, "payload", new_bytes((const char *)buf + frame->chunk_off, (size_t)frame->chunk_len));
    put_number(dict, "length", (Tcl_WideInt)frame->payload_len);
    put_number(dict, "message", frame->message_opcode);
    if (frame->flags & WS_MASKED)
        put(dict, "key", new_bytes(frame->mask_key, 4));
    return dict;
}

/* A copy of a byte array that C may change. */
static Tcl_Obj *copy_of(Tcl_Obj *obj, bytes *copy)
{
    bytes from = bytes_of(obj);
    Tcl_Obj *made = new_buffer(from.len, &copy->data);
    copy->len = from.len;
    memcpy(copy->data, from.data, from.len);
    return made;
}

/* Returns a byte array of its own, which C may change. */
COMMAND(copy)
{
    bytes ignored;
    HAS(1, "data");
    Tcl_Obj *made = copy_of(objv[1], &ignored);
    Tcl_SetObjResult(interp, made);
    Tcl_DecrRefCount(made);
    return TCL_OK;
}

COMMAND(frame_decode)
{
    Tcl_WideInt flags;
    ws_frame frame;
    bytes input;
    HAS(2, "data flags");
    if (!number(interp, objv[2], &flags))
        return TCL_ERROR;
    Tcl_Obj *copy = copy_of(objv[1], &input);
    ws_result n = ws_frame_decode(input.data, input.len, (uint32_t)flags, &frame);
    Tcl_Obj *dict = Tcl_NewDictObj();
    if (n > 0) {
        Tcl_DecrRefCount(dict);
        dict = frame_dict(&frame, input.data);
        put_number(dict, "size", n);
    }
    Tcl_DecrRefCount(copy);
    if (n < 0)
        Tcl_DecrRefCount(dict);
    return n < 0 ? fail(interp, n, NULL) : done(interp, dict);
}

/* The key is empty, or 4 bytes. */
static int key_of(Tcl_Interp *interp, Tcl_Obj *obj, const void **key)
{
    bytes found = bytes_of(obj);
    *key = found.len ? found.data : NULL;
    if (found.len == 0 || found.len == 4)
        return 1;
    Tcl_SetObjResult(interp, Tcl_NewStringObj("key must be 4 bytes or empty", -1));
    return 0;
}

COMMAND(frame_encode)
{
    Tcl_WideInt opcode, flags;
    const void *key;
    void *buf;
    HAS(4, "opcode flags key payload");
    if (!number(interp, objv[1], &opcode) || !number(interp, objv[2], &flags)
        || !key_of(interp, objv[3], &key))
        return TCL_ERROR;
    bytes payload = bytes_of(objv[4]);
    size_t size = (size_t)ws_frame_size(payload.len, key != NULL);
    Tcl_Obj *out = new_buffer(size, &buf);
    return done_bytes(interp, out, ws_frame_encode((int)opcode, (uint32_t)flags, key, payload.data,
                                                   payload.len, buf, size));
}

COMMAND(frame_header)
{
    Tcl_WideInt opcode, flags, length;
    const void *key;
    void *buf;
    HAS(4, "opcode flags key length");
    if (!number(interp, objv[1], &opcode) || !number(interp, objv[2], &flags)
        || !key_of(interp, objv[3], &key) || !number(interp, objv[4], &length))
        return TCL_ERROR;
    Tcl_Obj *out = new_buffer(WS_MAX_HEADER, &buf);
    return done_bytes(interp, out, ws_frame_header((int)opcode, (uint32_t)flags, key,
                                                   (uint64_t)length, buf, WS_MAX_HEADER));
}

COMMAND(decoder_init)
{
    Tcl_WideInt flags, most;
    ws_decoder decoder;
    HAS(2, "flags max_payload");
    if (!number(interp, objv[1], &flags) || !number(interp, objv[2], &most))
        return TCL_ERROR;
    ws_result n = ws_decoder_init(&decoder, (uint32_t)flags, (uint64_t)most);
    return n < 0 ? fail(interp, n, NULL) : done(interp, new_bytes(&decoder, sizeof decoder));
}

/* A decoder is a value of 64 bytes; so a copy of it is another decoder. */
static int decoder_of(Tcl_Interp *interp, Tcl_Obj *obj, ws_decoder *decoder)
{
    bytes state = bytes_of(obj);
    if (state.len != sizeof *decoder)
        return fail(interp, WS_ERR_INVALID_ARGUMENT, NULL), 0;
    memcpy(decoder, state.data, sizeof *decoder);
    return 1;
}

/* Returns the next state of the decoder, the number of bytes used, the frames, and an error or
 * 0. */
COMMAND(decoder_feed)
{
    ws_decoder decoder;
    ws_frame frames[ENTRIES];
    bytes input;
    size_t used;
    HAS(2, "state data");
    if (!decoder_of(interp, objv[1], &decoder))
        return TCL_ERROR;
    Tcl_Obj *copy = copy_of(objv[2], &input);
    ws_result n = ws_decoder_feed(&decoder, input.data, input.len, frames, ENTRIES, &used);
    Tcl_Obj *list = Tcl_NewListObj(0, NULL);
    for (ws_result i = 0; i < n; i++)
        Tcl_ListObjAppendElement(NULL, list, frame_dict(&frames[i], input.data));
    Tcl_DecrRefCount(copy);
    Tcl_Obj *all[] = {new_bytes(&decoder, sizeof decoder), Tcl_NewWideIntObj((Tcl_WideInt)used),
                      list, Tcl_NewWideIntObj(n < 0 ? n : 0)};
    return done(interp, Tcl_NewListObj(4, all));
}

COMMAND(decoder_finish)
{
    ws_decoder decoder;
    HAS(1, "state");
    if (!decoder_of(interp, objv[1], &decoder))
        return TCL_ERROR;
    return done_count(interp, ws_decoder_finish(&decoder));
}

/* Heads */

static Tcl_Obj *request_dict(const void *buf, const ws_handshake *hs)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    put(dict, "text", new_bytes(buf, hs->head_len));
    put(dict, "method", new_bytes((const char *)buf + hs->method.off, hs->method.len));
    put_span(dict, "target", buf, hs->target);
    put_span(dict, "host", buf, hs->host);
    put_span(dict, "origin", buf, hs->origin);
    put_span(dict, "key", buf, hs->key);
    put_number(dict, "http_version", hs->http_version);
    return dict;
}

static Tcl_Obj *response_dict(const void *buf, const ws_response *response)
{
    Tcl_Obj *dict = Tcl_NewDictObj();
    put(dict, "text", new_bytes(buf, response->head_len));
    put_span(dict, "protocol", buf, response->protocol);
    put_span(dict, "extensions", buf, response->extensions);
    put_span(dict, "reason", buf, response->reason);
    put_number(dict, "status", response->status);
    put_number(dict, "http_version", response->http_version);
    return dict;
}

/* Returns an empty dictionary if the head is incomplete. */
COMMAND(parse_request)
{
    ws_handshake hs;
    HAS(1, "data");
    bytes buf = bytes_of(objv[1]);
    ws_result n = ws_parse_handshake(buf.data, buf.len, &hs, sizeof hs);
    Tcl_Obj *head = hs.head_len ? request_dict(buf.data, &hs) : NULL;
    return n < 0 ? fail(interp, n, head) : done(interp, head ? head : Tcl_NewDictObj());
}

COMMAND(parse_response)
{
    ws_response response;
    HAS(2, "data request");
    bytes buf = bytes_of(objv[1]), request = bytes_of(objv[2]);
    ws_result n = ws_parse_response(buf.data, buf.len, request.data, request.len, &response,
                                    sizeof response);
    Tcl_Obj *head = response.head_len ? response_dict(buf.data, &response) : NULL;
    return n < 0 ? fail(interp, n, head) : done(interp, head ? head : Tcl_NewDictObj());
}

/* Returns a list of the value, which is empty if there is no such field. */
COMMAND(find_header)
{
    ws_span value;
    HAS(2, "head name");
    bytes head = bytes_of(objv[1]), name = bytes_of(objv[2]);
    ws_result n = ws_find_header(head.data, head.len, name.data, name.len, &value);
    if (n < 0)
        return fail(interp, n, NULL);
    Tcl_Obj *found = n ? new_bytes((char *)head.data + value.off, value.len) : NULL;
    return done(interp, Tcl_NewListObj(n ? 1 : 0, &found));
}

COMMAND(build_request)
{
    ws_request_spec spec;
    void *buf;
    HAS(7, "host target key origin protocols extensions headers");
    spec = (ws_request_spec){input_of(objv[1]), input_of(objv[2]), input_of(objv[3]),
                             input_of(objv[4]), input_of(objv[5]), input_of(objv[6]),
                             input_of(objv[7])};
    Tcl_Obj *out = new_buffer(WS_MAX_HEAD, &buf);
    return done_bytes(interp, out, ws_build_request(&spec, sizeof spec, buf, WS_MAX_HEAD));
}

/* Compression: parameters are a list of the six numbers of ws_pmd_params. */

static int params_of(Tcl_Interp *interp, Tcl_Obj *obj, ws_pmd_params *params)
{
    Tcl_Obj **values;
    int count, value;
    uint8_t numbers[6];
    if (Tcl_ListObjGetElements(interp, obj, &count, &values) != TCL_OK)
        return 0;
    if (count != 6)
        return fail(interp, WS_ERR_INVALID_ARGUMENT, NULL), 0;
    for (int i = 0; i < 6; i++) {
        if (Tcl_GetIntFromObj(interp, values[i], &value) != TCL_OK)
            return 0;
        numbers[i] = (uint8_t)(value < 0 || value > 255 ? 255 : value); /* 255 is refused */
    }
    *params = (ws_pmd_params){numbers[0], numbers[1], numbers[2],
                              numbers[3], numbers[4], numbers[5], {0}};
    return 1;
}

static Tcl_Obj *params_list(const ws_pmd_params *params)
{
    Tcl_Obj *values[] = {Tcl_NewIntObj(params->server_no_context_takeover),
                         Tcl_NewIntObj(params->client_no_context_takeover),
                         Tcl_NewIntObj(params->server_max_window_bits),
                         Tcl_NewIntObj(params->client_max_window_bits)};
    return Tcl_NewListObj(4, values);
}

COMMAND(pmd_offer)
{
    ws_pmd_params params;
    void *buf;
    HAS(1, "params");
    if (!params_of(interp, objv[1], &params))
        return TCL_ERROR;
    Tcl_Obj *out = new_buffer(256, &buf);
    return done_bytes(interp, out, ws_pmd_offer(&params, buf, 256));
}

/* Returns what was agreed and the response; or an empty list. */
COMMAND(pmd_accept)
{
    ws_pmd_params params;
    char out[256];
    HAS(2, "params value");
    if (!params_of(interp, objv[1], &params))
        return TCL_ERROR;
    bytes value = bytes_of(objv[2]);
    ws_result n = ws_pmd_accept_value(value.data, value.len, &params, out, sizeof out);
    if (n < 0)
        return fail(interp, n, NULL);
    if (n == 0)
        return done(interp, Tcl_NewListObj(0, NULL));
    Tcl_Obj *both[] = {params_list(&params), new_bytes(out, (size_t)n)};
    return done(interp, Tcl_NewListObj(2, both));
}

/* Returns what was agreed, or an empty list. */
COMMAND(pmd_confirm)
{
    ws_pmd_params params;
    HAS(2, "params value");
    if (!params_of(interp, objv[1], &params))
        return TCL_ERROR;
    bytes value = bytes_of(objv[2]);
    ws_result n = ws_pmd_confirm_value(value.data, value.len, &params);
    if (n < 0)
        return fail(interp, n, NULL);
    return done(interp, n ? params_list(&params) : Tcl_NewListObj(0, NULL));
}

#include "connection.h"

static const struct {
    const char *name;
    Tcl_ObjCmdProc *proc;
} commands[] = {
    {"copy", copy}, {"acceptKey", accept_key}, {"makeKey", make_key}, {"closeCode", close_code},
    {"errorName", error_name}, {"raise", raise_error}, {"httpStatus", http_status},
    {"utf8", utf8}, {"closeParse", close_parse},
    {"closeBuild", close_build}, {"frameDecode", frame_decode}, {"frameEncode", frame_encode},
    {"frameHeader", frame_header}, {"decoderInit", decoder_init}, {"decoderFeed", decoder_feed},
    {"decoderFinish", decoder_finish}, {"parseRequest", parse_request},
    {"parseResponse", parse_response}, {"findHeader", find_header}, {"buildRequest", build_request},
    {"pmdOffer", pmd_offer}, {"pmdAccept", pmd_accept}, {"pmdConfirm", pmd_confirm},
    {"connection", conn_new}, {"accept", conn_accept}, {"confirm", conn_confirm},
};

#define CONSTANT(name) {#name, WS_##name}

/* What wscodec.tcl needs, as the array wscodec::native::C. */
static const struct {
    const char *name;
    int value;
} constants[] = {
    CONSTANT(SERVER), CONSTANT(CLIENT), CONSTANT(DEFLATE), CONSTANT(ANY_MASK),
    CONSTANT(KEEP_MASKED), CONSTANT(ANY_RSV), CONSTANT(FIN), CONSTANT(RSV1), CONSTANT(RSV2),
    CONSTANT(RSV3), CONSTANT(BEGIN), CONSTANT(END), CONSTANT(SEND_MORE), CONSTANT(SEND_PLAIN),
    CONSTANT(ACCEPT_NEED_PROTOCOL), CONSTANT(EVENT_FIRST), CONSTANT(EVENT_LAST),
    CONSTANT(OPT_MAX_MESSAGE), CONSTANT(OPT_STREAM), CONSTANT(OPT_AUTO_PONG),
    CONSTANT(OPT_CHECK_UTF8), CONSTANT(OPT_KEEP_BUFFER), CONSTANT(OPT_MAX_FRAME),
    CONSTANT(OPT_ANY_MASK), CONSTANT(OPT_AUTO_CLOSE), CONSTANT(OPT_ALLOW_RSV),
    CONSTANT(OPT_COMPRESS_FROM), CONSTANT(INFO_CLOSE_SENT), CONSTANT(INFO_CLOSE_RECEIVED),
};

DLLEXPORT int Wscodec_Init(Tcl_Interp *interp)
{
    if (!Tcl_InitStubs(interp, "8.6", 0))
        return TCL_ERROR;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        char name[64] = "::wscodec::native::";
        strcat(name, commands[i].name);
        Tcl_CreateObjCommand(interp, name, commands[i].proc, NULL, NULL);
    }
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++)
        Tcl_SetVar2Ex(interp, "::wscodec::native::C", constants[i].name,
                      Tcl_NewIntObj(constants[i].value), TCL_GLOBAL_ONLY);
    return TCL_OK;
}
