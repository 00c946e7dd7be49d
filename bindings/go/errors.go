package wscodec

// #include "shim.h"
import "C"

import "io"

// Error is an error of the library. Compare it with errors.Is:
//
//	if errors.Is(err, wscodec.ErrTooBig) { ... }
type Error int

// Errors of the caller or of the system.
const (
	ErrInvalidArgument Error = C.WS_ERR_INVALID_ARGUMENT
	ErrBufferTooSmall  Error = C.WS_ERR_BUFFER_TOO_SMALL
	ErrInvalidState    Error = C.WS_ERR_INVALID_STATE
	ErrNoMemory        Error = C.WS_ERR_NO_MEMORY
	ErrUnsupported     Error = C.WS_ERR_UNSUPPORTED
	ErrRandom          Error = C.WS_ERR_RANDOM
)

// The opening handshake was rejected.
const (
	ErrHTTPSyntax        Error = C.WS_ERR_HTTP_SYNTAX
	ErrHTTPTooLarge      Error = C.WS_ERR_HTTP_TOO_LARGE
	ErrNotUpgrade        Error = C.WS_ERR_NOT_UPGRADE
	ErrHTTPMethod        Error = C.WS_ERR_HTTP_METHOD
	ErrHTTPVersion       Error = C.WS_ERR_HTTP_VERSION
	ErrHandshakeHost     Error = C.WS_ERR_HANDSHAKE_HOST
	ErrHandshakeKey      Error = C.WS_ERR_HANDSHAKE_KEY
	ErrHandshakeVersion  Error = C.WS_ERR_HANDSHAKE_VERSION
	ErrHandshakeStatus   Error = C.WS_ERR_HANDSHAKE_STATUS
	ErrHandshakeAccept   Error = C.WS_ERR_HANDSHAKE_ACCEPT
	ErrHandshakeProtocol Error = C.WS_ERR_HANDSHAKE_PROTOCOL
	ErrExtension         Error = C.WS_ERR_EXTENSION
	ErrHandshakeOrigin   Error = C.WS_ERR_HANDSHAKE_ORIGIN
)

// The peer violated the protocol.
const (
	ErrReservedBits  Error = C.WS_ERR_RESERVED_BITS
	ErrOpcode        Error = C.WS_ERR_OPCODE
	ErrLength        Error = C.WS_ERR_LENGTH
	ErrMask          Error = C.WS_ERR_MASK
	ErrControlFrame  Error = C.WS_ERR_CONTROL_FRAME
	ErrFragmentation Error = C.WS_ERR_FRAGMENTATION
	ErrClosePayload  Error = C.WS_ERR_CLOSE_PAYLOAD
	ErrUTF8          Error = C.WS_ERR_UTF8
	ErrTooBig        Error = C.WS_ERR_TOO_BIG
	ErrCompression   Error = C.WS_ERR_COMPRESSION
	ErrEOF           Error = C.WS_ERR_EOF
)

// Error returns a short English phrase.
func (e Error) Error() string { return "wscodec: " + e.text() }

func (e Error) text() string { return C.GoString(C.ws_strerror(C.ws_result(e))) }

// Name returns the name of the constant in wscodec.h, such as "WS_ERR_UTF8".
func (e Error) Name() string { return C.GoString(C.ws_errname(C.ws_result(e))) }

// CloseCode returns the close code that reports the error to the peer.
func (e Error) CloseCode() CloseCode { return CloseCode(C.ws_close_code_for(C.ws_result(e))) }

// HTTPStatus returns the status of the response that rejects a request because of the error.
func (e Error) HTTPStatus() int { return int(C.ws_http_status(C.ws_result(e))) }

// Is makes a stream that ends without a closing handshake an io.ErrUnexpectedEOF, too.
func (e Error) Is(target error) bool { return e == ErrEOF && target == io.ErrUnexpectedEOF }

// result returns a count, or the error.
func result(n C.ws_result) (int, error) {
	if n < 0 {
		return 0, Error(n)
	}
	return int(n), nil
}
