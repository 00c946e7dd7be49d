/*
 * wscodec.h - WebSocket (RFC 6455, RFC 7692) over raw buffers.
 *
 * The library opens no socket and no file, starts no thread and reads no clock.
 * Its only global state is a record of the vector instructions that the
 * processor and the operating system support. You pass it the bytes that
 * arrived; it reports what they mean and writes the bytes that you should send.
 * It has three layers, each usable without the next:
 *
 *   1. Pieces       accept key, handshake, one frame at a time, masking, UTF-8,
 *                   close payloads. Pure functions; nothing is allocated.
 *   2. Decoder      many frames per call, payloads of any length, input that is
 *                   split anywhere. Its state is 64 bytes that you own.
 *   3. Connection   messages, fragments, ping and pong, the closing handshake,
 *                   limits, compression. One handle per connection.
 *
 * TERMS
 *
 *   message    The unit an application sends: text or binary, in one or more
 *              frames.
 *   frame      A header and its payload on the wire. FIN marks the last frame
 *              of a message.
 *   fragment   One frame of a message that consists of several.
 *   chunk      A part of one frame's payload that is reported at once. Where a
 *              frame is split into chunks depends on how its bytes happened to
 *              arrive; attach no meaning to it. A frame without payload is one
 *              empty chunk, so the end of a message is always reported.
 *   head       The start line and the header fields of an HTTP request or
 *              response, up to and including the empty line that ends them.
 *   response   The server's reply to the opening request. Over HTTP/1.1, status
 *              101 accepts the connection.
 *
 * RULES FOR EVERY FUNCTION
 *
 *   Results    A ws_result is a count (>= 0) or an error (< 0, one of
 *              WS_ERR_*). A count is in bytes unless the function's
 *              description names another unit. 0 from a function that parses a
 *              head or a frame as it arrives means "more input is needed". A
 *              function documented as "returns 1 or 0" zeroes its outputs
 *              unless it returns 1, or its description says that they are
 *              unchanged. ws_strerror() describes any result.
 *   Buffers    Every buffer is a pointer and a length. (NULL, 0) is a valid
 *              empty buffer. WS_ERR_INVALID_ARGUMENT is returned for NULL with
 *              a non-zero length, a length above PTRDIFF_MAX, an unknown flag,
 *              and a pointer to a struct or number that is NULL or misaligned.
 *              Strings are not NUL-terminated unless the description says so.
 *              Input and output must not overlap unless the description says
 *              that they may. The descriptions do not repeat the errors of this
 *              rule and the next.
 *   Output     `out` need not be initialised. If it is too small, nothing is
 *              written, no state changes, and the result is
 *              WS_ERR_BUFFER_TOO_SMALL.
 *   Ownership  The library keeps no pointer you pass in, except the functions
 *              and the `user` of an allocator and of ws_conn_set_random(), and
 *              the memory passed to ws_conn_init().
 *   Positions  Positions are offsets into your buffer: they survive a realloc()
 *              and need no pointers in other languages. A message that had to
 *              be collected is in the connection's memory; ws_event_data()
 *              returns its address.
 *   Threads    Functions without a handle may be called from any thread at any
 *              time. A ws_decoder, ws_control, ws_pmd or ws_conn may be used by
 *              one thread at a time; it may move between threads.
 *   Unwinding  The library never unwinds. An exception that leaves one of
 *              your functions and reaches the library terminates the process,
 *              however the library was called.
 *   fork()     A fork copies the masking keys that a client has drawn and not
 *              yet used: only one of the two processes may continue to use the
 *              connection.
 *
 * RULES FOR EVERY CONNECTION
 *
 *   Drain      After each ws_conn_recv(), handle its events, then collect
 *              ws_conn_output() and send it.
 *   End        When ws_conn_state() is CLOSED or FAILED: send all output, shut
 *              down your sending side, read and discard until the peer closes
 *              or your timer fires, then close the socket (RFC 6455, 7.1.1).
 *              Closing the socket at once can destroy a close frame in
 *              transit. A client should give the server a moment to close
 *              first.
 *
 * COMPATIBILITY
 *
 *   The file name carries the ABI number (libwscodec.so.0). Within one ABI
 *   number, functions and constants are only ever added. Structs marked
 *   "frozen" never change. Structs marked "extensible" may grow at the end, so
 *   they are always passed with their size as you compiled it: members unknown
 *   to this library are zeroed on output, and must be zero on input, else the
 *   result is WS_ERR_UNSUPPORTED. Error codes may be added: treat an unknown
 *   negative result as a failure. The header is valid C99 and C++11.
 *
 * LEFT TO YOU
 *
 *   Everything that needs a clock, a socket or your policy: time-outs for the
 *   opening handshake, for idle peers and for the closing handshake; limits on
 *   the number of connections; and access control, for which
 *   ws_origin_allowed() helps.
 */
#ifndef WSCODEC_H
#define WSCODEC_H

/* Generated from src/ffi: change the documentation there. */

#if defined(WSCODEC_FFI)

/* For binding generators: the output of `cc -E -P -DWSCODEC_FFI` has no
 * attributes, no macros and no included files, and its constants are
 * enumerators. wscodec.json, beside this file, describes the same declarations,
 * with their documentation. */
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

/* Define WS_STATIC when you link the static library on Windows. */
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

#define WS_VERSION_MAJOR 0 /* Incremented for incompatible ABI changes. */
#define WS_VERSION_MINOR 1 /* Incremented for additions. */
#define WS_VERSION_PATCH 0 /* Incremented for bug fixes. */

/* Returns the version of the loaded library: MAJOR * 10000 + MINOR * 100 +
 * PATCH. The library may be newer than the header you compiled with. */
WS_API uint32_t ws_version(void) WS_NOTHROW;

/* Returns the version of the loaded library as text, e.g. "0.1.0". Static,
 * NUL-terminated. */
WS_API const char *ws_version_string(void) WS_NOTHROW;

#define WS_FEATURE_DEFLATE 0x1u /* permessage-deflate is available. */

/* Returns the set of features (WS_FEATURE_*) compiled into this library. The
 * functions of an absent feature still exist, so linking never fails; they
 * return WS_ERR_UNSUPPORTED. */
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
#define WS_TYPE_CONN            16 /* ws_conn: the memory that ws_conn_init()
                                    * needs. */

/* Returns sizeof the struct named by `type` (WS_TYPE_*) as the library sees
 * it; 0 for an unknown type. A language binding compares it with its own
 * declaration once, at load time: a frozen struct must have the same size,
 * an extensible one may be larger in the library. */
WS_API size_t ws_sizeof(int type) WS_NOTHROW;

/* ======================================================================== *
 *  Results
 * ======================================================================== */

#define WS_OK 0 /* Success, with no count to report. */

/* Errors of the caller or of the system. Nothing has changed, and the call
 * may be repeated. Two exceptions: WS_ERR_NO_MEMORY from ws_conn_recv() or
 * ws_pmd_decompress() is final, and an unknown flag disables the decoder
 * that ws_decoder_init() was given. */
#define WS_ERR_INVALID_ARGUMENT (-1) /* An argument is invalid: NULL with a
                                      * length, an unknown flag, a value out
                                      * of range. */
#define WS_ERR_BUFFER_TOO_SMALL (-2) /* `out` is too small; nothing was
                                      * written. */
#define WS_ERR_INVALID_STATE    (-3) /* Not allowed in the current state,
                                      * e.g. data after a close. */
#define WS_ERR_NO_MEMORY        (-4) /* Out of memory: the allocator returned
                                      * NULL. */
#define WS_ERR_UNSUPPORTED      (-5) /* A feature or option that this build
                                      * does not have. */
#define WS_ERR_RANDOM           (-6) /* The source of random bytes failed. */

/* The opening handshake was rejected; ws_http_status() returns the status to
 * reply with. */
#define WS_ERR_HTTP_SYNTAX        (-20) /* The head violates the grammar of
                                         * HTTP/1.1 (RFC 9112). */
#define WS_ERR_HTTP_TOO_LARGE     (-21) /* The head exceeds WS_MAX_HEAD bytes
                                         * or WS_MAX_FIELDS fields. */
#define WS_ERR_NOT_UPGRADE        (-22) /* A valid HTTP request, but not a
                                         * WebSocket upgrade. */
#define WS_ERR_HTTP_METHOD        (-23) /* The method of an upgrade is not
                                         * GET (HTTP/2 and HTTP/3: not
                                         * CONNECT). */
#define WS_ERR_HTTP_VERSION       (-24) /* The HTTP version of an upgrade is
                                         * not 1.1. */
#define WS_ERR_HANDSHAKE_HOST     (-25) /* Host is missing, repeated or
                                         * invalid, or differs from the host
                                         * of the target. An empty Host is
                                         * accepted. */
#define WS_ERR_HANDSHAKE_KEY      (-26) /* Sec-WebSocket-Key is missing,
                                         * repeated, or not the base64 of 16
                                         * bytes. */
#define WS_ERR_HANDSHAKE_VERSION  (-27) /* Sec-WebSocket-Version is missing,
                                         * repeated, or not 13. */
#define WS_ERR_HANDSHAKE_STATUS   (-28) /* Client: the status of the response
                                         * is not 101 (HTTP/2 and HTTP/3: not
                                         * 2xx). */
#define WS_ERR_HANDSHAKE_ACCEPT   (-29) /* Client: Sec-WebSocket-Accept,
                                         * Upgrade or Connection is missing
                                         * or invalid. */
#define WS_ERR_HANDSHAKE_PROTOCOL (-30) /* Server: the client offers none of
                                         * your subprotocols
                                         * (WS_ACCEPT_NEED_PROTOCOL). Client:
                                         * the server chose a subprotocol
                                         * that was not offered. */
#define WS_ERR_EXTENSION          (-31) /* The list of extensions is
                                         * malformed. Client: or an extension
                                         * was not offered, or was confirmed
                                         * twice. */
#define WS_ERR_HANDSHAKE_ORIGIN   (-32) /* The origin of the page is not one
                                         * that you allow. */

/* The peer violated the protocol; ws_close_code_for() returns the close code
 * to send. */
#define WS_ERR_RESERVED_BITS (-40) /* A reserved bit is set that no agreed
                                    * extension uses (RFC 6455, 5.2). */
#define WS_ERR_OPCODE        (-41) /* The opcode is reserved (5.2). */
#define WS_ERR_LENGTH        (-42) /* The payload length is not minimal, or
                                    * has its top bit set (5.2). */
#define WS_ERR_MASK          (-43) /* A frame is masked that must not be, or
                                    * the reverse (5.1). */
#define WS_ERR_CONTROL_FRAME (-44) /* A control frame is fragmented, or its
                                    * payload is longer than 125 bytes (5.5). */
#define WS_ERR_FRAGMENTATION (-45) /* A continuation without a message, or a
                                    * new message inside a fragmented one
                                    * (5.4). */
