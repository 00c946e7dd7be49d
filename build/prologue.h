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
 *   fork()     A fork copies what a client's next masking keys are made of:
 *              only one of the two processes may continue to use the
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
/* @ENUMERATORS@ */
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

