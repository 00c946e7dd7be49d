/*
 * wscodec.h - WebSocket (RFC 6455, RFC 7692) over raw buffers.
 *
 * The library opens no socket, no file, starts no thread and reads no clock.
 * Its only global state is what the processor and the kernel were found to be
 * able to do. You hand it bytes; it tells you what they mean and writes the
 * bytes you should send. Three layers, each usable without the next:
 *
 *   1. Pieces       accept key, handshake, one frame at a time, masking, UTF-8,
 *                   close payloads. Pure functions; nothing is allocated.
 *   2. Decoder      many frames per call, payloads of any length, any split of
 *                   the input. Its state is 64 bytes that you own.
 *   3. Connection   messages, fragments, ping and pong, the closing handshake,
 *                   limits, compression. One handle per connection.
 *
 * WORDS
 *
 *   message    What an application sends: text or binary. One or more frames.
 *   frame      A header and its payload on the wire. FIN marks the last frame
 *              of a message.
 *   fragment   One frame of a message that has several.
 *   head       The start line and the header section of a request or response.
 *   chunk      The part of one frame's payload that lies in your buffer now.
 *              How a frame falls into chunks depends only on how the bytes
 *              arrived, and means nothing. A frame without payload is one empty
 *              chunk, so the end of a message is always reported.
 *
 * RULES THAT HOLD FOR EVERY FUNCTION
 *
 *   Results    A ws_result is a count (>= 0; of bytes, unless a function says
 *              otherwise) or an error (< 0, one of WS_ERR_*). From a function
 *              that reads a head or one frame, 0 means "need more input".
 *              Where a function says "returns 1 or 0", what it would have
 *              filled is all zero unless the result is 1, or it says that
 *              nothing has changed. ws_strerror() explains any value.
 *   Buffers    Always (pointer, length). (NULL, 0) is a valid empty buffer; a
 *              NULL pointer with a non-zero length is WS_ERR_INVALID_ARGUMENT,
 *              and so are a length above PTRDIFF_MAX, an unknown flag, and a
 *              struct or number that is NULL or not aligned. Nothing is
 *              NUL-terminated unless it says so. Input and output must not
 *              overlap unless a function says they may.
 *   Output     If `out` is too small, nothing is written, no state changes, and
 *              the result is WS_ERR_BUFFER_TOO_SMALL. It may be uninitialised.
 *   Ownership  The library keeps no pointer that you pass it, except the
 *              functions and the `user` of an allocator and of
 *              ws_conn_set_random(), and the memory of ws_conn_init().
 *   Positions  Answers are offsets into your buffer, which survive a realloc()
 *              and need no pointers in other languages. A message that had to
 *              be collected lies in the connection's memory:
 *              ws_event_data() tells where.
 *   Threads    Functions without a handle may be called from any thread at any
 *              time. A ws_decoder, ws_control, ws_pmd or ws_conn may be used
 *              by one thread at a time; it may move between threads.
 *   Unwinding  Nothing of ours unwinds. An exception that a function of yours
 *              throws through the library ends the process, also when the
 *              library was reached through dlsym().
 *   fork()     It copies the masking keys that a client has drawn already:
 *              only one of the two processes may go on with the connection.
 *
 * COMPATIBILITY
 *
 *   The file name carries the ABI number (libwscodec.so.0). Within one ABI
 *   number, functions and constants are only ever added. Structs marked
 *   "frozen" never change. Structs marked "extensible" may grow at the end;
 *   they always travel with their size as you compiled it: what this library
 *   does not know of an output struct is zeroed, and in an input struct must be
 *   zero, else WS_ERR_UNSUPPORTED. Error codes may be added: treat an unknown
 *   negative result as a failure.
 *
 * What no library without a clock and a socket can do for you: time out a
 * handshake, an idle peer or a closing handshake, limit connections, check who
 * is allowed in. ws_origin_allowed() helps with the last.
 *
 * This header is C99 and C++11.
 */
#ifndef WSCODEC_H
#define WSCODEC_H

/* Generated from src/ffi: change the documentation there. */

#if defined(WSCODEC_FFI)

/* For those who generate bindings: the output of `cc -E -P -DWSCODEC_FFI` has
 * no attribute, no macro and no included file, and constants as enumerators.
 * wscodec.json, beside this file, has everything that is in it, and the
 * documentation. */
#  define WS_API
#  define WS_MUST_USE
#  define WS_NOTHROW
enum {
    WS_VERSION_MAJOR = 0, WS_VERSION_MINOR = 1, WS_VERSION_PATCH = 0,
    WS_FEATURE_DEFLATE = 0x1, WS_TYPE_HANDSHAKE = 1, WS_TYPE_RESPONSE = 2,
    WS_TYPE_REQUEST_SPEC = 3, WS_TYPE_RESPONSE_SPEC = 4, WS_TYPE_FRAME = 5,
    WS_TYPE_DECODER = 6, WS_TYPE_OUT_FRAME = 7, WS_TYPE_PMD_PARAMS = 8,
    WS_TYPE_ALLOCATOR = 9, WS_TYPE_ACCEPT_SPEC = 10, WS_TYPE_EVENT = 11,
    WS_TYPE_REQUEST_FIELDS = 12, WS_TYPE_RESPONSE_FIELDS = 13,
    WS_TYPE_ACCEPTED = 14, WS_TYPE_CONTROL = 15, WS_TYPE_CONN = 16, WS_OK = 0,
    WS_ERR_INVALID_ARGUMENT = -1, WS_ERR_BUFFER_TOO_SMALL = -2,
    WS_ERR_INVALID_STATE = -3, WS_ERR_NO_MEMORY = -4, WS_ERR_UNSUPPORTED = -5,
    WS_ERR_RANDOM = -6, WS_ERR_HTTP_SYNTAX = -20, WS_ERR_HTTP_TOO_LARGE = -21,
    WS_ERR_NOT_UPGRADE = -22, WS_ERR_HTTP_METHOD = -23,
    WS_ERR_HTTP_VERSION = -24, WS_ERR_HANDSHAKE_HOST = -25,
    WS_ERR_HANDSHAKE_KEY = -26, WS_ERR_HANDSHAKE_VERSION = -27,
    WS_ERR_HANDSHAKE_STATUS = -28, WS_ERR_HANDSHAKE_ACCEPT = -29,
    WS_ERR_HANDSHAKE_PROTOCOL = -30, WS_ERR_EXTENSION = -31,
    WS_ERR_HANDSHAKE_ORIGIN = -32, WS_ERR_RESERVED_BITS = -40,
    WS_ERR_OPCODE = -41, WS_ERR_LENGTH = -42, WS_ERR_MASK = -43,
    WS_ERR_CONTROL_FRAME = -44, WS_ERR_FRAGMENTATION = -45,
    WS_ERR_CLOSE_PAYLOAD = -46, WS_ERR_UTF8 = -47, WS_ERR_TOO_BIG = -48,
    WS_ERR_COMPRESSION = -49, WS_ERR_EOF = -50, WS_KEY_LEN = 24,
    WS_ACCEPT_LEN = 28, WS_MAX_HEAD = 65536, WS_MAX_FIELDS = 256,
    WS_OPCODE_CONTINUATION = 0x0, WS_OPCODE_TEXT = 0x1, WS_OPCODE_BINARY = 0x2,
    WS_OPCODE_CLOSE = 0x8, WS_OPCODE_PING = 0x9, WS_OPCODE_PONG = 0xA,
    WS_FIN = 0x80, WS_RSV1 = 0x40, WS_RSV2 = 0x20, WS_RSV3 = 0x10,
    WS_MASKED = 0x01, WS_BEGIN = 0x02, WS_END = 0x04, WS_MAX_HEADER = 14,
    WS_MAX_CONTROL = 125, WS_SERVER = 0x00, WS_CLIENT = 0x01, WS_DEFLATE = 0x02,
    WS_ANY_MASK = 0x04, WS_KEEP_MASKED = 0x08, WS_ANY_RSV = 0x10,
    WS_CLOSE_NORMAL = 1000, WS_CLOSE_GOING_AWAY = 1001,
    WS_CLOSE_PROTOCOL_ERROR = 1002, WS_CLOSE_UNSUPPORTED_DATA = 1003,
    WS_CLOSE_NO_STATUS = 1005, WS_CLOSE_ABNORMAL = 1006,
    WS_CLOSE_INVALID_DATA = 1007, WS_CLOSE_POLICY = 1008,
    WS_CLOSE_TOO_BIG = 1009, WS_CLOSE_EXTENSION = 1010,
    WS_CLOSE_INTERNAL_ERROR = 1011, WS_CLOSE_SERVICE_RESTART = 1012,
    WS_CLOSE_TRY_AGAIN_LATER = 1013, WS_CLOSE_BAD_GATEWAY = 1014,
    WS_MAX_CONN = 256, WS_OPT_MAX_MESSAGE = 1, WS_OPT_STREAM = 2,
    WS_OPT_AUTO_PONG = 3, WS_OPT_CHECK_UTF8 = 4, WS_OPT_KEEP_BUFFER = 5,
    WS_OPT_MAX_FRAME = 6, WS_OPT_ANY_MASK = 7, WS_OPT_AUTO_CLOSE = 8,
    WS_OPT_ALLOW_RSV = 9, WS_OPT_COMPRESS_FROM = 10, WS_INFO_CLOSE_SENT = 100,
    WS_INFO_CLOSE_RECEIVED = 101, WS_INFO_CLOSED_BY_PEER = 102,
    WS_INFO_SENDING = 103, WS_INFO_RECEIVING = 104, WS_INFO_ANNOUNCED = 105,
    WS_INFO_BUFFERED = 106, WS_EVENT_FIRST = 0x1, WS_EVENT_LAST = 0x2,
    WS_EVENT_COLLECTED = 0x4, WS_EVENT_FRAME_END = 0x8, WS_MAX_OUTPUT = 139,
    WS_SEND_MORE = 0x1, WS_SEND_PLAIN = 0x2, WS_STATE_OPEN = 0,
    WS_STATE_CLOSING = 1, WS_STATE_CLOSED = 2, WS_STATE_FAILED = 3,
    WS_ACCEPT_NEED_PROTOCOL = 0x1, WS_MAX_REPLY = 512
};
#else

#include <stddef.h>
#include <stdint.h>