#define WS_ERR_CLOSE_PAYLOAD (-46) /* A close payload is 1 byte long, or its
                                    * code is not allowed (7.4). */
#define WS_ERR_UTF8          (-47) /* A text message or the reason of a close
                                    * is not valid UTF-8 (8.1). */
#define WS_ERR_TOO_BIG       (-48) /* A frame or message exceeds a limit that
                                    * you set. */
#define WS_ERR_COMPRESSION   (-49) /* Compressed data is damaged (RFC 7692). */
#define WS_ERR_EOF           (-50) /* The stream ended inside a frame or
                                    * message; for a connection, also without
                                    * a close. */

/* A count (>= 0) or one of WS_ERR_* (< 0). The signed counterpart of size_t. */
typedef ptrdiff_t ws_result;

/* Returns a short English phrase that describes a result. Never NULL, not
 * even for an unknown error. Static, NUL-terminated. */
WS_API const char *ws_strerror(ws_result result) WS_NOTHROW;

/* Returns the name of a result's constant, e.g. "WS_ERR_UTF8"; "WS_OK" for
 * any count, "WS_ERR_UNKNOWN" for an unknown error. Static, NUL-terminated. */
WS_API const char *ws_errname(ws_result result) WS_NOTHROW;

/* Returns the close code that reports an error to the peer (RFC 6455,
 * 7.4.1):
 *
 *   1007  WS_ERR_UTF8, WS_ERR_COMPRESSION
 *   1009  WS_ERR_TOO_BIG
 *   1002  any other protocol violation
 *   1011  an error of the caller or of the system, or an unknown error
 *   1000  a count */
WS_API uint16_t ws_close_code_for(ws_result error) WS_NOTHROW;

/* Returns the HTTP status that rejects a request for which
 * ws_parse_handshake() or ws_check_request() failed:
 *
 *   403  WS_ERR_HANDSHAKE_ORIGIN
 *   405  WS_ERR_HTTP_METHOD
 *   426  WS_ERR_HANDSHAKE_VERSION, WS_ERR_NOT_UPGRADE
 *   431  WS_ERR_HTTP_TOO_LARGE
 *   505  WS_ERR_HTTP_VERSION
 *   500  an error of the caller or of the system
 *   400  anything else: another error, an unknown error, or a count */
WS_API uint16_t ws_http_status(ws_result error) WS_NOTHROW;

/* ======================================================================== *
 *  Opening handshake
 * ======================================================================== */

#define WS_KEY_LEN    24    /* Length of a Sec-WebSocket-Key: the base64 of
                             * 16 bytes. */
#define WS_ACCEPT_LEN 28    /* Length of a Sec-WebSocket-Accept: the base64
                             * of 20 bytes. */
#define WS_MAX_HEAD   65536 /* Longest request or response head, in bytes.
                             * (WS_MAX_HEADER is for frames.) */
#define WS_MAX_FIELDS 256   /* Largest number of header fields in a head. */

/* Computes the Sec-WebSocket-Accept value for `key` (RFC 6455, 4.2.2):
 * WS_ACCEPT_LEN characters, without a NUL. Returns WS_ACCEPT_LEN. `key` must
 * be WS_KEY_LEN characters, the base64 of 16 bytes, else the result is
 * WS_ERR_HANDSHAKE_KEY. (The unused low bits of its last character may be
 * set, as in the example of RFC 6455, 4.1.) */
WS_API WS_MUST_USE ws_result
ws_accept_key(const void *key, size_t key_len, void *out,
              size_t out_cap) WS_NOTHROW;

/* A range of the buffer you passed in. Absent: {0, 0}. Present but empty:
 * only len is 0. Frozen. */
typedef struct ws_span {
    uint32_t off; /* Where the range starts in the buffer. */
    uint32_t len; /* Its length in bytes. */
} ws_span;

/* A client's opening request, as ws_parse_handshake() reads it. (ws_response
 * is a server's response.) Extensible. */
typedef struct ws_handshake {
    ws_span method;        /* "GET" for an upgrade. */
    ws_span target;        /* "/chat?room=1" */
    ws_span host;          /* "example.com:8080"; if the target is in
                            * absolute form, the host in the target. */
    ws_span origin;        /* Always sent by browsers; check it with
                            * ws_origin_allowed(). */
    ws_span key;           /* Sec-WebSocket-Key; valid in an upgrade. */
    uint32_t head_len;     /* Length of the head in bytes, including the
                            * empty line. */
    uint32_t http_version; /* The digits of the version: 11 is HTTP/1.1. */
} ws_handshake;

/* Server: parses the opening request (RFC 6455, 4.2.1) at the start of
 * `buf`. Returns the length of the request's head, after which the first
 * frames start; 0 if the head is incomplete; or an error. *hs is zeroed
 * unless the result is above 0 or WS_ERR_NOT_UPGRADE.
 *
 *   ws_handshake hs;
 *   ws_result n = ws_parse_handshake(buf, len, &hs, sizeof hs);
 *
 * A request is an upgrade if Upgrade lists "websocket" and Connection lists
 * "upgrade". Any other is WS_ERR_NOT_UPGRADE: an ordinary HTTP request, left
 * to you. *hs is filled, its `key` unchecked.
 *
 * WS_ERR_HTTP_SYNTAX is returned as soon as a malformed line is complete,
 * and WS_ERR_HTTP_TOO_LARGE as soon as the head exceeds WS_MAX_HEAD bytes or
 * WS_MAX_FIELDS fields. A complete head is checked in this order, and the
 * first failure is returned:
 *
 *   1. WS_ERR_NOT_UPGRADE
 *   2. WS_ERR_HTTP_SYNTAX: two Origins; a Transfer-Encoding; a Content-Length
 *      other than 0; a target that is neither a path nor an absolute URI of
 *      http, https, ws or wss, or that has a fragment or user information
 *   3. WS_ERR_HTTP_METHOD
 *   4. WS_ERR_HTTP_VERSION
 *   5. WS_ERR_HANDSHAKE_HOST
 *   6. WS_ERR_HANDSHAKE_VERSION
 *   7. WS_ERR_HANDSHAKE_KEY
 *   8. WS_ERR_EXTENSION
 *
 * A repeated field is judged as if its values had been sent in one line,
 * joined with commas (RFC 9110, 5.3). A Sec-WebSocket-Extensions that is
 * malformed anywhere is WS_ERR_EXTENSION (RFC 6455, 9.1); an empty one
 * counts as absent. If the target is in absolute form, Host must name the
 * same host and port. The target may contain UTF-8 that is not
 * percent-encoded. One empty line before the request line is skipped, and
 * counts in head_len.
 *
 * If your buffer is smaller than WS_MAX_HEAD and full when 0 is returned,
 * treat that as WS_ERR_HTTP_TOO_LARGE. If a head arrives in many reads, call
 * ws_head_length() first. */
WS_API WS_MUST_USE ws_result
ws_parse_handshake(const void *buf, size_t len, ws_handshake *hs,
                   size_t hs_size) WS_NOTHROW;

/* Returns the length of the request or response head at the start of `buf`,
 * including its empty line; 0 while the empty line has not arrived. Scans
 * only new bytes, so a head that arrives in many reads takes linear time.
 * Set *scanned to 0 before the first call; then pass it as the last call
 * left it. `buf` may move and grow between calls, but the bytes already
 * scanned must not change.
 *
 *   size_t scanned = 0;
 *   do len += more(buf + len);
 *   while ((n = ws_head_length(buf, len, &scanned)) == 0);
 *
 * Returns WS_ERR_HTTP_TOO_LARGE beyond WS_MAX_HEAD bytes,
 * WS_ERR_INVALID_ARGUMENT if `len` is below *scanned, and WS_ERR_HTTP_SYNTAX
 * as soon as a control character arrives that no head contains (from TLS, or
 * a bare LF). It checks nothing else, and no other function relies on its
 * result. */
WS_API WS_MUST_USE ws_result
ws_head_length(const void *buf, size_t len, size_t *scanned) WS_NOTHROW;

/* Reads the next header field of a complete head, e.g. to find cookies or
 * every value of a repeated field. Set *pos to 0 before the first call.
 * Returns 1 and fills *name and *value, or 0 after the last field. Errors:
 * WS_ERR_HTTP_SYNTAX; WS_ERR_HTTP_TOO_LARGE; WS_ERR_INVALID_ARGUMENT if the
 * head is incomplete, or *pos is neither 0 nor from this function. */
WS_API WS_MUST_USE ws_result
ws_next_header(const void *head, size_t head_len, size_t *pos,
               ws_span *name, ws_span *value) WS_NOTHROW;

/* Finds a header field by its name (case-insensitive) in a complete head.
 * Returns 1 and fills *value with that of the first such field, or 0 if
 * there is none. Errors as for ws_next_header(). */
WS_API WS_MUST_USE ws_result
ws_find_header(const void *head, size_t head_len, const void *name,
               size_t name_len, ws_span *value) WS_NOTHROW;

/* Server: selects the subprotocol (RFC 6455, 11.3.4): the first in
 * `supported` that the client's head offers, in any number of fields.
 * `supported` is a list such as "chat, superchat", most preferred first.
 * Returns 1 and fills *chosen (a range of `supported`), or 0 if none is
 * offered. Errors as for ws_next_header(), and WS_ERR_INVALID_ARGUMENT if
 * `supported` is not a list of distinct tokens. */
WS_API WS_MUST_USE ws_result
ws_select_protocol(const void *head, size_t head_len,
                   const void *supported, size_t supported_len,
                   ws_span *chosen) WS_NOTHROW;

/* Server: selects the subprotocol as ws_select_protocol() does, from the
 * value of Sec-WebSocket-Protocol. `offered` is the value, or all values
 * joined with commas; (NULL, 0) if the field is absent. Elements of
 * `offered` that are not tokens are ignored. WS_ERR_INVALID_ARGUMENT if
 * `supported` is not a list of distinct tokens. */
WS_API WS_MUST_USE ws_result
ws_select_protocol_value(const void *offered, size_t offered_len,
                         const void *supported,
                         size_t supported_len, ws_span *chosen) WS_NOTHROW;

/* Server: checks whether a browser's Origin is allowed. `allowed` is a list,
 * e.g. "https://a.example https://b.example:8443", separated by spaces.
 * Returns 1 if the Origin is in it, else 0. Whole origins are compared:
 * scheme and host case-insensitively, and the port, which the scheme may
 * imply. There are no wildcards. "file://" may be listed. Returns 0 for
 * "null", malformed text, text without a scheme, and invalid arguments; an
 * entry with a trailing slash or a comma matches nothing. (ws_conn_accept()
 * and ws_check_request() reject a list with an entry that can never match.) */
WS_API WS_MUST_USE int
ws_origin_allowed(const void *origin, size_t origin_len,
                  const void *allowed, size_t allowed_len) WS_NOTHROW;

