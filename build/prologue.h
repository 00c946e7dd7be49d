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
/* @ENUMERATORS@ */
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