/* WS_STATIC: define it when linking the static library on Windows. */
#if !defined(WS_API)
#  if defined(_WIN32) && !defined(WS_STATIC)
#    define WS_API __declspec(dllimport)
#  elif defined(__GNUC__) && !defined(_WIN32)
#    define WS_API __attribute__((visibility("default")))
#  else
#    define WS_API
#  endif
#endif

#if defined(__GNUC__)
#  define WS_MUST_USE __attribute__((warn_unused_result))
#else
#  define WS_MUST_USE
#endif

#if defined(__cplusplus)
#  define WS_NOTHROW noexcept
#else
#  define WS_NOTHROW
#endif

#endif /* WSCODEC_FFI */

#ifdef __cplusplus
extern "C" {
#endif

/* ======================================================================== *
 *  Version and features
 * ======================================================================== */

#define WS_VERSION_MAJOR 0 /* Goes up when something changes that others were
                            * compiled against. */
#define WS_VERSION_MINOR 1 /* Goes up when something is added. */
#define WS_VERSION_PATCH 0 /* Goes up when something is mended. */

/* MAJOR * 10000 + MINOR * 100 + PATCH of the library that is loaded, which
 * may be newer than the header you compiled with. */
WS_API uint32_t ws_version(void) WS_NOTHROW;

/* The same as text, e.g. "0.1.0". Static, NUL-terminated. */
WS_API const char *ws_version_string(void) WS_NOTHROW;

#define WS_FEATURE_DEFLATE 0x1u /* Connections can compress. */

/* Bit set of WS_FEATURE_* compiled into this library. Functions of an absent
 * feature still exist and return WS_ERR_UNSUPPORTED, so linking never fails. */
WS_API uint32_t ws_features(void) WS_NOTHROW;

#define WS_TYPE_HANDSHAKE       1  /* ws_handshake */
#define WS_TYPE_RESPONSE        2  /* ws_response */
#define WS_TYPE_REQUEST_SPEC    3  /* ws_request_spec */
#define WS_TYPE_RESPONSE_SPEC   4  /* ws_response_spec */
#define WS_TYPE_FRAME           5  /* ws_frame */
#define WS_TYPE_DECODER         6  /* ws_decoder */
#define WS_TYPE_OUT_FRAME       7  /* ws_out_frame */
#define WS_TYPE_PMD_PARAMS      8  /* ws_pmd_params */
#define WS_TYPE_ALLOCATOR       9  /* ws_allocator */
#define WS_TYPE_ACCEPT_SPEC     10 /* ws_accept_spec */
#define WS_TYPE_EVENT           11 /* ws_event */
#define WS_TYPE_REQUEST_FIELDS  12 /* ws_request_fields */
#define WS_TYPE_RESPONSE_FIELDS 13 /* ws_response_fields */
#define WS_TYPE_ACCEPTED        14 /* ws_accepted */
#define WS_TYPE_CONTROL         15 /* ws_control */
#define WS_TYPE_CONN            16 /* ws_conn: how much memory ws_conn_init()
                                    * needs. */

/* sizeof a struct as the library sees it, 0 for an unknown type. A language
 * binding compares it once, at load time, with its own declaration. */
WS_API size_t ws_sizeof(int type) WS_NOTHROW;

/* ======================================================================== *
 *  Results
 * ======================================================================== */

#define WS_OK 0 /* Done, and there is nothing to count. */

/* The caller made a mistake, or the system failed. Nothing has changed and
 * the call may be repeated, except that WS_ERR_NO_MEMORY from ws_conn_recv()
 * and errors of ws_pmd_decompress() are final. */
#define WS_ERR_INVALID_ARGUMENT (-1) /* An argument is invalid: NULL with a
                                      * length, an unknown flag, a value out
                                      * of range. */
#define WS_ERR_BUFFER_TOO_SMALL (-2) /* `out` is too small; nothing was
                                      * written. */
#define WS_ERR_INVALID_STATE    (-3) /* Not now, e.g. data after close. */
#define WS_ERR_NO_MEMORY        (-4) /* The allocator gave no memory. */
#define WS_ERR_UNSUPPORTED      (-5) /* A feature or option that is not in
                                      * this build. */
#define WS_ERR_RANDOM           (-6) /* The system gave no random bytes. */

/* The opening handshake is not acceptable. ws_http_status() maps to a reply. */
#define WS_ERR_HTTP_SYNTAX        (-20) /* The head breaks the grammar of
                                         * HTTP/1.1 (RFC 9112). */
#define WS_ERR_HTTP_TOO_LARGE     (-21) /* The head is beyond WS_MAX_HEAD
                                         * bytes or WS_MAX_FIELDS fields. */
#define WS_ERR_NOT_UPGRADE        (-22) /* Valid HTTP, but asks for no
                                         * WebSocket. */
#define WS_ERR_HTTP_METHOD        (-23) /* An upgrade, but not by GET. */
#define WS_ERR_HTTP_VERSION       (-24) /* An upgrade, but not by HTTP/1.1. */
#define WS_ERR_HANDSHAKE_HOST     (-25) /* Host is missing, invalid,
                                         * repeated, or not that of the
                                         * target; an empty one is accepted. */
#define WS_ERR_HANDSHAKE_KEY      (-26) /* Sec-WebSocket-Key is missing,
                                         * repeated, or not the base64 of 16
                                         * bytes. */
#define WS_ERR_HANDSHAKE_VERSION  (-27) /* Sec-WebSocket-Version is not 13,
                                         * once. */
#define WS_ERR_HANDSHAKE_STATUS   (-28) /* Client: the answer is not a 101. */
#define WS_ERR_HANDSHAKE_ACCEPT   (-29) /* Client: wrong
                                         * Sec-WebSocket-Accept, Upgrade or
                                         * Connection. */
#define WS_ERR_HANDSHAKE_PROTOCOL (-30) /* Server: the client offers none of
                                         * our subprotocols
                                         * (WS_ACCEPT_NEED_PROTOCOL). Client:
                                         * the server chose one that was not
                                         * offered. */
#define WS_ERR_EXTENSION          (-31) /* Extensions are malformed; or one
                                         * was not offered, or confirmed
                                         * twice. */
#define WS_ERR_HANDSHAKE_ORIGIN   (-32) /* The page's origin is not one that
                                         * you allow. */

/* The peer broke the protocol. ws_close_code_for() gives the code to send. */
#define WS_ERR_RESERVED_BITS (-40) /* A reserved bit is set that no extension
                                    * explains (RFC 6455, 5.2). */
#define WS_ERR_OPCODE        (-41) /* A reserved opcode (5.2). */
#define WS_ERR_LENGTH        (-42) /* A length that is not minimal, or with
                                    * its top bit set (5.2). */
#define WS_ERR_MASK          (-43) /* A frame is masked, or unmasked, when it
                                    * must not be (5.1). */
#define WS_ERR_CONTROL_FRAME (-44) /* A control frame is fragmented, or
                                    * longer than 125 bytes (5.5). */
#define WS_ERR_FRAGMENTATION (-45) /* A continuation without a start, or a
                                    * start inside a message (5.4). */
#define WS_ERR_CLOSE_PAYLOAD (-46) /* A close payload of 1 byte, or with a
                                    * code that is not allowed (7.4). */
#define WS_ERR_UTF8          (-47) /* A text or the reason of a close is not
                                    * UTF-8 (8.1). */
#define WS_ERR_TOO_BIG       (-48) /* Larger than a limit you set. */
#define WS_ERR_COMPRESSION   (-49) /* Compressed data is damaged (RFC 7692). */
#define WS_ERR_EOF           (-50) /* The stream ended in mid-frame or
                                    * mid-message. */

/* A count (>= 0) or one of WS_ERR_* (< 0). The signed twin of size_t. */
typedef ptrdiff_t ws_result;

/* One short English sentence about a result; of an unknown error, that it is
 * unknown. Never NULL; static. */
WS_API const char *ws_strerror(ws_result result) WS_NOTHROW;

/* The constant's name, e.g. "WS_ERR_UTF8"; "WS_OK" for any count,
 * "WS_ERR_UNKNOWN" for an unknown error. Static. */
WS_API const char *ws_errname(ws_result result) WS_NOTHROW;

/* The close code that tells the peer about an error: 1007 for WS_ERR_UTF8
 * and WS_ERR_COMPRESSION, 1009 for WS_ERR_TOO_BIG, 1002 for what else the
 * peer broke, 1011 for our own failures and for an unknown error, 1000 for a
 * count (RFC 6455, 7.4.1). */
WS_API uint16_t ws_close_code_for(ws_result error) WS_NOTHROW;

/* The HTTP status that answers a failed ws_parse_handshake() or
 * ws_check_request(): 403 for WS_ERR_HANDSHAKE_ORIGIN, 405 for
 * WS_ERR_HTTP_METHOD, 426 for WS_ERR_HANDSHAKE_VERSION and
 * WS_ERR_NOT_UPGRADE, 431 for WS_ERR_HTTP_TOO_LARGE, 505 for
 * WS_ERR_HTTP_VERSION, 500 for our own failures, else 400, also for an
 * unknown error and for a count. */
WS_API uint16_t ws_http_status(ws_result error) WS_NOTHROW;

/* ======================================================================== *
 *  Opening handshake
 * ======================================================================== */

#define WS_KEY_LEN    24    /* Length of a Sec-WebSocket-Key: base64 of 16
                             * bytes. */
#define WS_ACCEPT_LEN 28    /* Length of a Sec-WebSocket-Accept: base64 of 20
                             * bytes. */
#define WS_MAX_HEAD   65536 /* Longest request or response head, in bytes.
                             * (WS_MAX_HEADER is about frames.) */
#define WS_MAX_FIELDS 256   /* Most fields of a head. */

/* Writes the WS_ACCEPT_LEN characters that answer `key` (no NUL; RFC 6455,
 * 4.2.2). The key must be 24 characters, the base64 of 16 bytes, else
 * WS_ERR_HANDSHAKE_KEY. (The bits of its last character that belong to no
 * byte may be set, as in the example of RFC 6455, 4.1.) */
WS_API WS_MUST_USE ws_result
ws_accept_key(const void *key, size_t key_len, void *out,
              size_t out_cap) WS_NOTHROW;

/* A piece of the buffer that you passed in. {0, 0} if it is not there; len
 * is 0 and off is not if it is there and empty. Frozen. */
typedef struct ws_span {
    uint32_t off; /* Where it starts in the buffer. */
    uint32_t len; /* Its length in bytes. */
} ws_span;

/* A client's opening request. Extensible. */
typedef struct ws_handshake {
    ws_span method;        /* "GET", for an upgrade. */
    ws_span target;        /* "/chat?room=1" */
    ws_span host;          /* "example.com:8080"; of a target in absolute
                            * form, the one there */
    ws_span origin;        /* A browser always sends it: ws_origin_allowed() */
    ws_span key;           /* Sec-WebSocket-Key, already checked. */
    uint32_t head_len;     /* Of the whole head, empty line included. */
    uint32_t http_version; /* The digits of the request line: 11 is HTTP/1.1 */
} ws_handshake;

/* Server: parses a request (RFC 6455, 4.2.1). Returns the length of its
 * head, up to and including the empty line (the bytes after it are the first
 * frames), 0 if the empty line is not there yet, or an error: at once for a
 * complete line that is malformed, and for a head beyond WS_MAX_HEAD bytes
 * or WS_MAX_FIELDS fields. (If 0 fills your own, smaller buffer, that is
 * WS_ERR_HTTP_TOO_LARGE too.) One empty line before the request line is
 * skipped; it counts in head_len. For a head that arrives in many pieces,
 * call ws_head_length() first.
 *
 * It is an upgrade if Upgrade lists "websocket" and Connection lists
 * "upgrade". Else the result is WS_ERR_NOT_UPGRADE and *hs is filled: an
 * ordinary HTTP request for you to answer, its `key` unchecked. What is
 * wrong is reported in this order: SYNTAX, NOT_UPGRADE; and of an upgrade
 * SYNTAX again (two Origins, a Transfer-Encoding, a Content-Length above 0,
 * a target that is neither a path nor an absolute URI of http, https, ws or
 * wss, or has a fragment or user information), METHOD, HTTP_VERSION, HOST,
 * VERSION, KEY, EXTENSION; *hs is then zero.
 *
 * A field that came more than once is judged as if its values had come in
 * one line, joined with ", " (RFC 9110, 5.3). A Sec-WebSocket-Extensions
 * that is malformed anywhere is EXTENSION (RFC 6455, 9.1); an empty one is
 * as good as none. With a target in absolute form, Host must name the same
 * host and port. The target may hold UTF-8 that is not percent-encoded.
 *
 *   ws_handshake hs;
 *   ws_result n = ws_parse_handshake(buf, len, &hs, sizeof hs); */
WS_API WS_MUST_USE ws_result
ws_parse_handshake(const void *buf, size_t len, ws_handshake *hs,
                   size_t hs_size) WS_NOTHROW;

/* Length of the head at the start of `buf`, of a request or a response, once
 * its empty line is there, else 0. Looks only at what is new, so that a head
 * that arrives in many pieces takes linear work: *scanned is 0 at first, and
 * then as this function left it. `buf` may move and grow, but what was
 * scanned stays (else start again at 0); a `len` below *scanned is
 * WS_ERR_INVALID_ARGUMENT. WS_ERR_HTTP_TOO_LARGE beyond WS_MAX_HEAD;
 * WS_ERR_HTTP_SYNTAX at once for a control character that no head has (TLS,
 * a bare LF). Nothing else is checked, and no other function relies on the
 * result.
 *
 *   size_t scanned = 0;
 *   do len += more(buf + len);
 *   while ((n = ws_head_length(buf, len, &scanned)) == 0); */
WS_API WS_MUST_USE ws_result
ws_head_length(const void *buf, size_t len, size_t *scanned) WS_NOTHROW;

/* Walks the header fields of a complete head, e.g. for cookies or for a
 * field that came more than once. Start with *pos == 0. Returns 1 and fills
 * name and value, 0 after the last one, or an error: WS_ERR_HTTP_SYNTAX,
 * WS_ERR_HTTP_TOO_LARGE, or WS_ERR_INVALID_ARGUMENT if the head has no empty
 * line at its end, or *pos is not from this function. */
WS_API WS_MUST_USE ws_result
ws_next_header(const void *head, size_t head_len, size_t *pos,
               ws_span *name, ws_span *value) WS_NOTHROW;

/* Finds the first field of a name (case is ignored) in a complete head.
 * Returns 1, or 0 if there is none; errors as for ws_next_header(). */
WS_API WS_MUST_USE ws_result
ws_find_header(const void *head, size_t head_len, const void *name,
               size_t name_len, ws_span *value) WS_NOTHROW;

/* Picks the subprotocol to speak (RFC 6455, 11.3.4): the first in
 * `supported` ("chat, superchat": your order of preference) that the
 * client's head offers, in however many fields. Returns 1 and fills *chosen
 * (a piece of `supported`), or 0; errors as for ws_next_header(), and
 * WS_ERR_INVALID_ARGUMENT if `supported` is no list of tokens. */
WS_API WS_MUST_USE ws_result
ws_select_protocol(const void *head, size_t head_len,
                   const void *supported, size_t supported_len,
                   ws_span *chosen) WS_NOTHROW;

/* The same from the value of Sec-WebSocket-Protocol (all of its values,
 * joined with ", "). (NULL, 0): the field did not come. What is no token in
 * `offered` is passed over. */
WS_API WS_MUST_USE ws_result
ws_select_protocol_value(const void *offered, size_t offered_len,
                         const void *supported,
                         size_t supported_len, ws_span *chosen) WS_NOTHROW;

/* Compares a browser's Origin with those you allow ("https://a.example
 * https://b.example:8443", separated by spaces). Whole origins only: scheme
 * and host without regard to case, and the port, which the scheme may imply;
 * there are no wildcards. 1 if it is one of them; 0 for everything else:
 * "null", malformed text, what has no scheme, an entry with a trailing slash
 * or a comma, invalid arguments. "file://" may be listed. (ws_conn_accept()
 * and ws_check_request() refuse a list with an entry that could never
 * match.) */
WS_API WS_MUST_USE int
ws_origin_allowed(const void *origin, size_t origin_len,
                  const void *allowed, size_t allowed_len) WS_NOTHROW;

/* Bytes that you pass in. Frozen. */
typedef struct ws_bytes {
    const void *data; /* NULL only with a length of 0. */
    size_t len;       /* In bytes. */
} ws_bytes;

/* What to put into an answer. Zero it, fill what you need. Extensible. */
typedef struct ws_response_spec {
    ws_bytes key;        /* The client's Sec-WebSocket-Key; required. */
    ws_bytes protocol;   /* Chosen subprotocol, or empty. */
    ws_bytes extensions; /* Chosen extensions, or empty. */
    ws_bytes headers;    /* Further complete "Name: value\r\n" lines, or
                          * empty. */
} ws_response_spec;

/* Server: writes "HTTP/1.1 101 Switching Protocols" and its header fields,
 * with the one empty line that ends them (RFC 6455, 4.2.2). */
WS_API WS_MUST_USE ws_result
ws_build_response(const ws_response_spec *spec, size_t spec_size,
                  void *out, size_t out_cap) WS_NOTHROW;

/* Server: writes a whole response that is not an upgrade, with
 * Content-Length and Connection: close; a 426 says "Connection: Upgrade,
 * close", "Upgrade: websocket" and Sec-WebSocket-Version: 13 (RFC 9110,
 * 7.8), a 405 says Allow: GET unless `headers` does. status: 200..599;
 * `headers` are complete lines. Close the connection after it.
 *
 * `headers` may have one Content-Length, a decimal number: then `body` must
 * be empty, and follows in pieces, or never, as in response to HEAD. A 204
 * takes neither a body nor Content-Length, a 205 no body and no
 * Content-Length but 0, a 304 no body; a 204 and a 304 get no Content-Length
 * of ours. */
WS_API WS_MUST_USE ws_result
ws_build_reply(uint16_t status, const void *headers,
               size_t headers_len, const void *body,
               size_t body_len, void *out, size_t out_cap) WS_NOTHROW;

/* Client: writes a fresh random key of WS_KEY_LEN characters. WS_ERR_RANDOM
 * if the operating system has no randomness. */
WS_API WS_MUST_USE ws_result ws_make_key(void *out, size_t out_cap) WS_NOTHROW;

/* What to put into an opening request. Zero it, fill what you need.
 * Extensible. */
typedef struct ws_request_spec {
    ws_bytes host;       /* "example.com" or "example.com:8080"; required. */
    ws_bytes target;     /* "/chat"; required. */
    ws_bytes key;        /* 16 random bytes in base64, e.g. from
                          * ws_make_key(); required. */
    ws_bytes origin;     /* "https://example.com", or empty. */
    ws_bytes protocols;  /* "chat, superchat", or empty. */
    ws_bytes extensions; /* Extensions to offer, or empty. */
    ws_bytes headers;    /* Further complete "Name: value\r\n" lines, or
                          * empty. */
} ws_request_spec;

/* Client: writes the opening request (RFC 6455, 4.1). Like every builder
 * here it refuses with WS_ERR_INVALID_ARGUMENT a bad key, whatever would
 * smuggle in another header, and `headers` with one that is the builder's:
 * Upgrade, Connection, Sec-WebSocket-*, Content-Length (but for
 * ws_build_reply()), Transfer-Encoding, and here Host; Origin only if
 * `origin` is set. A head that nobody would read, beyond WS_MAX_HEAD bytes
 * or 240 such lines, is refused too. The target is a path, or an absolute
 * URI of http or https with the host of `host`. */
WS_API WS_MUST_USE ws_result
ws_build_request(const ws_request_spec *spec, size_t spec_size,
                 void *out, size_t out_cap) WS_NOTHROW;

/* A server's answer. Extensible. */
typedef struct ws_response {
    ws_span protocol;      /* Chosen by the server: the value of the first
                            * Sec-WebSocket-Protocol. */
    ws_span extensions;    /* Confirmed by the server: the value of the first
                            * Sec-WebSocket-Extensions. */
    uint32_t head_len;     /* Of the whole head, empty line included. */
    uint16_t status;       /* Set even when it is not 101. */
    uint16_t http_version; /* The digits of the status line: 11 is HTTP/1.1 */
    ws_span reason;        /* "Switching Protocols"; often empty */
} ws_response;

/* Client: parses an answer and checks it against the request that was sent
 * (the bytes that ws_build_request() wrote: key, subprotocols and extensions
 * are read from there). Result as for ws_parse_handshake(), errors in this
 * order: SYNTAX, STATUS, HTTP_VERSION, ACCEPT, PROTOCOL, EXTENSION
 * (malformed, not offered, or confirmed twice). With STATUS *response is
 * filled; a caller may skip head_len bytes of a 1xx. Content-Length and
 * Transfer-Encoding of a 101 mean nothing (RFC 9112, 6.3). */
WS_API WS_MUST_USE ws_result
ws_parse_response(const void *buf, size_t len, const void *request,
                  size_t request_len, ws_response *response,
                  size_t response_size) WS_NOTHROW;

/* ======================================================================== *
 *  Opening handshake, from fields that an HTTP library has parsed
 * ======================================================================== */

/* A request that an HTTP library has parsed. Zero it, fill what came. {NULL,
 * 0}: the field did not come; {not NULL, 0}: it came and was empty.
 * Extensible.
 *
 * Pass a field that came more than once as all of its values, joined with ",
 * " (RFC 9110, 5.3), never as the first of them: a second Host, key,
 * version, Origin or Content-Length is refused by its comma. The functions
 * that take heads judge the same combined value. */
typedef struct ws_request_fields {
    ws_bytes method;            /* "GET"; "CONNECT" in HTTP/2 and HTTP/3 */
    ws_bytes host;              /* Host, or :authority */
    ws_bytes upgrade;           /* Upgrade */
    ws_bytes connection;        /* Connection */
    ws_bytes key;               /* Sec-WebSocket-Key */
    ws_bytes version;           /* Sec-WebSocket-Version */
    ws_bytes origin;            /* Origin */
    ws_bytes extensions;        /* Sec-WebSocket-Extensions */
    ws_bytes content_length;    /* Content-Length: a body would be read as
                                 * frames. */
    ws_bytes transfer_encoding; /* Transfer-Encoding: likewise. */
    ws_bytes connect_protocol;  /* :protocol of HTTP/2 and HTTP/3 (RFC 8441,
                                 * RFC 9220); not Sec-WebSocket-Protocol */
    ws_bytes origins;           /* Yours: the Origins that you allow, as in
                                 * ws_accept_spec; {NULL, 0}: any */
    uint32_t http_version;      /* How the request came: 10, 11, 20 or 30 */
    uint32_t reserved;          /* 0 */
} ws_request_fields;

/* Server: judges a request that an HTTP library has parsed (RFC 6455,
 * 4.2.1). WS_OK, or an error. What is wrong is reported as by
 * ws_parse_handshake(), and in the same order: SYNTAX for a control
 * character other than a tab in a value, NOT_UPGRADE, SYNTAX (Origin,
 * Transfer-Encoding, Content-Length), METHOD, HTTP_VERSION, HOST, VERSION,
 * KEY, EXTENSION; then WS_ERR_HANDSHAKE_ORIGIN. The target is the library's
 * to check. Whitespace around a value is ignored. WS_ERR_INVALID_ARGUMENT
 * for another `http_version`, and for `origins` as in ws_accept_spec.
 *
 * From http_version 20 on, `upgrade`, `connection`, `key`, `content_length`
 * and `transfer_encoding` are ignored. NOT_UPGRADE: no `connect_protocol`,
 * or one that is not "websocket" in any case; METHOD: not CONNECT. The
 * response is the library's to send: a 200 without Sec-WebSocket-Accept, or
 * ws_http_status(), where a 426 becomes a 400 with "sec-websocket-version:
 * 13" (HTTP/2 has no Upgrade), or a 501 for another :protocol. Then comes
 * ws_conn_new() with WS_SERVER: frames are the same, and masked likewise.
 * END_STREAM is the peer's end (ws_conn_finish()); a failed connection ends
 * with RST_STREAM(CANCEL) (RFC 8441, 5). */
WS_API WS_MUST_USE ws_result
ws_check_request(const ws_request_fields *fields,
                 size_t fields_size) WS_NOTHROW;

/* A response that an HTTP library has parsed, and what was sent. Zero it,
 * fill what came and what was sent; NULL and empty as above. Extensible. */
typedef struct ws_response_fields {
    ws_bytes upgrade;            /* Upgrade */
    ws_bytes connection;         /* Connection */
    ws_bytes accept;             /* Sec-WebSocket-Accept */
    ws_bytes protocol;           /* Sec-WebSocket-Protocol */
    ws_bytes extensions;         /* Sec-WebSocket-Extensions */
    ws_bytes key;                /* The Sec-WebSocket-Key that was sent */
    ws_bytes offered_protocols;  /* The Sec-WebSocket-Protocol that was sent */
    ws_bytes offered_extensions; /* The Sec-WebSocket-Extensions that was
                                  * sent */
    uint32_t http_version;       /* How the response came: 10, 11, 20 or 30 */
    uint16_t status;             /* Of the response */
    uint16_t reserved;           /* 0 */
} ws_response_fields;

/* Client: judges a response that an HTTP library has parsed (RFC 6455, 4.1).
 * WS_OK, or the error of ws_parse_response(), in the same order: SYNTAX for
 * a control character other than a tab in a value that came, STATUS,
 * HTTP_VERSION, ACCEPT, PROTOCOL, EXTENSION. Whitespace around a value is
 * ignored. WS_ERR_INVALID_ARGUMENT for another `http_version`, and for what
 * was sent: a `key` that is not valid, malformed `offered_extensions`, a
 * control character.
 *
 * Over HTTP/1.1 the status must be 101. From http_version 20 on it may be
 * any 2xx, and `upgrade`, `connection`, `accept` and `key` are not looked
 * at. */
WS_API WS_MUST_USE ws_result
ws_check_response(const ws_response_fields *fields,
                  size_t fields_size) WS_NOTHROW;

/* ======================================================================== *
 *  One frame
 * ======================================================================== */

#define WS_OPCODE_CONTINUATION 0x0 /* A further fragment of a message. */
#define WS_OPCODE_TEXT         0x1 /* UTF-8. */
#define WS_OPCODE_BINARY       0x2 /* Any bytes. */
#define WS_OPCODE_CLOSE        0x8 /* Control: starts or answers the closing
                                    * handshake. */
#define WS_OPCODE_PING         0x9 /* Control: asks for a pong with the same
                                    * payload. */
#define WS_OPCODE_PONG         0xA /* Control: answers a ping, or nothing. */

/* Frame flags. The upper four stand where they stand in a frame's first
 * byte. */
#define WS_FIN    0x80u /* The last frame of its message. */
#define WS_RSV1   0x40u /* The message is compressed, if that was agreed on
                         * (RFC 7692, 6). */
#define WS_RSV2   0x20u /* For an extension of your own: WS_ANY_RSV,
                         * WS_OPT_ALLOW_RSV. */
#define WS_RSV3   0x10u /* Likewise. */
#define WS_MASKED 0x01u /* The header carries a masking key. */
#define WS_BEGIN  0x02u /* This chunk starts the frame's payload. */
#define WS_END    0x04u /* This chunk ends the frame's payload. */

#define WS_MAX_HEADER  14  /* Longest frame header, in bytes. (WS_MAX_HEAD is
                            * about HTTP.) */