/* Bytes that you pass in. Frozen. */
typedef struct ws_bytes {
    const void *data; /* NULL only with a length of 0. */
    size_t len;       /* In bytes. */
} ws_bytes;

/* The contents of a 101 response. Zero it, then set the members you need.
 * Extensible. */
typedef struct ws_response_spec {
    ws_bytes key;        /* The client's Sec-WebSocket-Key; required. */
    ws_bytes protocol;   /* The chosen subprotocol, or empty. */
    ws_bytes extensions; /* The chosen extensions, or empty. */
    ws_bytes headers;    /* Additional complete "Name: value\r\n" lines, or
                          * empty. */
} ws_response_spec;

/* Server: writes the 101 response that accepts the connection (RFC 6455,
 * 4.2.2), up to and including its empty line. (ws_build_reply() writes every
 * other response.) Returns the length of the response. Invalid contents are
 * WS_ERR_INVALID_ARGUMENT: see ws_build_request(). */
WS_API WS_MUST_USE ws_result
ws_build_response(const ws_response_spec *spec, size_t spec_size,
                  void *out, size_t out_cap) WS_NOTHROW;

/* Server: writes a complete response other than a 101, with body,
 * Content-Length and "Connection: close"; close the connection after it.
 * (ws_build_response() writes a 101.) Returns the length of the response.
 * status: 200..599. `headers` are complete lines as in ws_response_spec. A
 * 426 gets "Connection: Upgrade, close", "Upgrade: websocket" and
 * "Sec-WebSocket-Version: 13" (RFC 9110, 7.8); a 405 gets "Allow: GET"
 * unless `headers` has Allow.
 *
 * `headers` may contain one Content-Length, a decimal number. Then `body`
 * must be empty: you send the body yourself, or none, as in a response to
 * HEAD. A 204 must have neither body nor Content-Length; a 205 no body and
 * no Content-Length but 0; a 304 no body. No Content-Length is added to a
 * 204 or a 304. A violation of these rules is WS_ERR_INVALID_ARGUMENT, as is
 * anything that ws_build_request() refuses. */
WS_API WS_MUST_USE ws_result
ws_build_reply(uint16_t status, const void *headers,
               size_t headers_len, const void *body,
               size_t body_len, void *out, size_t out_cap) WS_NOTHROW;

/* Client: writes a new random Sec-WebSocket-Key: WS_KEY_LEN characters,
 * without a NUL. Returns WS_KEY_LEN. WS_ERR_RANDOM if the system's random
 * generator fails. */
WS_API WS_MUST_USE ws_result ws_make_key(void *out, size_t out_cap) WS_NOTHROW;

/* The contents of an opening request. Zero it, then set the members you
 * need. Extensible. */
typedef struct ws_request_spec {
    ws_bytes host;       /* "example.com" or "example.com:8080"; required. */
    ws_bytes target;     /* "/chat", or an absolute URI of http or https with
                          * the host of `host`; required. */
    ws_bytes key;        /* 16 random bytes in base64, e.g. from
                          * ws_make_key(); required. */
    ws_bytes origin;     /* "https://example.com", or empty. */
    ws_bytes protocols;  /* "chat, superchat", or empty. */
    ws_bytes extensions; /* Extensions to offer, or empty. */
    ws_bytes headers;    /* Additional complete "Name: value\r\n" lines, or
                          * empty. */
} ws_request_spec;

/* Client: writes the opening request (RFC 6455, 4.1), up to and including
 * its empty line. Returns the length of the request. Keep the request:
 * ws_parse_response() and ws_conn_confirm() check the response against it.
 *
 * Like ws_build_response() and ws_build_reply(), it returns
 * WS_ERR_INVALID_ARGUMENT for invalid contents: a key that is not the base64
 * of 16 bytes; anything that would inject a header field; a head that would
 * exceed WS_MAX_HEAD bytes, or more than 240 lines in `headers`, since this
 * library would refuse to read it; and `headers` with a field that the
 * function writes itself:
 *
 *   all three            Sec-WebSocket-*, Upgrade, Connection,
 *                        Transfer-Encoding
 *   ws_build_request()   Host, Content-Length; Origin if origin is set
 *   ws_build_response()  Content-Length */
WS_API WS_MUST_USE ws_result
ws_build_request(const ws_request_spec *spec, size_t spec_size,
                 void *out, size_t out_cap) WS_NOTHROW;

/* A server's response to the opening request, as ws_parse_response() reads
 * it. (ws_handshake is a client's request.) Extensible. */
typedef struct ws_response {
    ws_span protocol;      /* Chosen by the server: the value of the first
                            * Sec-WebSocket-Protocol. */
    ws_span extensions;    /* Confirmed by the server: the value of the first
                            * Sec-WebSocket-Extensions. */
    uint32_t head_len;     /* Length of the head in bytes, including the
                            * empty line. */
    uint16_t status;       /* Set even if it is not 101. */
    uint16_t http_version; /* The digits of the version: 11 is HTTP/1.1. */
    ws_span reason;        /* "Switching Protocols"; often empty. */
} ws_response;

/* Client: parses the server's response and checks it against the request
 * (RFC 6455, 4.1). `request` is the head that ws_build_request() wrote: the
 * response must match its key, subprotocols and extensions. Returns the
 * length of the response's head, after which the first frames start; 0 if
 * the head is incomplete; or an error. *response is zeroed unless the result
 * is above 0 or WS_ERR_HANDSHAKE_STATUS. After a 1xx other than 101, skip
 * head_len bytes and parse again.
 *
 * WS_ERR_INVALID_ARGUMENT if `request` is not a valid upgrade.
 * WS_ERR_HTTP_SYNTAX and WS_ERR_HTTP_TOO_LARGE are returned as by
 * ws_parse_handshake(). A complete head is checked in this order, and the
 * first failure is returned:
 *
 *   1. WS_ERR_HANDSHAKE_STATUS
 *   2. WS_ERR_HTTP_VERSION
 *   3. WS_ERR_HANDSHAKE_ACCEPT
 *   4. WS_ERR_HANDSHAKE_PROTOCOL
 *   5. WS_ERR_EXTENSION: malformed, not offered, or confirmed twice
 *
 * Content-Length and Transfer-Encoding of a 101 are ignored (RFC 9112, 6.3). */
WS_API WS_MUST_USE ws_result
ws_parse_response(const void *buf, size_t len, const void *request,
                  size_t request_len, ws_response *response,
                  size_t response_size) WS_NOTHROW;

/* ======================================================================== *
 *  Opening handshake, from fields that an HTTP library has parsed
 * ======================================================================== */

/* A request that an HTTP library has parsed. Zero it, then set the members
 * that the request has. Absent: {NULL, 0}. Present but empty: {not NULL, 0}.
 * Extensible.
 *
 * Pass a repeated field as all of its values, joined with commas (RFC 9110,
 * 5.3), never as the first one only: a second Host, key, version, Origin or
 * Content-Length is then rejected because of its comma. The functions that
 * parse heads judge the same combined value. */
typedef struct ws_request_fields {
    ws_bytes method;            /* "GET"; "CONNECT" in HTTP/2 and HTTP/3. */
    ws_bytes host;              /* Host, or :authority */
    ws_bytes upgrade;           /* Upgrade */
    ws_bytes connection;        /* Connection */
    ws_bytes key;               /* Sec-WebSocket-Key */
    ws_bytes version;           /* Sec-WebSocket-Version */
    ws_bytes origin;            /* Origin */
    ws_bytes extensions;        /* Sec-WebSocket-Extensions */
    ws_bytes content_length;    /* Content-Length. A body would be read as
                                 * frames. */
    ws_bytes transfer_encoding; /* Transfer-Encoding. A body would be read as
                                 * frames. */
    ws_bytes connect_protocol;  /* :protocol in HTTP/2 and HTTP/3 (RFC 8441,
                                 * RFC 9220); not Sec-WebSocket-Protocol. */
    ws_bytes origins;           /* Set by you: the origins that you allow, as
                                 * in ws_accept_spec; {NULL, 0} allows any. */
    uint32_t http_version;      /* The version of the request: 10, 11, 20 or
                                 * 30. */
    uint32_t reserved;          /* 0 */
} ws_request_fields;

/* Server: checks an opening request that an HTTP library has parsed (RFC
 * 6455, 4.2.1). Returns WS_OK or an error. Whitespace around a value is
 * ignored. The target is left to the HTTP library. The checks are those of
 * ws_parse_handshake(), and the first failure is returned:
 *
 *    1. WS_ERR_INVALID_ARGUMENT: another http_version, or an invalid list
 *       of origins (see ws_conn_accept())
 *    2. WS_ERR_HTTP_SYNTAX: a control character other than a tab in a value
 *    3. WS_ERR_NOT_UPGRADE
 *    4. WS_ERR_HTTP_SYNTAX: two Origins; a Transfer-Encoding; a Content-Length
 *       other than 0
 *    5. WS_ERR_HTTP_METHOD
 *    6. WS_ERR_HTTP_VERSION: http_version is 10
 *    7. WS_ERR_HANDSHAKE_HOST
 *    8. WS_ERR_HANDSHAKE_VERSION
 *    9. WS_ERR_HANDSHAKE_KEY
 *   10. WS_ERR_EXTENSION
 *   11. WS_ERR_HANDSHAKE_ORIGIN
 *
 * For HTTP/2 and HTTP/3 (`http_version` 20 and 30; RFC 8441, 5), `upgrade`,
 * `connection`, `key`, `content_length` and `transfer_encoding` are ignored.
 * WS_ERR_NOT_UPGRADE then means that `connect_protocol` is not "websocket"
 * (case-insensitive), and WS_ERR_HTTP_METHOD that the method is not CONNECT.
 * The HTTP library sends the response: a 200 without Sec-WebSocket-Accept to
 * accept the request, else the status that ws_http_status() returns. Replace
 * a 426, which HTTP/2 does not have, by a 400 with "sec-websocket-version:
 * 13", or by a 501 for another :protocol.
 *
 * After the 200, create the connection with ws_conn_new() and WS_SERVER: the
 * frames are those of HTTP/1.1, masking included. END_STREAM means what the
 * end of a TCP connection means, and RST_STREAM(CANCEL) what a reset means.
 * Call ws_conn_finish() when END_STREAM arrives, and send it after your
 * close frame: a reset may discard a close frame that the peer has not read
 * yet. */
WS_API WS_MUST_USE ws_result
ws_check_request(const ws_request_fields *fields,
                 size_t fields_size) WS_NOTHROW;

/* A response that an HTTP library has parsed, and the request that was sent.
 * Zero it, then set the members that the response has and those that were
 * sent. Absent: {NULL, 0}. Present but empty: {not NULL, 0}. Extensible. */