#define WS_MAX_CONTROL 125 /* Longest payload of a control frame, in bytes. */

/* A chunk and the frame that it belongs to. For a frame that lies complete
 * in the buffer, chunk_pos is 0, chunk_len equals payload_len, and WS_BEGIN
 * and WS_END are both set. opcode, payload_len and the wire's flags are the
 * frame's own and repeat in each of its chunks. The length of a message is
 * the sum of its chunk_len. 40 bytes without padding on every platform.
 * Frozen. */
typedef struct ws_frame {
    uint64_t payload_len;   /* Length that the header announced. */
    uint64_t chunk_pos;     /* Where in the payload this chunk belongs. */
    uint64_t chunk_off;     /* Where in your buffer this chunk starts. */
    uint64_t chunk_len;     /* Bytes of payload in this chunk. */
    uint8_t mask_key[4];    /* Zeros if not WS_MASKED. */
    uint8_t opcode;         /* WS_OPCODE_* */
    uint8_t flags;          /* WS_FIN ... WS_END */
    uint8_t header_len;     /* 2..14 */
    uint8_t message_opcode; /* WS_OPCODE_TEXT or WS_OPCODE_BINARY in every
                             * chunk of a message, continuations too; the
                             * opcode itself for control frames; 0 for a
                             * continuation from ws_frame_decode(), which
                             * knows one frame. */
} ws_frame;

/* Which side you are: the input is the other's. */
#define WS_SERVER 0x00u /* Frames must be masked; they are unmasked in place. */
#define WS_CLIENT 0x01u /* Frames must not be masked. */

/* May be combined with it. */
#define WS_DEFLATE     0x02u /* RSV1 may be set on a message's first frame. */
#define WS_ANY_MASK    0x04u /* Accept masked and unmasked, e.g. in a proxy. */
#define WS_KEEP_MASKED 0x08u /* Do not unmask: buf is never written to. */
#define WS_ANY_RSV     0x10u /* Report reserved bits of data frames,
                              * continuations too, instead of refusing them,
                              * e.g. in a proxy. Those of control frames stay
                              * refused. */

/* Decodes the frame at the start of buf and unmasks its payload in place
 * (RFC 6455, 5.2). Returns the length of the whole frame, 0 if part of it is
 * missing, or an error. When the result is 0 and frame->header_len is not,
 * the header is complete and *frame holds its values: the frame will be
 * header_len + payload_len bytes long. Nothing has been unmasked then.
 *
 * Headers are checked byte by byte, here and everywhere: the first wrong
 * byte decides, as soon as it is there. Within the first: RESERVED_BITS,
 * OPCODE, CONTROL_FRAME (not final), FRAGMENTATION; within the second: MASK,
 * then CONTROL_FRAME (too long); then LENGTH at the byte that proves it;
 * then TOO_BIG when the length is complete. (A single frame has no
 * FRAGMENTATION and no TOO_BIG: those are the decoder's.) */
WS_API WS_MUST_USE ws_result
ws_frame_decode(void *buf, size_t len, uint32_t flags,
                ws_frame *frame) WS_NOTHROW;