typedef struct ws_response_fields {
    ws_bytes upgrade;            /* Upgrade */
    ws_bytes connection;         /* Connection */
    ws_bytes accept;             /* Sec-WebSocket-Accept */
    ws_bytes protocol;           /* Sec-WebSocket-Protocol */
    ws_bytes extensions;         /* Sec-WebSocket-Extensions */
    ws_bytes key;                /* The Sec-WebSocket-Key that was sent. */
    ws_bytes offered_protocols;  /* The Sec-WebSocket-Protocol that was sent. */
    ws_bytes offered_extensions; /* The Sec-WebSocket-Extensions that was
                                  * sent. */
    uint32_t http_version;       /* The version of the response: 10, 11, 20
                                  * or 30. */
    uint16_t status;             /* The status of the response. */
    uint16_t reserved;           /* 0 */
} ws_response_fields;

/* Client: checks a response that an HTTP library has parsed (RFC 6455, 4.1).
 * Returns WS_OK or an error. Whitespace around a value is ignored. The first
 * failure is returned:
 *
 *   1. WS_ERR_INVALID_ARGUMENT: another http_version; an invalid key;
 *      malformed offered_extensions; a control character in what was sent
 *   2. WS_ERR_HTTP_SYNTAX: a control character other than a tab in a value
 *      of the response
 *   3. WS_ERR_HANDSHAKE_STATUS: not 101; over HTTP/2 and HTTP/3 not 2xx
 *   4. WS_ERR_HTTP_VERSION: http_version is 10
 *   5. WS_ERR_HANDSHAKE_ACCEPT
 *   6. WS_ERR_HANDSHAKE_PROTOCOL
 *   7. WS_ERR_EXTENSION: malformed, not offered, or confirmed twice
 *
 * For HTTP/2 and HTTP/3, `upgrade`, `connection`, `accept` and `key` are
 * ignored. */
WS_API WS_MUST_USE ws_result
ws_check_response(const ws_response_fields *fields,
                  size_t fields_size) WS_NOTHROW;

/* ======================================================================== *
 *  One frame
 * ======================================================================== */

#define WS_OPCODE_CONTINUATION 0x0 /* Another fragment of a message. */
#define WS_OPCODE_TEXT         0x1 /* Text: UTF-8. */
#define WS_OPCODE_BINARY       0x2 /* Binary: any bytes. */
#define WS_OPCODE_CLOSE        0x8 /* Control: starts or completes the
                                    * closing handshake. */
#define WS_OPCODE_PING         0x9 /* Control: asks for a pong with the same
                                    * payload. */
#define WS_OPCODE_PONG         0xA /* Control: replies to a ping, or is
                                    * unsolicited. */

/* Frame flags. The upper four have the values they have in a frame's first
 * byte. */
#define WS_FIN    0x80u /* The last frame of its message. */
#define WS_RSV1   0x40u /* The message is compressed, if compression was
                         * agreed on (RFC 7692, 6). */
#define WS_RSV2   0x20u /* For an extension of your own: see WS_ANY_RSV and
                         * WS_OPT_ALLOW_RSV. */
#define WS_RSV3   0x10u /* For an extension of your own, like WS_RSV2. */
#define WS_MASKED 0x01u /* The header has a masking key. */
#define WS_BEGIN  0x02u /* This chunk starts the frame's payload. */
#define WS_END    0x04u /* This chunk ends the frame's payload. */

#define WS_MAX_HEADER  14  /* Longest frame header, in bytes. (WS_MAX_HEAD is
                            * for HTTP.) */
#define WS_MAX_CONTROL 125 /* Longest payload of a control frame, in bytes. */

/* A chunk and the frame it belongs to. For a frame that is entirely in the
 * buffer, chunk_pos is 0, chunk_len equals payload_len, and WS_BEGIN and
 * WS_END are both set. The opcode, payload_len and the flags from the wire
 * describe the whole frame and repeat in each of its chunks: to enforce a
 * limit on a message, add up chunk_len, not payload_len. 40 bytes without
 * padding on every platform. Frozen. */
typedef struct ws_frame {
    uint64_t payload_len;   /* Length of the whole payload, as the header
                             * announced it. */
    uint64_t chunk_pos;     /* Where in the payload this chunk starts. */
    uint64_t chunk_off;     /* Where in your buffer this chunk starts. */
    uint64_t chunk_len;     /* Length of this chunk. */
    uint8_t mask_key[4];    /* Zeros without WS_MASKED. */
    uint8_t opcode;         /* WS_OPCODE_* */
    uint8_t flags;          /* WS_FIN, WS_RSV*, WS_MASKED, WS_BEGIN, WS_END */
    uint8_t header_len;     /* Length of the header: 2..14 */
    uint8_t message_opcode; /* WS_OPCODE_TEXT or WS_OPCODE_BINARY in every
                             * chunk of a message, also in continuations; the
                             * frame's own opcode for control frames; 0 for a
                             * continuation from ws_frame_decode(), which
                             * sees only one frame. */
} ws_frame;

/* Which side you are. The input comes from the other side. */
#define WS_SERVER 0x00u /* Frames must be masked; they are unmasked in place. */
#define WS_CLIENT 0x01u /* Frames must not be masked. */

/* Optional flags, combined with the side by |. */
#define WS_DEFLATE     0x02u /* RSV1 may be set on the first frame of a
                              * message. */
#define WS_ANY_MASK    0x04u /* Accept masked and unmasked frames, e.g. in a
                              * proxy. */
#define WS_KEEP_MASKED 0x08u /* Do not unmask: buf is never written to. */
#define WS_ANY_RSV     0x10u /* Report the reserved bits of data frames, also
                              * of continuations, instead of rejecting them,
                              * e.g. in a proxy. Those of control frames are
                              * still rejected. */

/* Decodes the frame at the start of buf and unmasks its payload in place
 * (RFC 6455, 5.2). flags: WS_SERVER or WS_CLIENT, with any of WS_DEFLATE,
 * WS_ANY_MASK, WS_KEEP_MASKED and WS_ANY_RSV. Returns the length of the
 * whole frame, 0 if it is incomplete, or an error. *frame describes the
 * frame. While the frame is incomplete, nothing is unmasked. Once its header
 * is complete, frame->header_len is no longer 0, and the frame will be
 * header_len + payload_len bytes long.
 *
 * Headers are checked byte by byte, here and in every other function: the
 * first invalid byte determines the error, which is reported as soon as that
 * byte arrives. The checks, in order:
 *
 *   first byte    1. WS_ERR_RESERVED_BITS
 *                 2. WS_ERR_OPCODE
 *                 3. WS_ERR_CONTROL_FRAME: fragmented
 *                 4. WS_ERR_FRAGMENTATION
 *   second byte   5. WS_ERR_MASK
 *                 6. WS_ERR_CONTROL_FRAME: longer than 125 bytes
 *   length        7. WS_ERR_LENGTH, at the byte that proves it
 *                 8. WS_ERR_TOO_BIG, once the length is complete
 *
 * ws_frame_decode() sees one frame and has no limit, so it returns neither
 * WS_ERR_FRAGMENTATION nor WS_ERR_TOO_BIG. */
WS_API WS_MUST_USE ws_result
ws_frame_decode(void *buf, size_t len, uint32_t flags,
                ws_frame *frame) WS_NOTHROW;

/* Returns the length of a frame with this payload, header included; `masked`
 * is 1 if it has a masking key, else 0. UINT64_MAX if payload_len is above
 * 2^63 - 1. */
WS_API uint64_t ws_frame_size(uint64_t payload_len, int masked) WS_NOTHROW;

/* Writes one frame, header and payload. (ws_frames_encode() writes many.)
 * Returns the length of the frame, which ws_frame_size() computes
 * beforehand. flags: WS_FIN and WS_RSV*. mask_key: 4 unpredictable bytes
 * (RFC 6455, 10.3) for a masked frame, or NULL for an unmasked one.
 * `payload` is not modified, and must not overlap `out`.
 * WS_ERR_INVALID_ARGUMENT for any other flag, WS_MASKED included, for a
 * reserved opcode, and for a control frame without WS_FIN or with more than
 * WS_MAX_CONTROL bytes.
 *
 * An unmasked frame is the same for every client: encode once, send to all. */
WS_API WS_MUST_USE ws_result
ws_frame_encode(int opcode, uint32_t flags, const void *mask_key,
                const void *payload, size_t payload_len, void *out,
                size_t out_cap) WS_NOTHROW;

/* Writes only the header of a frame, for writev() or for a payload that
 * follows in chunks (mask those with ws_mask()). Returns the length of the
 * header, at most WS_MAX_HEADER bytes. Arguments and errors as for
 * ws_frame_encode(), and WS_ERR_INVALID_ARGUMENT for a payload_len above
 * 2^63 - 1. The header may be written directly before the payload, in the
 * same buffer:
 *
 *   n = ws_frame_size(len, masked) - len;
 *   ws_frame_header(opcode, flags, key, len, payload - n, n); */
WS_API WS_MUST_USE ws_result
ws_frame_header(int opcode, uint32_t flags, const void *mask_key,
                uint64_t payload_len, void *out, size_t out_cap) WS_NOTHROW;

/* Masks or unmasks in place; the two are the same operation (RFC 6455, 5.3).
 * mask_key: 4 bytes. `pos` is the position of buf[0] in the frame's payload:
 * 0 for the first chunk, then the number of payload bytes already processed.
 * With invalid arguments it does nothing. */
WS_API void
ws_mask(void *buf, size_t len, const void *mask_key, uint64_t pos) WS_NOTHROW;

/* Masks or unmasks like ws_mask(), from `src` to `dst`. They may be the same
 * buffer, but must not overlap otherwise. */
WS_API void
ws_mask_copy(void *dst, const void *src, size_t len,
             const void *mask_key, uint64_t pos) WS_NOTHROW;

/* ======================================================================== *
 *  Many frames
 * ======================================================================== */

/* The state of a decoder between two calls. Put it anywhere, copy it,
 * discard it: it owns nothing. A zeroed one is a fresh decoder for WS_SERVER
 * without a limit. 64 bytes. Frozen. */
typedef struct ws_decoder {
    uint64_t opaque[8]; /* For the library only. */
} ws_decoder;

/* Initialises a decoder. flags: WS_SERVER or WS_CLIENT, with any of
 * WS_DEFLATE, WS_ANY_MASK, WS_KEEP_MASKED and WS_ANY_RSV. max_payload: a
 * frame of any kind that announces a longer payload is WS_ERR_TOO_BIG; 0
 * sets no limit. Returns WS_OK, or WS_ERR_INVALID_ARGUMENT for an unknown
 * flag; ws_decoder_feed() then returns this error for all input. */
WS_API ws_result
ws_decoder_init(ws_decoder *decoder, uint32_t flags,
                uint64_t max_payload) WS_NOTHROW;

/* Decodes as many frames as `buf` and `frames` hold (RFC 6455, 5), checks
 * their headers and the order of fragments, and unmasks in place. Returns
 * the number of entries of `frames` that were filled, and in *consumed the
 * number of bytes of buf that were consumed: all of them, a partial header
 * included, unless `frames` filled up or an error comes next; 0 with an
 * error. You need not keep or move any input, so one read buffer can serve
 * every connection. frames_cap must not be 0.
 *
 *   while (len > 0) {
 *       n = ws_decoder_feed(&d, p, len, fr, 64, &used);
 *       if (n < 0) break;
 *       for (i = 0; i < n; i++) handle(&fr[i], p + fr[i].chunk_off);
 *       p += used, len -= used;
 *   }
 *
 * The first and the last entry may be parts of a frame (the first without
 * WS_BEGIN, the last without WS_END). If buf ends directly after a header,
 * the frame is reported with the first byte of its payload.
 *
 * An error is one of those listed at ws_frame_decode(). The entries before
 * it are reported first: the next call returns the error, and so does every
 * later one. Payloads are not checked: see ws_utf8_validate(),
 * ws_close_parse() and ws_control_feed(). The decoder does not stop at a
 * close frame; you should.
 *
 * If *consumed == len, nothing is outstanding. If the result is 0, all of
 * buf was consumed. So you may loop until no bytes are left, or until the
 * result is 0. The bytes from *consumed on are unchanged. */
WS_API WS_MUST_USE ws_result
ws_decoder_feed(ws_decoder *decoder, void *buf, size_t len,
                ws_frame *frames, size_t frames_cap,
                size_t *consumed) WS_NOTHROW;

/* Checks that the stream may end here. Returns WS_OK, WS_ERR_EOF inside a
 * frame or message, or the error that stopped the decoder. */
WS_API WS_MUST_USE ws_result
ws_decoder_finish(const ws_decoder *decoder) WS_NOTHROW;

/* One frame to be encoded. Frozen. */
typedef struct ws_out_frame {
    const void *payload; /* NULL only with a length of 0. */
    size_t payload_len;  /* In bytes. */
    uint8_t mask_key[4]; /* Used if flags has WS_MASKED. */
    uint8_t opcode;      /* WS_OPCODE_* */
    uint8_t flags;       /* WS_FIN, WS_RSV*, WS_MASKED */
    uint8_t reserved[2]; /* Unused. */
} ws_out_frame;

/* Writes many frames, one after another, until `out` is full.
 * (ws_frame_encode() writes one.) Returns the number of frames written, each
 * of them complete, and in *written their length in bytes. An error of the
 * first frame is returned, as by ws_frame_encode(); at an error of a later
 * frame, WS_ERR_BUFFER_TOO_SMALL included, the call stops before that frame. */
WS_API WS_MUST_USE ws_result
ws_frames_encode(const ws_out_frame *frames, size_t frames_len,
                 void *out, size_t out_cap, size_t *written) WS_NOTHROW;

/* ======================================================================== *
 *  UTF-8 and close payloads
 * ======================================================================== */

/* Validates UTF-8 text that arrives in parts, and fails at the first byte
 * that no continuation can make valid (RFC 3629). Set *state to 0 before the
 * first part. It is 0 again whenever the text so far ends on a character
 * boundary: test that at the end. Returns WS_OK or WS_ERR_UTF8; once the
 * text is invalid, every later call returns WS_ERR_UTF8.
 * WS_ERR_INVALID_ARGUMENT for a *state that this function did not produce. */
WS_API WS_MUST_USE ws_result
ws_utf8_validate(uint32_t *state, const void *buf, size_t len) WS_NOTHROW;

#define WS_CLOSE_NORMAL           1000 /* The purpose of the connection is
                                        * fulfilled. */
#define WS_CLOSE_GOING_AWAY       1001 /* The server shuts down, or the
                                        * browser leaves the page. */
#define WS_CLOSE_PROTOCOL_ERROR   1002 /* The peer violated the protocol. */
#define WS_CLOSE_UNSUPPORTED_DATA 1003 /* A type of data that cannot be
                                        * accepted. */
#define WS_CLOSE_NO_STATUS        1005 /* Never on the wire: the close frame
                                        * has no code. */
#define WS_CLOSE_ABNORMAL         1006 /* Never on the wire: there was no
                                        * close frame. */
#define WS_CLOSE_INVALID_DATA     1007 /* Data inconsistent with its type,
                                        * e.g. text that is not UTF-8. */
#define WS_CLOSE_POLICY           1008 /* A message that violates a policy. */
#define WS_CLOSE_TOO_BIG          1009 /* A message that is too big. */
#define WS_CLOSE_EXTENSION        1010 /* Client: the server did not agree to
                                        * a required extension. */
#define WS_CLOSE_INTERNAL_ERROR   1011 /* An unexpected condition in the
                                        * server. */
#define WS_CLOSE_SERVICE_RESTART  1012 /* The server is restarting. */
#define WS_CLOSE_TRY_AGAIN_LATER  1013 /* The server is overloaded. */
#define WS_CLOSE_BAD_GATEWAY      1014 /* A gateway received an invalid
                                        * response. */

/* Reads the unmasked payload of a close frame (RFC 6455, 5.5.1). Returns the
 * length of the reason, which starts at payload + 2, and the code in *code;
 * for an empty payload 0 and WS_CLOSE_NO_STATUS. With an error *code is 0.
 * Checks, in order:
 *
 *   1. WS_ERR_CONTROL_FRAME: longer than WS_MAX_CONTROL bytes
 *   2. WS_ERR_CLOSE_PAYLOAD: 1 byte long, or a code that is not allowed
 *   3. WS_ERR_UTF8: the reason */
WS_API WS_MUST_USE ws_result
ws_close_parse(const void *payload, size_t len, uint16_t *code) WS_NOTHROW;

/* Writes the payload of a close frame (RFC 6455, 5.5.1). Returns the length
 * of the payload. With WS_CLOSE_NO_STATUS it is empty, and there must be no
 * reason. WS_ERR_INVALID_ARGUMENT for any other code for which
 * ws_close_code_valid() returns 0, and for a reason that is longer than 123
 * bytes or not UTF-8. */
WS_API WS_MUST_USE ws_result
ws_close_build(uint16_t code, const void *reason, size_t reason_len,
               void *out, size_t out_cap) WS_NOTHROW;

/* Returns 1 if this code may appear in a close frame, else 0 (RFC 6455, 7.4,
 * and the codes registered since): 1000 to 1003, 1007 to 1014, 3000 to 4999. */
WS_API int ws_close_code_valid(uint16_t code) WS_NOTHROW;

/* ======================================================================== *
 *  Control frames
 * ======================================================================== */

/* Replies to pings and to the peer's close for users of the decoder, and
 * remembers the closing handshake. Put it anywhere, copy it, discard it: it
 * owns nothing. A zeroed one is fresh. 144 bytes. Frozen. */
typedef struct ws_control {
    uint64_t opaque[18]; /* For the library only. */
} ws_control;

/* Processes an entry of ws_decoder_feed() and writes the reply to it, if any
 * (RFC 6455, 5.5). Pass every entry, in order and unmasked (so not from a
 * decoder with WS_KEEP_MASKED); entries of data frames are ignored. buf is
 * the buffer that was passed to ws_decoder_feed(). mask_key: NULL for a
 * server; for a client 4 new unpredictable bytes (10.3). WS_MAX_OUTPUT bytes
 * of `out` are always enough.
 *
 * Returns the number of bytes written: a pong, even after you sent a close
 * (5.5.2); or a close frame with the peer's code, in reply to the peer's
 * close, unless you sent one before. Returns 0 if there is no reply, and for
 * every entry after a valid close. If the peer's close is invalid, returns
 * WS_ERR_CLOSE_PAYLOAD or WS_ERR_UTF8, for every later entry too; send a
 * close frame with ws_control_close(). Returns WS_ERR_INVALID_ARGUMENT for a
 * chunk out of order. After WS_ERR_BUFFER_TOO_SMALL the same entry may be
 * passed again. */
WS_API WS_MUST_USE ws_result
ws_control_feed(ws_control *control, const ws_frame *frame,
                const void *buf, const void *mask_key, void *out,
                size_t out_cap) WS_NOTHROW;

/* Writes a close frame, e.g. with ws_close_code_for(error), and remembers
 * that it was sent. code and reason as for ws_close_build(), mask_key as for
 * ws_control_feed(). Returns the number of bytes written, or 0 if a close
 * frame was sent before, also by ws_control_feed(). control may be NULL:
 * then nothing is remembered. */
WS_API WS_MUST_USE ws_result
ws_control_close(ws_control *control, uint16_t code,
                 const void *reason, size_t reason_len,
                 const void *mask_key, void *out, size_t out_cap) WS_NOTHROW;

/* Returns the code of the close frame received, WS_CLOSE_NO_STATUS if it had
 * none; 0 if no valid one was received, or control is NULL. */
WS_API uint16_t ws_control_close_code(const ws_control *control) WS_NOTHROW;

/* Copies the reason of the close frame received, which is UTF-8. Returns the
 * length of the reason, at most 123 bytes; 0 if it has none, or no valid
 * close frame was received. */
WS_API WS_MUST_USE ws_result
ws_control_reason(const ws_control *control, void *out,
                  size_t out_cap) WS_NOTHROW;

/* ======================================================================== *
 *  permessage-deflate (RFC 7692)
 * ======================================================================== */

/* Parameters of permessage-deflate (RFC 7692, 7.1). All zero: both
 * directions keep their context and have windows of 15 bits. A value out of
 * range is WS_ERR_INVALID_ARGUMENT. Functions that fill it replace zeros by
 * the defaults. Frozen. */
typedef struct ws_pmd_params {
    uint8_t server_no_context_takeover; /* 1: the server compresses each
                                         * message independently. */
    uint8_t client_no_context_takeover; /* 1: the client compresses each
                                         * message independently. */
    uint8_t server_max_window_bits;     /* The server's window: 8..15; 0
                                         * means 15 */
    uint8_t client_max_window_bits;     /* The client's window: 8..15; 0
                                         * means 15 */
    uint8_t level;                      /* Local, not negotiated: 1..9; 0
                                         * means 6 */
    uint8_t mem_level;                  /* Local, not negotiated: 1..9, of
                                         * which 6..9 do the same; 0 means 8 */
    uint8_t reserved[2];                /* 0 */
} ws_pmd_params;

/* Server: accepts the first acceptable permessage-deflate offer in the
 * client's head (RFC 7692, 5.1), and writes the value for
 * ws_response_spec.extensions. On entry *params is what you are willing to
 * use, on return what was agreed. Returns the length of the value, or 0 if
 * no offer is acceptable: *params is unchanged, compression stays off.
 *
 * An offer is acceptable if it is well-formed: no unknown or repeated
 * parameter, every value in range (7.1). Other offers are skipped. A list
 * that is malformed anywhere is WS_ERR_EXTENSION (RFC 6455, 9.1); other
 * errors as for ws_next_header(). The client's window is limited only if its
 * offer allows that, else it is 15 bits. */
WS_API WS_MUST_USE ws_result
ws_pmd_accept(const void *head, size_t head_len,
              ws_pmd_params *params, void *out, size_t out_cap) WS_NOTHROW;