/* Bytes that a frame of this payload length occupies, header included;
 * UINT64_MAX if payload_len is above 2^63 - 1. */
WS_API uint64_t ws_frame_size(uint64_t payload_len, int masked) WS_NOTHROW;

/* Writes header and payload. flags: WS_FIN and WS_RSV*; another one,
 * WS_MASKED too, is WS_ERR_INVALID_ARGUMENT. mask_key: 4 bytes that the peer
 * cannot foresee (RFC 6455, 10.3), which mask the frame, or NULL for an
 * unmasked frame. `payload` is not modified, and must not overlap `out`,
 * which needs room for ws_frame_size() bytes. Returns the number of bytes
 * written. A reserved opcode, and a control frame without WS_FIN or above
 * WS_MAX_CONTROL, is WS_ERR_INVALID_ARGUMENT.
 *
 * An unmasked frame is the same for every client: encode once, send to all. */
WS_API WS_MUST_USE ws_result
ws_frame_encode(int opcode, uint32_t flags, const void *mask_key,
                const void *payload, size_t payload_len, void *out,
                size_t out_cap) WS_NOTHROW;

/* Writes only the header, for writev() or for a payload that follows in
 * pieces (mask those with ws_mask()). WS_MAX_HEADER bytes of room are always
 * enough. A payload_len above 2^63 - 1 is WS_ERR_INVALID_ARGUMENT. The
 * header may be written directly before the payload, in the same buffer:
 *
 *   n = ws_frame_size(len, masked) - len;
 *   ws_frame_header(opcode, flags, key, len, payload - n, n);
 *
 * Returns its length in bytes. */
WS_API WS_MUST_USE ws_result
ws_frame_header(int opcode, uint32_t flags, const void *mask_key,
                uint64_t payload_len, void *out, size_t out_cap) WS_NOTHROW;

/* Masks or unmasks in place; the two are the same operation (RFC 6455, 5.3).
 * `pos` is the position of buf[0] inside the frame's payload: 0 for the
 * first piece, then the number of payload bytes already done. Invalid
 * arguments do nothing. */
WS_API void
ws_mask(void *buf, size_t len, const void *mask_key, uint64_t pos) WS_NOTHROW;

/* The same from one buffer to another. They may be the same buffer, but not
 * overlap otherwise. */
WS_API void
ws_mask_copy(void *dst, const void *src, size_t len,
             const void *mask_key, uint64_t pos) WS_NOTHROW;

/* ======================================================================== *
 *  Many frames
 * ======================================================================== */

/* Remembers where in the stream the last call stopped. Place it anywhere,
 * copy it, forget it: there is nothing to free. All zero bytes is a fresh
 * decoder for WS_SERVER without a size limit. 64 bytes. Frozen. */
typedef struct ws_decoder {
    uint64_t opaque[8]; /* The library's. */
} ws_decoder;

/* flags: WS_SERVER or WS_CLIENT and what may be combined with it.
 * max_payload: frames of any kind, control frames too, that announce more
 * bytes are WS_ERR_TOO_BIG; 0 for no limit. With an unknown flag the result
 * is WS_ERR_INVALID_ARGUMENT, and so is every result of ws_decoder_feed():
 * the decoder refuses all input. */
WS_API ws_result
ws_decoder_init(ws_decoder *decoder, uint32_t flags,
                uint64_t max_payload) WS_NOTHROW;

/* Decodes as many frames as `buf` and `frames` hold; checks headers and the
 * order of fragments; unmasks in place. Returns how many entries of `frames`
 * were filled, and in *consumed how many bytes of buf are done: all of them,
 * an incomplete header too, unless `frames` ran full or an error follows;
 * none with an error. Nothing needs to be kept or moved, so one read buffer
 * can serve every connection. frames_cap must not be 0.
 *
 * The first and the last entry may be parts of a frame (no WS_BEGIN, no
 * WS_END). A header at the very end of buf is reported with its first
 * payload byte. Entries before an error are reported, and their number is
 * the result; the next call returns the error, and so does every call after
 * it. The decoder goes on after a close frame: stopping there is the
 * caller's business.
 *
 * If *consumed == len, nothing is outstanding, and a result of 0 means that
 * all of buf is done: a loop over the bytes left and a loop over the result
 * are both correct. Bytes from *consumed on are as they were given.
 *
 *   while (len > 0) {
 *       n = ws_decoder_feed(&d, p, len, fr, 64, &used);
 *       if (n < 0) break;
 *       for (i = 0; i < n; i++) handle(&fr[i], p + fr[i].chunk_off);
 *       p += used, len -= used;
 *   } */
WS_API WS_MUST_USE ws_result
ws_decoder_feed(ws_decoder *decoder, void *buf, size_t len,
                ws_frame *frames, size_t frames_cap,
                size_t *consumed) WS_NOTHROW;

/* WS_OK if the stream may end here, WS_ERR_EOF in mid-frame or mid-message,
 * or the error that stopped the decoder. */
WS_API WS_MUST_USE ws_result
ws_decoder_finish(const ws_decoder *decoder) WS_NOTHROW;

/* One frame to be sent. Frozen. */
typedef struct ws_out_frame {
    const void *payload; /* NULL only with a length of 0. */
    size_t payload_len;  /* In bytes. */
    uint8_t mask_key[4]; /* Used if flags has WS_MASKED. */
    uint8_t opcode;      /* WS_OPCODE_* */
    uint8_t flags;       /* WS_FIN, WS_RSV*, WS_MASKED */
    uint8_t reserved[2]; /* Unused. */
} ws_out_frame;

/* Encodes frames one after another until `out` is full. Returns how many
 * were encoded, each of them completely, and in *written how many bytes that
 * took. An error (BUFFER_TOO_SMALL included) is returned only if it meets
 * the first. */
WS_API WS_MUST_USE ws_result
ws_frames_encode(const ws_out_frame *frames, size_t frames_len,
                 void *out, size_t out_cap, size_t *written) WS_NOTHROW;

/* ======================================================================== *
 *  UTF-8 and close payloads
 * ======================================================================== */

/* Checks text that arrives in pieces, and fails at the first byte that no
 * continuation can make valid (RFC 3629). *state is 0 before the first
 * piece, and 0 again whenever the text so far ends on a character boundary:
 * test that at the end. Returns WS_OK, or WS_ERR_UTF8 from then on; for a
 * *state that is not from here, WS_ERR_INVALID_ARGUMENT. */
WS_API WS_MUST_USE ws_result
ws_utf8_validate(uint32_t *state, const void *buf, size_t len) WS_NOTHROW;

#define WS_CLOSE_NORMAL           1000 /* The purpose of the connection is
                                        * fulfilled. */
#define WS_CLOSE_GOING_AWAY       1001 /* A server goes down, or a browser
                                        * leaves the page. */
#define WS_CLOSE_PROTOCOL_ERROR   1002 /* The peer broke the protocol. */
#define WS_CLOSE_UNSUPPORTED_DATA 1003 /* A type of data that cannot be
                                        * accepted. */
#define WS_CLOSE_NO_STATUS        1005 /* Never sent: "there was no code". */
#define WS_CLOSE_ABNORMAL         1006 /* Never sent: "there was no close". */
#define WS_CLOSE_INVALID_DATA     1007 /* Data that is not what it should be,
                                        * e.g. text that is not UTF-8. */
#define WS_CLOSE_POLICY           1008 /* A message that violates a policy. */
#define WS_CLOSE_TOO_BIG          1009 /* A message that is too big. */
#define WS_CLOSE_EXTENSION        1010 /* Client: the server did not agree to
                                        * a required extension. */
#define WS_CLOSE_INTERNAL_ERROR   1011 /* The server met an unexpected
                                        * condition. */
#define WS_CLOSE_SERVICE_RESTART  1012 /* The server restarts. */
#define WS_CLOSE_TRY_AGAIN_LATER  1013 /* The server is overloaded. */
#define WS_CLOSE_BAD_GATEWAY      1014 /* A gateway got an invalid answer. */

/* Reads the (unmasked) payload of a close frame (RFC 6455, 5.5.1). *code is
 * WS_CLOSE_NO_STATUS if it is empty, and 0 with an error. The reason starts
 * at payload + 2. Returns the length of the reason, or WS_ERR_CLOSE_PAYLOAD,
 * WS_ERR_UTF8 or, beyond WS_MAX_CONTROL bytes, WS_ERR_CONTROL_FRAME. */
WS_API WS_MUST_USE ws_result
ws_close_parse(const void *payload, size_t len, uint16_t *code) WS_NOTHROW;

/* Writes a close payload; the reason is UTF-8, at most 123 bytes, else
 * WS_ERR_INVALID_ARGUMENT. With WS_CLOSE_NO_STATUS it is empty, and takes no
 * reason. Returns the bytes written. */
WS_API WS_MUST_USE ws_result
ws_close_build(uint16_t code, const void *reason, size_t reason_len,
               void *out, size_t out_cap) WS_NOTHROW;

/* 1 if this code may appear in a close frame, else 0 (RFC 6455, 7.4, and the
 * codes that were registered since). */
WS_API int ws_close_code_valid(uint16_t code) WS_NOTHROW;

/* ======================================================================== *
 *  Control frames
 * ======================================================================== */

/* What answers pings and the peer's close for users of the decoder, and
 * remembers the closing handshake. Place it anywhere, copy it, forget it:
 * there is nothing to free. All zero bytes is a fresh one. 144 bytes.
 * Frozen. */
typedef struct ws_control {
    uint64_t opaque[18]; /* The library's. */
} ws_control;

/* Takes an entry of ws_decoder_feed(), and writes the reply to it, if there
 * is one. Hand it every entry, in order and unmasked (so not from a decoder
 * with WS_KEEP_MASKED); data frames are passed over. buf is what
 * ws_decoder_feed() was given. mask_key: NULL for a server; for a client 4
 * fresh bytes that the peer cannot foresee (RFC 6455, 10.3).
 *
 * Returns the number of bytes written: a pong, also after our own close
 * (5.5.2), or the close frame that answers the peer's with its code, unless
 * ours was written before. 0 if nothing is to be sent. WS_ERR_CLOSE_PAYLOAD
 * or WS_ERR_UTF8 if the peer's close is invalid, and from then on always;
 * answer it by ws_control_close(). For every entry after a valid close it
 * returns 0. A chunk out of order is WS_ERR_INVALID_ARGUMENT. WS_MAX_OUTPUT
 * bytes of room are always enough; with WS_ERR_BUFFER_TOO_SMALL nothing has
 * happened, and the same entry may be handed in again. */
WS_API WS_MUST_USE ws_result
ws_control_feed(ws_control *control, const ws_frame *frame,
                const void *buf, const void *mask_key, void *out,
                size_t out_cap) WS_NOTHROW;

/* Writes a whole close frame, e.g. with ws_close_code_for(error), and
 * remembers that it was written. code and reason as for ws_close_build().
 * mask_key as for ws_control_feed(). Returns the number of bytes written, or
 * 0 if a close frame was written before, by ws_control_feed() too. control
 * may be NULL: then the frame is written and nothing is remembered. */
WS_API WS_MUST_USE ws_result
ws_control_close(ws_control *control, uint16_t code,
                 const void *reason, size_t reason_len,
                 const void *mask_key, void *out, size_t out_cap) WS_NOTHROW;

/* The code of the close that came, WS_CLOSE_NO_STATUS too; 0: no valid one
 * came, or control is NULL. */
WS_API uint16_t ws_control_close_code(const ws_control *control) WS_NOTHROW;

/* Copies the reason of the close that came, which is UTF-8. Returns its
 * length, at most 123 bytes; 0 if it has none, or no close came. */
WS_API WS_MUST_USE ws_result
ws_control_reason(const ws_control *control, void *out,
                  size_t out_cap) WS_NOTHROW;

/* ======================================================================== *
 *  permessage-deflate (RFC 7692)
 * ======================================================================== */

/* Negotiated parameters. All zero: both directions keep their context,
 * windows of 15 bits. A value out of range is WS_ERR_INVALID_ARGUMENT. A
 * function that fills them writes actual values, never the zeros that stand
 * for them. Frozen. */
typedef struct ws_pmd_params {
    uint8_t server_no_context_takeover; /* 1: the server compresses each
                                         * message independently of the
                                         * others. */
    uint8_t client_no_context_takeover; /* 1: the client does. */
    uint8_t server_max_window_bits;     /* 8..15; 0 stands for 15 */
    uint8_t client_max_window_bits;     /* Likewise. */
    uint8_t level;                      /* Ours alone: 1..9; 0 stands for 6 */
    uint8_t mem_level;                  /* Ours alone: 1..9; 0 stands for 8 */
    uint8_t reserved[2];                /* 0 */
} ws_pmd_params;

/* Server: takes the first acceptable permessage-deflate offer in the
 * client's head. On entry *params is what you are willing to use, on return
 * what was agreed. Writes the value for ws_response_spec.extensions. Returns
 * its length, or 0 if no offer is acceptable: *params is unchanged,
 * compression stays off. An offer is acceptable if it is well-formed: each
 * parameter once, known, and with a value that it may have (7.1); others are
 * passed over. A list that is malformed anywhere is WS_ERR_EXTENSION (RFC
 * 6455, 9.1). A client's window is limited only where its offer allows that,
 * else it is 15. */
WS_API WS_MUST_USE ws_result
ws_pmd_accept(const void *head, size_t head_len,
              ws_pmd_params *params, void *out, size_t out_cap) WS_NOTHROW;

/* The same from the value of Sec-WebSocket-Extensions (all of its values,
 * joined with ", "). (NULL, 0): the field did not come. */
WS_API WS_MUST_USE ws_result
ws_pmd_accept_value(const void *offers, size_t offers_len,
                    ws_pmd_params *params, void *out,
                    size_t out_cap) WS_NOTHROW;

/* Client: writes an offer for ws_request_spec.extensions. The offer always
 * has client_max_window_bits, so that the server may limit our window. */
WS_API WS_MUST_USE ws_result
ws_pmd_offer(const ws_pmd_params *params, void *out, size_t out_cap) WS_NOTHROW;

/* Client: reads the server's answer out of its head and narrows *params,
 * which is what ws_pmd_offer() was given, to it. Returns 1 if compression is
 * on, 0 if it is off, or WS_ERR_EXTENSION; *params is unchanged unless the
 * result is 1. */
WS_API WS_MUST_USE ws_result
ws_pmd_confirm(const void *head, size_t head_len,
               ws_pmd_params *params) WS_NOTHROW;

/* The same from the value of Sec-WebSocket-Extensions (all of its values,
 * joined with ", "). (NULL, 0): the field did not come. */
WS_API WS_MUST_USE ws_result
ws_pmd_confirm_value(const void *answer, size_t answer_len,
                     ws_pmd_params *params) WS_NOTHROW;

/* ======================================================================== *
 *  Connection
 * ======================================================================== */

/* A WebSocket connection after its opening handshake. Opaque; WS_MAX_CONN
 * bytes at most. It owns further memory only while a message or a control
 * frame is incomplete or was collected, while a pong waits, for
 * WS_OPT_KEEP_BUFFER, and for the contexts of compression. A client owns 260
 * bytes more from its first frame on, for its masking keys. */
typedef struct ws_conn ws_conn;

#define WS_MAX_CONN 256 /* The most bytes of memory that a connection in
                         * ws_conn_init() ever needs, within this ABI. */

/* Memory for a handle. free() and resize() get the size and the alignment (a
 * power of two, at most 16) that were asked for, so that an allocator need
 * not store them. resize() may move the memory, and may be NULL. Each
 * function must return: no exception, no longjmp(). None may call the
 * library with the handle that it gives memory to. Pass NULL in place of
 * this struct for the C library's. Frozen. */
typedef struct ws_allocator {
    /* Gives `size` bytes, or NULL. */
    void *(*alloc)(void *user, size_t size, size_t align);
    /* Gives new_size bytes that begin with what was in the old ones, or NULL
     * with the old ones intact. ptr is never NULL. */
    void *(*resize)(void *user, void *ptr, size_t old_size,
        size_t new_size, size_t align);
    /* Takes the memory back. */
    void (*free)(void *user, void *ptr, size_t size, size_t align);
    void *user; /* Passed to each of them. */
} ws_allocator;

/* side: WS_SERVER or WS_CLIENT. NULL if out of memory or if an argument is
 * invalid. *allocator is copied; what its `user` points to must outlive the
 * handle. */
WS_API WS_MUST_USE ws_conn *
ws_conn_new(uint32_t side, const ws_allocator *allocator) WS_NOTHROW;

/* The same in memory of your own: ws_sizeof(WS_TYPE_CONN) bytes, at most
 * WS_MAX_CONN, aligned to 16. The handle is mem: do not move or copy it.
 * NULL if mem_size is too small, mem is not aligned or an argument is
 * invalid. After ws_conn_free() mem is yours again, also for another
 * ws_conn_init(). */
WS_API WS_MUST_USE ws_conn *
ws_conn_init(void *mem, size_t mem_size, uint32_t side,
             const ws_allocator *allocator) WS_NOTHROW;

/* Gives back all that the connection owns, and the handle itself unless it
 * came from ws_conn_init(). NULL is allowed. */
WS_API void ws_conn_free(ws_conn *conn) WS_NOTHROW;

/* Switches compression on, as agreed. Before the first byte of input and the
 * first message out, and not with WS_OPT_ALLOW_RSV, else
 * WS_ERR_INVALID_STATE. Each direction allocates with its first message, and
 * without context takeover gives the memory back after each. With a window
 * of 8 bits we compress without back-references (no engine can do more);
 * whatever window was agreed, we decompress with one of 15. */
WS_API ws_result
ws_conn_set_pmd(ws_conn *conn, const ws_pmd_params *params) WS_NOTHROW;

/* What compression was agreed on. Returns 1, or 0 if there is none. */
WS_API WS_MUST_USE ws_result
ws_conn_get_pmd(const ws_conn *conn, ws_pmd_params *params) WS_NOTHROW;

/* Options. One that this build does not know is WS_ERR_UNSUPPORTED; a value
 * that an option cannot have, WS_ERR_INVALID_ARGUMENT; one that comes too
 * late, WS_ERR_INVALID_STATE. A switch is 0 or 1. */
#define WS_OPT_MAX_MESSAGE   1  /* Bytes of a message, decompressed; 0: no
                                 * limit; default 1 MiB (1,048,576); also
                                 * with WS_OPT_STREAM. Checked when the
                                 * header of an uncompressed frame announces
                                 * more, and while decompressing; nothing is
                                 * ever allocated for an announcement. A
                                 * lower limit holds for the message under
                                 * way, too: if that is beyond it, its next
                                 * frame header or payload byte is
                                 * WS_ERR_TOO_BIG. A compressed message whose
                                 * frames announce more than 16 * limit +
                                 * 65,536 bytes in total is WS_ERR_TOO_BIG at
                                 * the header that does so. */
#define WS_OPT_STREAM        2  /* Switch: report messages in pieces as they
                                 * arrive, and hold none back; a piece may
                                 * end inside a character; default 0; before
                                 * any input. Pieces of a compressed message,
                                 * of at most 16 KiB, and control frames that
                                 * arrive in parts still lie in the
                                 * connection's memory (WS_EVENT_COLLECTED). */
#define WS_OPT_AUTO_PONG     3  /* Switch: answer pings; default 1. */
#define WS_OPT_CHECK_UTF8    4  /* Switch: incoming text must be UTF-8; fails
                                 * at the first wrong byte, even if its
                                 * message is incomplete; default 1; before
                                 * any input. */
#define WS_OPT_KEEP_BUFFER   5  /* Bytes of message memory to keep between
                                 * messages; default 0. */
#define WS_OPT_MAX_FRAME     6  /* Bytes of payload that the header of one
                                 * data frame may announce, compressed if it
                                 * is; beyond it WS_ERR_TOO_BIG; 0: no limit;
                                 * default 0. */
#define WS_OPT_ANY_MASK      7  /* Switch: accept masked and unmasked frames,
                                 * on either side. What we send is masked by
                                 * a client as always. Default 0; before any
                                 * input. */
#define WS_OPT_AUTO_CLOSE    8  /* Switch: answer a close, and tell the peer
                                 * of an error; default 1; before any input.
                                 * With 0 you do so, once, with
                                 * ws_conn_close(), and ws_conn_output()
                                 * writes pongs alone. Until then
                                 * ws_conn_send() works, and the state is
                                 * CLOSING, or FAILED after an error. */