/* Server: accepts an offer as ws_pmd_accept() does, from the value of
 * Sec-WebSocket-Extensions. `offers` is the value, or all values joined with
 * commas; (NULL, 0) if the field is absent. A list that is malformed
 * anywhere is WS_ERR_EXTENSION. */
WS_API WS_MUST_USE ws_result
ws_pmd_accept_value(const void *offers, size_t offers_len,
                    ws_pmd_params *params, void *out,
                    size_t out_cap) WS_NOTHROW;

/* Client: writes an offer for ws_request_spec.extensions (RFC 7692, 7.1).
 * Returns the length of the offer. The offer always has
 * client_max_window_bits, so the server may limit the client's window. */
WS_API WS_MUST_USE ws_result
ws_pmd_offer(const ws_pmd_params *params, void *out, size_t out_cap) WS_NOTHROW;

/* Client: reads from the server's head whether the offer was accepted (RFC
 * 7692, 5.1), and narrows *params, which was passed to ws_pmd_offer(), to
 * what was agreed. Returns 1 if compression is on, or 0 if it is off.
 * WS_ERR_EXTENSION if the response is malformed, repeated, or exceeds the
 * offer; other errors as for ws_next_header(). *params is unchanged unless
 * the result is 1. */
WS_API WS_MUST_USE ws_result
ws_pmd_confirm(const void *head, size_t head_len,
               ws_pmd_params *params) WS_NOTHROW;

/* Client: confirms an offer as ws_pmd_confirm() does, from the value of
 * Sec-WebSocket-Extensions. `response` is the value, or all values joined
 * with commas; (NULL, 0) if the field is absent. WS_ERR_EXTENSION as for
 * ws_pmd_confirm(). */
WS_API WS_MUST_USE ws_result
ws_pmd_confirm_value(const void *response, size_t response_len,
                     ws_pmd_params *params) WS_NOTHROW;

/* ======================================================================== *
 *  Connection
 * ======================================================================== */

/* A WebSocket connection after its opening handshake. Opaque; at most
 * WS_MAX_CONN bytes. Beyond the handle it holds memory only for a message or
 * control frame that is being assembled or was lent to you, for a pending
 * pong, for WS_OPT_KEEP_BUFFER, and for compression. A client also holds 296
 * bytes for masking keys, from its first frame on. */
typedef struct ws_conn ws_conn;

#define WS_MAX_CONN 256 /* The largest ws_sizeof(WS_TYPE_CONN) within this
                         * ABI, in bytes: room for ws_conn_init(). */

/* Your allocator. Wherever one is expected, NULL stands for the C library's.
 * free() and resize() receive the size and alignment (a power of two, at
 * most 16) that were requested, so an allocator need not store them.
 * resize() may move the memory, and may be NULL. Every function must return:
 * no exception, no longjmp(). None may call the library with the handle that
 * it allocates for. Frozen. */
typedef struct ws_allocator {
    /* Returns `size` bytes, or NULL. */
    void *(*alloc)(void *user, size_t size, size_t align);
    /* Like realloc(): returns new_size bytes that start with the old
     * contents; or NULL, and ptr stays valid. ptr is never NULL. */
    void *(*resize)(void *user, void *ptr, size_t old_size,
        size_t new_size, size_t align);
    /* Frees the memory. ptr is never NULL. */
    void (*free)(void *user, void *ptr, size_t size, size_t align);
    void *user; /* Passed to each function. */
} ws_allocator;

/* Creates a connection. side: WS_SERVER or WS_CLIENT. *allocator is copied;
 * its `user` must outlive the handle. Returns NULL if out of memory or if an
 * argument is invalid. */
WS_API WS_MUST_USE ws_conn *
ws_conn_new(uint32_t side, const ws_allocator *allocator) WS_NOTHROW;

/* Creates a connection in memory that you provide: `mem` is at least
 * ws_sizeof(WS_TYPE_CONN) bytes, aligned to 16. Arguments as for
 * ws_conn_new(). Returns mem, which is the handle: do not move or copy it.
 * Returns NULL if mem_size is too small, mem is not aligned, or an argument
 * is invalid. After ws_conn_free() you may reuse mem, also for another
 * ws_conn_init(). */
WS_API WS_MUST_USE ws_conn *
ws_conn_init(void *mem, size_t mem_size, uint32_t side,
             const ws_allocator *allocator) WS_NOTHROW;

/* Frees all memory of the connection, and the handle itself unless it is
 * from ws_conn_init(). NULL is allowed. */
WS_API void ws_conn_free(ws_conn *conn) WS_NOTHROW;

/* Enables compression with the parameters that were negotiated (RFC 7692).
 * Returns WS_OK; WS_ERR_INVALID_STATE after the first byte of input or the
 * first message sent, or with WS_OPT_ALLOW_RSV; WS_ERR_INVALID_ARGUMENT; or
 * WS_ERR_UNSUPPORTED without WS_FEATURE_DEFLATE.
 *
 * Each direction allocates memory with its first compressed message, and
 * without context takeover frees it after each message. With a window of 8
 * bits, messages are compressed without back-references, since deflate
 * libraries do not support windows of 256 bytes. Messages are always
 * decompressed with a window of 15 bits, whatever was agreed. */
WS_API ws_result
ws_conn_set_pmd(ws_conn *conn, const ws_pmd_params *params) WS_NOTHROW;

/* Reads the compression parameters that were agreed. Returns 1 and fills
 * *params, or 0 without compression. WS_ERR_UNSUPPORTED without
 * WS_FEATURE_DEFLATE. */
WS_API WS_MUST_USE ws_result
ws_conn_get_pmd(const ws_conn *conn, ws_pmd_params *params) WS_NOTHROW;

/* Options of ws_conn_set(). A switch is 0 or 1. WS_ERR_UNSUPPORTED: this
 * build does not know the option. WS_ERR_INVALID_ARGUMENT: the option cannot
 * have this value. WS_ERR_INVALID_STATE: it is too late to set it. */
#define WS_OPT_MAX_MESSAGE   1  /* Most bytes of an incoming message, after
                                 * decompression; 0: no limit; default 1 MiB
                                 * (1,048,576). Applies with WS_OPT_STREAM
                                 * too. Enforced when the header of an
                                 * uncompressed frame announces more, and
                                 * during decompression; memory is allocated
                                 * only for bytes that have arrived. A lower
                                 * limit also applies to the message being
                                 * received: if it is already longer, its
                                 * next frame header or payload byte causes
                                 * WS_ERR_TOO_BIG. A compressed message is
                                 * also WS_ERR_TOO_BIG once the headers of
                                 * its frames have announced, in total, more
                                 * than (16 * limit + 65,536) bytes. */
#define WS_OPT_STREAM        2  /* Switch: report messages in chunks as they
                                 * arrive, and collect none; default 0; can
                                 * only be set before any input. A chunk may
                                 * end inside a character. Chunks of a
                                 * compressed message, of at most 16 KiB, and
                                 * control frames that arrive in parts are
                                 * still in the connection's memory
                                 * (WS_EVENT_COLLECTED). */
#define WS_OPT_AUTO_PONG     3  /* Switch: reply to pings; default 1. */
#define WS_OPT_CHECK_UTF8    4  /* Switch: incoming text must be valid UTF-8,
                                 * and fails at the first invalid byte, even
                                 * while its message is incomplete; default
                                 * 1; can only be set before any input. */
#define WS_OPT_KEEP_BUFFER   5  /* Most bytes of message memory to keep
                                 * between messages; a larger buffer is
                                 * freed; default 0. */
#define WS_OPT_MAX_FRAME     6  /* Most bytes of payload that the header of
                                 * one data frame may announce, before
                                 * decompression; more is WS_ERR_TOO_BIG; 0:
                                 * no limit; default 0. */
#define WS_OPT_ANY_MASK      7  /* Switch: accept masked and unmasked frames,
                                 * on either side; default 0; can only be set
                                 * before any input. It does not affect
                                 * sending: a client still masks. */
#define WS_OPT_AUTO_CLOSE    8  /* Switch: send a close frame in reply to a
                                 * close, or to report an error; default 1;
                                 * can only be set before any input. With 0
                                 * you send it, once, with ws_conn_close(),
                                 * and ws_conn_output() writes only pongs.
                                 * Until then ws_conn_send() works, and the
                                 * state is CLOSING, or FAILED after an
                                 * error. */
#define WS_OPT_ALLOW_RSV     9  /* Those of WS_RSV1, WS_RSV2 and WS_RSV3 that
                                 * may be set on the first frame of a
                                 * message, for an extension of your own;
                                 * default 0; can only be set before any
                                 * input. Such a message is reported
                                 * unchanged, with its bits in event.flags:
                                 * its text is not checked, limits apply.
                                 * ws_conn_send() accepts the same bits in
                                 * its flags. The option excludes
                                 * compression: whichever of it and
                                 * ws_conn_set_pmd() comes second returns
                                 * WS_ERR_INVALID_STATE (use the decoder and
                                 * ws_pmd). */
#define WS_OPT_COMPRESS_FROM 10 /* Bytes: shorter messages are sent
                                 * uncompressed; default 0. The first
                                 * fragment decides, and one with
                                 * WS_SEND_MORE counts as long enough. */

/* Facts for ws_conn_get(); setting one is WS_ERR_INVALID_ARGUMENT. */
#define WS_INFO_CLOSE_SENT     100 /* The code of the close frame that
                                    * ws_conn_close() or ws_conn_output()
                                    * wrote, WS_CLOSE_NO_STATUS if it has
                                    * none; 0: none was written. */
#define WS_INFO_CLOSE_RECEIVED 101 /* The code of the peer's close, once it
                                    * was reported, WS_CLOSE_NO_STATUS if it
                                    * has none; 0: none. */
#define WS_INFO_CLOSED_BY_PEER 102 /* 1 if the peer's close arrived before
                                    * yours was written, else 0. */
#define WS_INFO_SENDING        103 /* Opcode of the message being sent in
                                    * fragments; 0: none. */
#define WS_INFO_RECEIVING      104 /* Opcode of the message being received;
                                    * 0: none. */
#define WS_INFO_ANNOUNCED      105 /* After WS_ERR_TOO_BIG: the length that
                                    * exceeds the limit, announced or
                                    * reached, in bytes: of the message, or
                                    * of the frame for WS_OPT_MAX_FRAME. Else
                                    * 0. */
#define WS_INFO_BUFFERED       106 /* Bytes held of an incomplete message. */

/* Sets an option (WS_OPT_*). Returns WS_OK or one of the errors described
 * with the options. */
WS_API ws_result
ws_conn_set(ws_conn *conn, int option, uint64_t value) WS_NOTHROW;

/* Reads an option (WS_OPT_*) or a fact (WS_INFO_*). Returns WS_OK and fills
 * *value; WS_ERR_UNSUPPORTED, with *value 0, if this build does not know it. */