#define WS_OPT_ALLOW_RSV     9  /* WS_RSV1, WS_RSV2, WS_RSV3: those that may
                                 * be set on the first frame of a message,
                                 * for an extension of your own; default 0;
                                 * before any input. Such a message is handed
                                 * over as it came, with its bits in
                                 * event.flags: its text is not checked,
                                 * limits hold. ws_conn_send() takes the same
                                 * bits with the first piece. Not together
                                 * with compression: the second of
                                 * ws_conn_set_pmd() and this is
                                 * WS_ERR_INVALID_STATE (use the decoder and
                                 * ws_pmd). */
#define WS_OPT_COMPRESS_FROM 10 /* Bytes: messages shorter than this are sent
                                 * uncompressed; default 0. The first piece
                                 * decides, and one with WS_SEND_MORE counts
                                 * as long enough. */

/* What can be asked with ws_conn_get(); to set it is
 * WS_ERR_INVALID_ARGUMENT. */
#define WS_INFO_CLOSE_SENT     100 /* The code of our close, written by
                                    * ws_conn_close() or handed out by
                                    * ws_conn_output(); WS_CLOSE_NO_STATUS
                                    * too; 0: none. */
#define WS_INFO_CLOSE_RECEIVED 101 /* The code of the peer's close, reported;
                                    * WS_CLOSE_NO_STATUS too; 0: none. */
#define WS_INFO_CLOSED_BY_PEER 102 /* 1 if the peer's close came before ours
                                    * was written, else 0. */
#define WS_INFO_SENDING        103 /* Opcode of the message that is being
                                    * sent in pieces; 0: none. */
#define WS_INFO_RECEIVING      104 /* Opcode of the message that is arriving;
                                    * 0: none. */
#define WS_INFO_ANNOUNCED      105 /* After WS_ERR_TOO_BIG: the length in
                                    * bytes that exceeds the limit, announced
                                    * or reached, of the message, or of the
                                    * frame for WS_OPT_MAX_FRAME; else 0. */
#define WS_INFO_BUFFERED       106 /* Bytes of an incomplete message that are
                                    * held. */

/* Sets an option (WS_OPT_*). Returns WS_OK or an error. */
WS_API ws_result
ws_conn_set(ws_conn *conn, int option, uint64_t value) WS_NOTHROW;

/* Reads an option (WS_OPT_*), or what else can be asked (WS_INFO_*). Returns
 * WS_OK and fills *value, or an error, and *value is 0. */
WS_API WS_MUST_USE ws_result
ws_conn_get(const ws_conn *conn, int option, uint64_t *value) WS_NOTHROW;

/* Takes masking keys from elsewhere: where the operating system has no
 * random bytes, and for reproducible tests. fill() writes len bytes that the
 * peer cannot foresee (RFC 6455, 10.3) and returns 0; anything else is
 * WS_ERR_RANDOM for the call that needed them, and nothing has changed. It
 * is asked for 256 bytes at once, or for 4 where there was no memory for
 * more; the keys are used in their order. The rules of ws_allocator hold for
 * it; it and `user` must outlive the handle. NULL: the operating system's.
 * Before the first frame out, else WS_ERR_INVALID_STATE. It has no effect on
 * a server. */
WS_API WS_MUST_USE ws_result
ws_conn_set_random(ws_conn *conn,
                   int (*fill)(void *user, void *out, size_t len),
                   void *user) WS_NOTHROW;

#define WS_EVENT_FIRST     0x1u /* The message starts with this piece. */
#define WS_EVENT_LAST      0x2u /* The message ends with this piece. */
#define WS_EVENT_COLLECTED 0x4u /* Its data is in the connection's memory,
                                 * not in your buffer. At most one event of a
                                 * call has it, and that is the last one. */
#define WS_EVENT_FRAME_END 0x8u /* A frame ends with this piece. Whole
                                 * messages and control frames always have
                                 * it. With WS_OPT_STREAM every data frame
                                 * has exactly one piece with it, if need be
                                 * an empty one. */

/* A message, a piece of one (with WS_OPT_STREAM), or a control frame. 24
 * bytes without padding on every platform. Frozen. */
typedef struct ws_event {
    uint64_t off;        /* Where its data starts in the buf of this call. Of
                          * a collected event, a value for ws_event_data()
                          * alone. */
    uint64_t len;        /* In bytes. */
    uint16_t opcode;     /* WS_OPCODE_TEXT, _BINARY, _PING, _PONG or _CLOSE */
    uint16_t flags;      /* WS_EVENT_*; and WS_RSV1, WS_RSV2, WS_RSV3, on
                          * every piece of a message that has them, where
                          * WS_OPT_ALLOW_RSV let them pass. */
    uint16_t close_code; /* Of a close, whose data is the reason;
                          * WS_CLOSE_NO_STATUS if it has none. Else 0. */
    uint16_t reserved;   /* 0 */
} ws_event;

/* Where the data of an event is: buf + off, or, if it was collected, in the
 * connection's memory (valid until the next ws_conn_recv() or
 * ws_conn_free(); other calls leave it alone). buf is what that
 * ws_conn_recv() was given; it may be NULL for a collected event. NULL for
 * invalid arguments and for a collected event of an earlier call that does
 * not lie in that memory any more; never NULL for a collected event of the
 * last call. */
WS_API const void *
ws_event_data(const ws_conn *conn, const void *buf,
              const ws_event *event) WS_NOTHROW;

/* Takes bytes from the network. Returns how many events were filled, and in
 * *consumed how many bytes of buf are done. A message that lies whole and
 * uncompressed in buf is unmasked and reported there, without a copy; any
 * other is collected in the connection's memory. buf must be writable, since
 * payloads are unmasked in place. The call may stop early: when `events` is
 * full (events_cap must not be 0), when something collected must be handed
 * over, when it made a reply. It has then reported something: a result of 0
 * means that all of buf is done.
 *
 * If *consumed == len, nothing is outstanding: no event and no error can
 * come of these bytes, and you need not call again. If *consumed < len, call
 * again with the rest; mostly there is more, sometimes that call finds
 * nothing, consumes it and returns 0. So a loop over the result and a loop
 * over the bytes left are both correct. Bytes from *consumed on are as they
 * were given, unless the result is an error. So a caller with a chained
 * buffer may pass copies, and later pass the originals. Do not free the
 * connection while its events are handled.
 *
 *   while (len > 0) {
 *       n = ws_conn_recv(c, p, len, ev, 64, &used);
 *       for (i = 0; i < n; i++) handle(&ev[i], ws_event_data(c, p, &ev[i]));
 *       collect(ws_conn_output(c, out, sizeof out)); // after an error, too
 *       if (n < 0) break;
 *       p += used, len -= used;
 *   }
 *
 * Handle the events first (sending answers is fine), then take the output:
 * that keeps the order of the wire. After the peer's close, or an error, you
 * can still send: ws_conn_send() works until ws_conn_output() has written
 * our close frame.
 *
 * Events before an error are reported first. Until the error was returned,
 * *consumed is below len, so that a loop over the bytes cannot miss it. The
 * byte that is left is the wrong one, or, if only the end is wrong (a text
 * that stops in mid-character, a compressed message that is cut off, a limit
 * reached while decompressing), the last one, which may belong to an event
 * that was reported. The next call returns the error with *consumed 0,
 * whatever it is given, nothing included; so does every later call, also if
 * it is WS_ERR_NO_MEMORY. While one compressed input yields several pieces,
 * its last byte stays until the last piece is out; such a call may report a
 * piece and consume nothing. A call without bytes reports no event, and
 * gives back the memory of what was collected. The payload of a close is
 * judged when its frame is complete. A close is the last event: all bytes
 * after it are consumed and ignored. */
WS_API WS_MUST_USE ws_result
ws_conn_recv(ws_conn *conn, void *buf, size_t len, ws_event *events,
             size_t events_cap, size_t *consumed) WS_NOTHROW;

#define WS_MAX_OUTPUT 139 /* The most that ws_conn_output() ever writes, in
                           * bytes. */

/* Writes what the connection itself has to say: a pong, and the close frame
 * that answers the peer's (with its code) or an error. Call it after every
 * ws_conn_recv(); where a call is dear, only after one that reported a PING
 * or a CLOSE or returned an error: there is nothing to say after any other.
 * A pong that still waits gives way to the next (RFC 6455, 5.5.3), so that a
 * flood of pings takes no memory. Returns the number of bytes written; 0 if
 * there is nothing to say; WS_ERR_RANDOM if a client got no masking key, and
 * the same call may be repeated. (NULL, 0) as `out` asks whether there is
 * something to say: WS_ERR_BUFFER_TOO_SMALL. */
WS_API WS_MUST_USE ws_result
ws_conn_output(ws_conn *conn, void *out, size_t out_cap) WS_NOTHROW;

#define WS_SEND_MORE  0x1u /* Further pieces of this message follow. */
#define WS_SEND_PLAIN 0x2u /* Do not compress. The first piece decides. */

/* Writes a message, or with WS_SEND_MORE a piece of one: each piece becomes
 * a frame. opcode: WS_OPCODE_TEXT or WS_OPCODE_BINARY, the same for every
 * piece; or WS_OPCODE_PING or WS_OPCODE_PONG, also between pieces. out_cap
 * must be at least ws_conn_send_bound(). Returns the number of bytes
 * written. What would be illegal on the wire now is WS_ERR_INVALID_STATE:
 * data after our close was written, another opcode inside a message, PING
 * and PONG once both closes are there, anything once the stream has ended. A
 * PING or PONG above WS_MAX_CONTROL bytes or with WS_SEND_MORE, and another
 * opcode, are WS_ERR_INVALID_ARGUMENT. After WS_ERR_NO_MEMORY (compression)
 * and WS_ERR_RANDOM (a client's masking key) the same call may be repeated.
 * With WS_OPT_ALLOW_RSV, flags may hold the bits that it allows; the first
 * piece decides. Outgoing text is not checked: ws_utf8_validate() does that.
 * `payload` must not overlap `out`. Where compression is on, bytes of `out`
 * behind those that were written may have been used.
 *
 * Between messages, frames from ws_frame_encode() may be sent as well. And
 * what a server with server_no_context_takeover compressed is valid for
 * every client that agreed on it, and on as wide a window: compress once,
 * send to all. */
WS_API WS_MUST_USE ws_result
ws_conn_send(ws_conn *conn, int opcode, uint32_t flags,
             const void *payload, size_t payload_len, void *out,
             size_t out_cap) WS_NOTHROW;

/* Room in bytes that ws_conn_send() needs for a payload of this length; 0 if
 * that is above PTRDIFF_MAX, or conn is NULL. */
WS_API size_t
ws_conn_send_bound(const ws_conn *conn, size_t payload_len) WS_NOTHROW;

/* Writes a close frame, which starts the closing handshake, or takes the
 * place of one (the answer to the peer's, or to an error) that
 * ws_conn_output() has not written yet. code and reason are as for
 * ws_close_build(); WS_MAX_OUTPUT bytes of room are always enough. Returns
 * the number of bytes written; 0 if a close was written before, or the
 * stream has ended. Messages that are still arriving are reported as before,
 * and pings are answered until the peer's close comes (RFC 6455, 5.5.2): a
 * pong that waits comes with ws_conn_output(), but none once both sides have
 * closed. */
WS_API WS_MUST_USE ws_result
ws_conn_close(ws_conn *conn, uint16_t code, const void *reason,
              size_t reason_len, void *out, size_t out_cap) WS_NOTHROW;

/* The peer will send nothing more: its stream has ended. WS_OK after a close
 * from both sides, or if a close came and only its answer was not sent: that
 * waits in ws_conn_output() as before, and the state stays CLOSING. The
 * error, if there was one; else WS_ERR_EOF: the state is FAILED, nothing
 * waits, nothing can be sent. */
WS_API ws_result ws_conn_finish(ws_conn *conn) WS_NOTHROW;

#define WS_STATE_OPEN    0 /* Messages go both ways. */
#define WS_STATE_CLOSING 1 /* A close was sent, or has arrived. */
#define WS_STATE_CLOSED  2 /* A close has arrived and ours was handed out. */
#define WS_STATE_FAILED  3 /* An error was returned. */

/* CLOSED or FAILED: send what you collected; then shut down your sending
 * side, read and discard until the peer hangs up or your timer fires, and
 * close the socket (RFC 6455, 7.1.1). Closing it at once can destroy the
 * close frame on its way. A client gives the server a moment to close first.
 * (NULL is FAILED.) */
WS_API int ws_conn_state(const ws_conn *conn) WS_NOTHROW;

/* ======================================================================== *
 *  Accepting and confirming
 * ======================================================================== */

#define WS_ACCEPT_NEED_PROTOCOL 0x1u /* In ws_accept_spec: refuse a client
                                      * that offers none of our subprotocols. */

/* How to accept a client. Zero it, fill what you need. Extensible.
 *
 * `origins` is a list as for ws_origin_allowed(). {NULL, 0} accepts any page
 * in any browser, which is right only where nothing depends on cookies or on
 * the network that the browser is in. With a list, a request whose Origin is
 * not on it (an empty one, "null", a malformed one) is refused; a request
 * without Origin does not come from a browser and passes. */
typedef struct ws_accept_spec {
    ws_bytes protocols;            /* "chat, superchat": as you prefer them. */
    ws_bytes headers;              /* Further complete "Name: value\r\n"
                                    * lines. */
    const ws_pmd_params *pmd;      /* How you are willing to compress; NULL:
                                    * not at all. */
    const ws_allocator *allocator; /* NULL: the C library's. */
    ws_bytes origins;              /* "https://a.example
                                    * https://b.example:8443", or {NULL, 0} */
    uint32_t flags;                /* WS_ACCEPT_* */
    uint32_t reserved;             /* 0 */
} ws_accept_spec;

/* What ws_conn_accept() made of a request. All zero unless the result is
 * above 0. Extensible. */
typedef struct ws_accepted {
    ws_conn *conn;     /* NULL: refused. */
    ws_result error;   /* Why it was refused, else WS_OK. */
    uint32_t head_len; /* Of the request: the first frames start there. 0
                        * with WS_ERR_HTTP_SYNTAX and WS_ERR_HTTP_TOO_LARGE. */
    ws_span protocol;  /* Chosen: a piece of spec->protocols. */
    uint32_t reserved; /* 0 */
} ws_accepted;

#define WS_MAX_REPLY 512 /* What ws_conn_accept() writes at most, beside
                          * spec->headers and the protocol chosen. */

/* Server: all that follows the arrival of a request. Judges the head that
 * `buf` starts with; `buf` may hold more. Writes a 101 with spec->headers,
 * and places a connection in accepted->conn; or writes the refusal that fits
 * (ws_http_status()), and tells why in accepted->error. Returns the bytes
 * written, 0 if the head is not complete, or an error of the caller or the
 * system: nothing was written, no connection was made, and the same call may
 * be repeated.
 *
 * Errors are those of ws_parse_handshake(), in its order, then
 * WS_ERR_HANDSHAKE_ORIGIN and WS_ERR_HANDSHAKE_PROTOCOL. With
 * WS_ERR_NOT_UPGRADE `out` holds a 426; a caller who serves ordinary
 * requests discards it and looks at the head with ws_parse_handshake().
 *
 * Give `buf` room for WS_MAX_HEAD bytes: then it never fills without an
 * answer. Each call parses from the start, so for a head that arrives in
 * many pieces call ws_head_length() first. After a 101 the first frames are
 * at buf + accepted.head_len; hand them to ws_conn_recv(), then all that is
 * read, until ws_conn_state() is WS_STATE_CLOSED or above.
 *
 * `spec` may be (NULL, 0): all defaults. A mistake in it is
 * WS_ERR_INVALID_ARGUMENT at every call, whatever the head is: in headers,
 * protocols, pmd, allocator or flags; a flag that needs `protocols` without
 * them; a list of origins that is empty but not NULL, or has an entry that
 * could never match (a trailing slash, a comma, a wildcard, no scheme,
 * "null"). So this checks a configuration at the start, where 0 means that
 * it is valid:
 *
 *   ws_accepted a;
 *   n = ws_conn_accept(NULL, 0, &spec, sizeof spec, &a, sizeof a, NULL, 0); */
WS_API WS_MUST_USE ws_result
ws_conn_accept(const void *buf, size_t len,
               const ws_accept_spec *spec, size_t spec_size,
               ws_accepted *accepted, size_t accepted_size,
               void *out, size_t out_cap) WS_NOTHROW;

/* Client: all that follows ws_build_request(). Parses the response, checks
 * it against the request that was sent, reads what compression was agreed
 * on, and makes the connection. Result as for ws_parse_response(); also
 * WS_ERR_NO_MEMORY. *conn is NULL unless the result is above 0.
 *
 * `offered` is what ws_pmd_offer() was given, NULL exactly if the request
 * offers no permessage-deflate, else the result is WS_ERR_INVALID_ARGUMENT.
 * It is not changed: ws_conn_get_pmd() tells what was agreed on. */
WS_API WS_MUST_USE ws_result
ws_conn_confirm(const void *buf, size_t len, const void *request,
                size_t request_len, const ws_pmd_params *offered,
                const ws_allocator *allocator, ws_conn **conn,
                ws_response *response, size_t response_size) WS_NOTHROW;

/* ======================================================================== *
 *  Compression without a connection
 * ======================================================================== */

/* Compresses and decompresses the payloads of frames (RFC 7692, 7.2): for
 * users of the decoder, for proxies, and to compress once for many. What a
 * server compressed is valid for every client that agreed on no context
 * takeover of the server's and on as wide a window; in others the windows
 * would part. Opaque. For one thread at a time. It takes memory as
 * ws_conn_set_pmd() says. */
typedef struct ws_pmd ws_pmd;

/* side: WS_SERVER or WS_CLIENT, the side that you are. params: what was
 * agreed on. *allocator is copied; NULL: the C library's. NULL if out of
 * memory, if an argument is invalid, or in a build without
 * WS_FEATURE_DEFLATE. */
WS_API WS_MUST_USE ws_pmd *
ws_pmd_new(uint32_t side, const ws_pmd_params *params,
           const ws_allocator *allocator) WS_NOTHROW;

/* Gives all memory back. NULL is allowed. */
WS_API void ws_pmd_free(ws_pmd *pmd) WS_NOTHROW;

/* Room in bytes that ws_pmd_compress() needs for a piece of this length; 0
 * if that is above PTRDIFF_MAX, or pmd is NULL. */
WS_API size_t ws_pmd_compress_bound(const ws_pmd *pmd, size_t len) WS_NOTHROW;

/* Compresses a message, or a piece of one, into the payload of one frame;
 * WS_RSV1 belongs on the first. flags: 0, or WS_SEND_MORE if further pieces
 * of the message follow. out_cap must be at least ws_pmd_compress_bound(),
 * and `data` must not overlap `out`; bytes of `out` behind the result may
 * have been used. Returns the length of the payload, WS_ERR_BUFFER_TOO_SMALL
 * or WS_ERR_NO_MEMORY. */
WS_API WS_MUST_USE ws_result
ws_pmd_compress(ws_pmd *pmd, uint32_t flags, const void *data,
                size_t len, void *out, size_t out_cap) WS_NOTHROW;

/* Decompresses the unmasked payload of one frame. flags: 0, or WS_SEND_MORE
 * if further frames of the message follow. Returns how many bytes were
 * written, and in *consumed how many bytes of `data` are done. It stops
 * early only when `out` is full; out_cap must not be 0. Call it again with
 * the rest, which may be empty, and the same flags until it returns 0: then
 * the payload is done, and without WS_SEND_MORE the message. `data` is never
 * written to.
 *
 * WS_ERR_COMPRESSION if the data is damaged or the message is cut off,
 * WS_ERR_NO_MEMORY; both are returned from then on, with *consumed 0. There
 * is no limit here: bound what goes in and what comes out.
 *
 *   do {
 *       n = ws_pmd_decompress(pmd, flags, p, len, &used, out, sizeof out);
 *       if (n > 0) take(out, n);
 *       p += used, len -= used;
 *   } while (n > 0); */
WS_API WS_MUST_USE ws_result
ws_pmd_decompress(ws_pmd *pmd, uint32_t flags, const void *data,
                  size_t len, size_t *consumed, void *out,
                  size_t out_cap) WS_NOTHROW;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WSCODEC_H */