WS_API WS_MUST_USE ws_result
ws_conn_get(const ws_conn *conn, int option, uint64_t *value) WS_NOTHROW;

/* Client: replaces the operating system as the source of masking keys, e.g.
 * where it has no random bytes, or for reproducible tests. fill() writes len
 * unpredictable bytes (RFC 6455, 10.3) to `out` and returns 0; after any
 * other result, the call that needed them returns WS_ERR_RANDOM, and nothing
 * has changed. It is called for 256 bytes at once, or for 4 if there is no
 * memory for more; the keys are used in order. The rules of ws_allocator
 * apply to it; fill() and `user` must outlive the handle. NULL restores the
 * operating system. Returns WS_OK, or WS_ERR_INVALID_STATE after the first
 * frame was written. No effect on a server. */
WS_API WS_MUST_USE ws_result
ws_conn_set_random(ws_conn *conn,
                   int (*fill)(void *user, void *out, size_t len),
                   void *user) WS_NOTHROW;

#define WS_EVENT_FIRST     0x1u /* This event starts its message. */
#define WS_EVENT_LAST      0x2u /* This event ends its message. */
#define WS_EVENT_COLLECTED 0x4u /* The data is in the connection's memory,
                                 * not in your buffer. At most one event of a
                                 * call has this flag, and it is the last
                                 * one. */
#define WS_EVENT_FRAME_END 0x8u /* This event ends a frame. Always set on
                                 * whole messages and control frames. With
                                 * WS_OPT_STREAM exactly one chunk of every
                                 * data frame has it, if necessary an empty
                                 * one. */

/* A whole message, a chunk of one (with WS_OPT_STREAM), or a control frame.
 * 24 bytes without padding on every platform. Frozen. */
typedef struct ws_event {
    uint64_t off;        /* Where the data starts in the buf of this call.
                          * For a collected event, meaningful only to
                          * ws_event_data(). */
    uint64_t len;        /* Length of the data in bytes. */
    uint16_t opcode;     /* WS_OPCODE_*, but never WS_OPCODE_CONTINUATION. */
    uint16_t flags;      /* WS_EVENT_*; and the bits of WS_RSV* that
                          * WS_OPT_ALLOW_RSV accepted, on every event of
                          * their message. */
    uint16_t close_code; /* For a close, whose data is the reason: its code,
                          * or WS_CLOSE_NO_STATUS. Else 0. */
    uint16_t reserved;   /* 0 */
} ws_event;

/* Returns the address of an event's data: buf + off, or, for a collected
 * event, in the connection's memory. There it is valid until the next
 * ws_conn_recv() or ws_conn_free(); other calls do not affect it. buf is the
 * buffer that was passed to that ws_conn_recv(); it may be NULL for a
 * collected event. Returns NULL for invalid arguments, and never for a
 * collected event of the last call. Do not pass a collected event of an
 * earlier call: the result is NULL, or other data. */
WS_API const void *
ws_event_data(const ws_conn *conn, const void *buf,
              const ws_event *event) WS_NOTHROW;

/* Processes bytes from the network (RFC 6455, 5). Returns the number of
 * events that were filled, and in *consumed the number of bytes of buf that
 * were consumed. A message that is entirely in buf, in one uncompressed
 * frame, is unmasked and reported there, without a copy; any other is
 * collected in the connection's memory, unless WS_OPT_STREAM reports it in
 * chunks. buf must be writable, since payloads are unmasked in place.
 * events_cap must not be 0.
 *
 *   while (len > 0) {
 *       n = ws_conn_recv(c, p, len, ev, 64, &used);
 *       for (i = 0; i < n; i++) handle(&ev[i], ws_event_data(c, p, &ev[i]));
 *       collect(ws_conn_output(c, out, sizeof out)); // after an error, too
 *       if (n < 0) break;
 *       p += used, len -= used;
 *   }
 *
 * It may return before all of buf is consumed: when `events` is full, to
 * hand out a collected event, or after a frame that needs a reply. It has
 * then reported at least one event. Call again with the unconsumed rest
 * until *consumed == len, or until the result is 0; both loops are correct.
 * If *consumed == len, nothing is outstanding: these bytes cause no further
 * event or error. If the result is 0, all of buf was consumed. A call with
 * the rest may also find nothing, consume it and return 0.
 *
 * First handle the events (you may send replies while you do), then collect
 * the output: that keeps the order of the wire. Do not free the connection
 * while you handle its events. You can still reply to earlier messages after
 * the peer's close or an error: ws_conn_send() works until ws_conn_output()
 * has written the close frame.
 *
 * WS_ERR_INVALID_ARGUMENT leaves the connection as it was. Every other error
 * is final: WS_ERR_NO_MEMORY; those that the peer caused, which are those
 * listed at ws_frame_decode(), WS_ERR_CLOSE_PAYLOAD, WS_ERR_UTF8 and
 * WS_ERR_COMPRESSION; and WS_ERR_EOF after ws_conn_finish(). The events
 * before an error are reported first. Then the next call, even one without
 * bytes, returns the error with *consumed 0, and so does every later call.
 * Until the error is returned, *consumed stays below len, so a loop over the
 * bytes cannot miss it. (Of a compressed message, at least the last byte is
 * left, even if it was decompressed into a reported event.)
 *
 * The payload of a close is checked once its frame is complete. A close is
 * the last event: all bytes after it are consumed and ignored.
 *
 * The bytes from *consumed on are unchanged unless the result is an error,
 * so a caller with a chained buffer may pass copies, and later pass the
 * originals. While one compressed input yields several chunks, its last byte
 * is not consumed until the last chunk is reported; such a call may report a
 * chunk and consume nothing. A call without bytes reports no event, and
 * takes back the data of a collected one. Its memory is freed unless
 * WS_OPT_KEEP_BUFFER keeps it or, with WS_OPT_STREAM, its message continues. */
WS_API WS_MUST_USE ws_result
ws_conn_recv(ws_conn *conn, void *buf, size_t len, ws_event *events,
             size_t events_cap, size_t *consumed) WS_NOTHROW;

#define WS_MAX_OUTPUT 139 /* The most that ws_conn_output() ever writes, in
                           * bytes. */

/* Writes the connection's own frames: a pong, and the close frame that
 * replies to the peer's (with its code) or reports an error. Returns the
 * number of bytes written, or 0 if nothing is pending. Call it after every
 * ws_conn_recv(); if a call is expensive, only after one that reported a
 * PING or a CLOSE or returned an error, since nothing is pending after any
 * other. If you do, every ping gets its pong. If you do not, the pong to the
 * next ping replaces the pending one (RFC 6455, 5.5.3), so a flood of pings
 * takes no memory.
 *
 * WS_ERR_RANDOM: a client had no masking key; the same call may be repeated.
 * With (NULL, 0) as `out` it returns WS_ERR_BUFFER_TOO_SMALL if something is
 * pending, else 0. */
WS_API WS_MUST_USE ws_result
ws_conn_output(ws_conn *conn, void *out, size_t out_cap) WS_NOTHROW;

#define WS_SEND_MORE  0x1u /* More fragments of this message follow. */
#define WS_SEND_PLAIN 0x2u /* Do not compress. Only the first fragment's flag
                            * counts. */

/* Writes a message as one frame, or with WS_SEND_MORE a fragment of one (RFC
 * 6455, 5.4); or a ping or pong, also between fragments. Returns the number
 * of bytes written. ws_conn_send_bound() bytes of `out` are always enough;
 * with compression, `out` beyond the result may have served as scratch
 * space.
 *
 * opcode: WS_OPCODE_TEXT or WS_OPCODE_BINARY, the same for every fragment of
 * a message; WS_OPCODE_PING or WS_OPCODE_PONG. flags: WS_SEND_*, and the
 * bits of WS_OPT_ALLOW_RSV, where only the first fragment's count. `payload`
 * must not overlap `out`. Outgoing text is not checked: see
 * ws_utf8_validate().
 *
 * WS_ERR_INVALID_STATE for a frame that the protocol does not allow now:
 * data after your close was written, a message of a different opcode inside
 * a fragmented one, a PING or PONG once your close was written and the
 * peer's has arrived or an error was returned, anything after the stream has
 * ended. WS_ERR_INVALID_ARGUMENT for any opcode but these four, and for a
 * PING or PONG with more than WS_MAX_CONTROL bytes or with WS_SEND_MORE.
 * After WS_ERR_NO_MEMORY (compression) and WS_ERR_RANDOM (a client's masking
 * key) the same call may be repeated.
 *
 * Between messages you may also send frames from ws_frame_encode(). A frame
 * that a server with server_no_context_takeover compressed is valid for
 * every client that has a window at least as wide, if all of the server's
 * connections have server_no_context_takeover set, whether it was agreed or
 * not: compress once, send to all. */
WS_API WS_MUST_USE ws_result
ws_conn_send(ws_conn *conn, int opcode, uint32_t flags,
             const void *payload, size_t payload_len, void *out,
             size_t out_cap) WS_NOTHROW;

/* Returns the bytes of `out` that ws_conn_send() may need for a payload of
 * this length; 0 if no buffer can be that large, or conn is NULL. */
WS_API size_t
ws_conn_send_bound(const ws_conn *conn, size_t payload_len) WS_NOTHROW;

/* Writes a close frame (RFC 6455, 7.1.2). It starts the closing handshake,
 * or replaces a pending close frame that ws_conn_output() has not written
 * yet. code and reason as for ws_close_build(). WS_MAX_OUTPUT bytes of `out`
 * are always enough. Returns the number of bytes written; 0, and writes
 * nothing, if a close was written before or the stream has ended.
 * WS_ERR_INVALID_ARGUMENT as for ws_close_build(); WS_ERR_RANDOM as for
 * ws_conn_output().
 *
 * Messages that are still arriving are reported as before, and pings get
 * their pongs until the peer's close arrives (5.5.2): ws_conn_output()
 * writes a pending pong, but none once both sides have closed. */
WS_API WS_MUST_USE ws_result
ws_conn_close(ws_conn *conn, uint16_t code, const void *reason,
              size_t reason_len, void *out, size_t out_cap) WS_NOTHROW;

/* Tells the connection that the peer's stream has ended. Returns WS_OK if
 * the peer's close has arrived; while yours is not written yet (see
 * ws_conn_output()), the state stays CLOSING. Returns the error that stopped
 * the connection, if any. Otherwise returns WS_ERR_EOF: the state is FAILED,
 * nothing is pending, and nothing more can be sent. */
WS_API ws_result ws_conn_finish(ws_conn *conn) WS_NOTHROW;

#define WS_STATE_OPEN    0 /* Messages can be sent and received. */
#define WS_STATE_CLOSING 1 /* A close was written, or has arrived. */
#define WS_STATE_CLOSED  2 /* A close has arrived, and yours was written. */
#define WS_STATE_FAILED  3 /* An error was returned. */

/* Returns the state of a connection: one of WS_STATE_*; WS_STATE_FAILED if
 * conn is NULL. When it is CLOSED or FAILED, end the connection: see End in
 * the rules for every connection (RFC 6455, 7.1.1). */
WS_API int ws_conn_state(const ws_conn *conn) WS_NOTHROW;

/* ======================================================================== *
 *  Accepting and confirming
 * ======================================================================== */

#define WS_ACCEPT_NEED_PROTOCOL 0x1u /* In ws_accept_spec: reject a client
                                      * that offers none of your
                                      * subprotocols. */

/* How to accept a client. Zero it, then set the members you need.
 * Extensible.
 *
 * `origins` is a list as for ws_origin_allowed(). {NULL, 0} accepts pages of
 * every origin, which is safe only where nothing depends on cookies or on
 * the network that the browser is in. With a list, a request whose Origin is
 * not in it is rejected; so is one whose Origin is empty, "null" or
 * malformed. A request without Origin is not from a browser and is accepted. */
typedef struct ws_accept_spec {
    ws_bytes protocols;            /* "chat, superchat": most preferred
                                    * first. */
    ws_bytes headers;              /* Additional complete "Name: value\r\n"
                                    * lines for the 101. */
    const ws_pmd_params *pmd;      /* The compression you are willing to use;
                                    * NULL: none. */
    const ws_allocator *allocator; /* NULL: the C library's. */
    ws_bytes origins;              /* "https://a.example
                                    * https://b.example:8443", or {NULL, 0} */
    uint32_t flags;                /* WS_ACCEPT_NEED_PROTOCOL, or 0 */
    uint32_t reserved;             /* 0 */
} ws_accept_spec;

/* The result of ws_conn_accept(). Zeroed unless it returns a value above 0.
 * Extensible. */
typedef struct ws_accepted {
    ws_conn *conn;     /* The connection; NULL if the request was rejected. */
    ws_result error;   /* Why the request was rejected, else WS_OK. */
    uint32_t head_len; /* Length of the request's head: the first frames
                        * start there. 0 with WS_ERR_HTTP_SYNTAX and
                        * WS_ERR_HTTP_TOO_LARGE. */
    ws_span protocol;  /* The chosen subprotocol: a range of spec->protocols. */
    uint32_t reserved; /* 0 */
} ws_accepted;

#define WS_MAX_REPLY 512 /* Upper bound of what ws_conn_accept() writes, not
                          * counting spec->headers and the chosen protocol. */

/* Server: does everything after the arrival of a request in one call (RFC
 * 6455, 4.2). Checks the head at the start of `buf`, which may hold more;
 * selects the subprotocol and the compression; writes the response to `out`.
 * To accept the request it writes a 101 with spec->headers, and creates
 * accepted->conn. To reject it, it writes the matching error response
 * (ws_http_status()), and sets accepted->error. Returns the number of bytes
 * written, or 0 if the head is incomplete. After WS_ERR_INVALID_ARGUMENT,
 * WS_ERR_UNSUPPORTED, WS_ERR_BUFFER_TOO_SMALL and WS_ERR_NO_MEMORY nothing
 * was written, no connection was created, and the call may be repeated.
 *
 * A whole connection, with a blocking socket; send_all() and handle() are
 * yours:
 *
 *   void serve(int fd)
 *   {
 *       unsigned char buf[WS_MAX_HEAD], out[WS_MAX_REPLY], *p;
 *       size_t len = 0, used;
 *       ssize_t got;
 *       ws_accepted a;
 *       ws_event ev[64];
 *       ws_result i, n;
 *
 *       do {
 *           got = recv(fd, buf + len, sizeof buf - len, 0);
 *           if (got <= 0) { close(fd); return; }
 *           len += (size_t)got;
 *           n = ws_conn_accept(buf, len, NULL, 0, &a, sizeof a,
 *                              out, sizeof out);
 *       } while (n == 0);
 *       send_all(fd, out, n); // nothing if n < 0
 *       p = buf + a.head_len, len -= a.head_len;
 *       while (n >= 0 && ws_conn_state(a.conn) < WS_STATE_CLOSED) {
 *           if (len == 0) {
 *               got = recv(fd, p = buf, sizeof buf, 0);
 *               if (got <= 0) { ws_conn_finish(a.conn); break; }
 *               len = (size_t)got;
 *           }
 *           n = ws_conn_recv(a.conn, p, len, ev, 64, &used);
 *           for (i = 0; i < n; i++)
 *               handle(fd, a.conn, &ev[i], ws_event_data(a.conn, p, &ev[i]));
 *           send_all(fd, out, ws_conn_output(a.conn, out, sizeof out));
 *           p += used, len -= used;
 *       }
 *       shutdown(fd, SHUT_WR);
 *       while (recv(fd, buf, sizeof buf, 0) > 0) // or until a timer fires
 *           continue;
 *       close(fd);
 *       ws_conn_free(a.conn);
 *   }
 *
 * accepted->error is the first failure of:
 *
 *   1. the checks of ws_parse_handshake(), in their order
 *   2. WS_ERR_HANDSHAKE_ORIGIN
 *   3. WS_ERR_HANDSHAKE_PROTOCOL
 *
 * With WS_ERR_NOT_UPGRADE `out` holds a 426. If you serve ordinary requests
 * too, discard it and read the head with ws_parse_handshake().
 *
 * Give `buf` room for WS_MAX_HEAD bytes: then it never fills without a
 * response. Each call parses from the start, so if a head arrives in many
 * reads, call ws_head_length() first. After a 101 the first frames are at
 * buf + accepted.head_len: pass them to ws_conn_recv(), then everything you
 * read, until ws_conn_state() is WS_STATE_CLOSED or above.
 *
 * `spec` may be (NULL, 0) for the defaults. An invalid spec is
 * WS_ERR_INVALID_ARGUMENT at every call, whatever the head is: invalid
 * headers, protocols, pmd, allocator or flags; WS_ACCEPT_NEED_PROTOCOL
 * without protocols; a list of origins that is empty but not NULL, or with
 * an entry that can never match (a trailing slash, a comma, a wildcard, no
 * scheme, "null"). So you can check a configuration at the start; 0 means
 * that it is valid:
 *
 *   ws_accepted a;
 *   n = ws_conn_accept(NULL, 0, &spec, sizeof spec, &a, sizeof a, NULL, 0); */
WS_API WS_MUST_USE ws_result
ws_conn_accept(const void *buf, size_t len,
               const ws_accept_spec *spec, size_t spec_size,
               ws_accepted *accepted, size_t accepted_size,
               void *out, size_t out_cap) WS_NOTHROW;

/* Client: does everything after ws_build_request() in one call (RFC 6455,
 * 4.1): parses the response, checks it against the request that was sent,
 * reads which compression was agreed, and creates *conn. `offered` is what
 * was passed to ws_pmd_offer(); NULL if the request offers no
 * permessage-deflate. It is not changed: ws_conn_get_pmd() reads what was
 * agreed.
 *
 * Result and errors as for ws_parse_response(); also WS_ERR_NO_MEMORY, and
 * WS_ERR_INVALID_ARGUMENT if `offered` is NULL although the request offers
 * permessage-deflate, or the reverse. *conn is NULL unless the result is
 * above 0. */
WS_API WS_MUST_USE ws_result
ws_conn_confirm(const void *buf, size_t len, const void *request,
                size_t request_len, const ws_pmd_params *offered,
                const ws_allocator *allocator, ws_conn **conn,
                ws_response *response, size_t response_size) WS_NOTHROW;

/* ======================================================================== *
 *  Compression without a connection
 * ======================================================================== */

/* Compresses and decompresses the payloads of frames (RFC 7692, 7.2): for
 * users of the decoder, for proxies, and to compress once for many. A
 * message that a server compressed with server_no_context_takeover is valid
 * for every client that has a window at least as wide and for which all
 * messages are compressed so, whether it was agreed or not; for any other
 * client the contexts would diverge. Opaque. For one thread at a time. It
 * allocates memory like ws_conn_set_pmd(). */
typedef struct ws_pmd ws_pmd;

/* Creates a compressor and decompressor. side: WS_SERVER or WS_CLIENT, the
 * side you are. params: what was agreed. *allocator is copied; NULL for that
 * of the C library. Returns NULL if out of memory, if an argument is
 * invalid, or without WS_FEATURE_DEFLATE. */
WS_API WS_MUST_USE ws_pmd *
ws_pmd_new(uint32_t side, const ws_pmd_params *params,
           const ws_allocator *allocator) WS_NOTHROW;

/* Frees a compressor and decompressor. NULL is allowed. */
WS_API void ws_pmd_free(ws_pmd *pmd) WS_NOTHROW;

/* Returns the bytes of `out` that ws_pmd_compress() needs for `len` bytes of
 * data; 0 if no buffer can be that large, or pmd is NULL. */
WS_API size_t ws_pmd_compress_bound(const ws_pmd *pmd, size_t len) WS_NOTHROW;

/* Compresses a message, or a fragment of one, into the payload of one frame
 * (RFC 7692, 7.2.1); set WS_RSV1 on the first frame of the message. flags:
 * 0, or WS_SEND_MORE if more fragments of the message follow. out_cap must
 * be at least ws_pmd_compress_bound(), and `data` must not overlap `out`;
 * `out` beyond the result may have served as scratch space. Returns the
 * length of the payload, WS_ERR_BUFFER_TOO_SMALL, WS_ERR_INVALID_ARGUMENT or
 * WS_ERR_NO_MEMORY. */
WS_API WS_MUST_USE ws_result
ws_pmd_compress(ws_pmd *pmd, uint32_t flags, const void *data,
                size_t len, void *out, size_t out_cap) WS_NOTHROW;

/* Decompresses the unmasked payload of one frame (RFC 7692, 7.2.2). flags:
 * 0, or WS_SEND_MORE if more frames of the message follow. Returns the
 * number of bytes written, and in *consumed the number of bytes of `data`
 * that were consumed. It stops early only if `out` is full or an error comes
 * next; out_cap must not be 0. Call it again with the rest, which may be
 * empty, and the same flags until it returns 0: then the payload is
 * complete, and without WS_SEND_MORE the message too. `data` is never
 * written to.
 *
 *   do {
 *       n = ws_pmd_decompress(pmd, flags, p, len, &used, out, sizeof out);
 *       if (n > 0) take(out, n);
 *       p += used, len -= used;
 *   } while (n > 0);
 *   if (n < 0) fail(n);
 *
 * WS_ERR_COMPRESSION if the data is damaged or the message is truncated;
 * WS_ERR_NO_MEMORY. Every later call returns the same error, with *consumed
 * 0. No limit applies: bound the input and the output yourself. */
WS_API WS_MUST_USE ws_result
ws_pmd_decompress(ws_pmd *pmd, uint32_t flags, const void *data,
                  size_t len, size_t *consumed, void *out,
                  size_t out_cap) WS_NOTHROW;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* WSCODEC_H */
