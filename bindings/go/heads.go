package wscodec

// #include "shim.h"
import "C"

import "net/http"

// MaxHead is the length of the longest request or response head, in bytes.
const MaxHead = C.WS_MAX_HEAD

// AcceptKey returns the Sec-WebSocket-Accept that answers a Sec-WebSocket-Key.
func AcceptKey(key string) (string, error) {
	out := make([]byte, C.WS_ACCEPT_LEN)
	n, err := result(C.go_accept_key(pointer([]byte(key)), C.size_t(len(key)),
		pointer(out), C.size_t(len(out))))
	return string(out[:n]), err
}

func newKey() (string, error) {
	out := make([]byte, C.WS_KEY_LEN)
	n, err := result(C.go_make_key(pointer(out), C.size_t(len(out))))
	return string(out[:n]), err
}

// Request is a client's opening request. Absent fields are empty.
type Request struct {
	Method, Target, Host, Origin, Key string

	HTTPVersion int // its digits: 11 is HTTP/1.1
}

// ParseRequest reads the head of a request at the start of buf, and returns its length; 0 if it is
// incomplete. With ErrNotUpgrade the request is valid, too: an ordinary one of HTTP.
func ParseRequest(buf []byte) (*Request, int, error) {
	var raw C.ws_handshake
	n, err := result(C.go_parse_handshake(pointer(buf), C.size_t(len(buf)), &raw))
	if raw.head_len == 0 {
		return nil, n, err
	}
	return &Request{
		Method:      text(buf, raw.method),
		Target:      text(buf, raw.target),
		Host:        text(buf, raw.host),
		Origin:      text(buf, raw.origin),
		Key:         text(buf, raw.key),
		HTTPVersion: int(raw.http_version),
	}, int(raw.head_len), err
}

// Response is a server's response to an opening request. Absent fields are empty.
type Response struct {
	Status      int
	Reason      string
	HTTPVersion int // its digits: 11 is HTTP/1.1

	Protocol, Extensions string
}

// ParseResponse reads the head of a response at the start of buf, checks it against the request,
// and returns its length; 0 if it is incomplete. With ErrHandshakeStatus the response is valid,
// too.
func ParseResponse(buf, request []byte) (*Response, int, error) {
	var raw C.ws_response
	n, err := result(C.go_parse_response(pointer(buf), C.size_t(len(buf)),
		pointer(request), C.size_t(len(request)), &raw))
	if raw.head_len == 0 {
		return nil, n, err
	}
	return newResponse(buf, &raw), int(raw.head_len), err
}

func newResponse(buf []byte, raw *C.ws_response) *Response {
	return &Response{
		Status:      int(raw.status),
		Reason:      text(buf, raw.reason),
		HTTPVersion: int(raw.http_version),
		Protocol:    text(buf, raw.protocol),
		Extensions:  text(buf, raw.extensions),
	}
}

// HeadLength returns the length of the head at the start of buf; 0 while it is incomplete. Set
// *scanned to 0 before the first call: each call looks at the new bytes alone. It checks that no
// head is too large or has control characters, and nothing else.
func HeadLength(buf []byte, scanned *int) (int, error) {
	at := C.size_t(*scanned)
	n, err := result(C.go_head_length(pointer(buf), C.size_t(len(buf)), &at))
	*scanned = int(at)
	return n, err
}

// ParseHeader returns the fields of a complete head.
func ParseHeader(head []byte) (http.Header, error) {
	header := make(http.Header)
	var pos C.size_t
	var name, value C.ws_span
	for {
		n, err := result(C.go_next_header(pointer(head), C.size_t(len(head)), &pos, &name, &value))
		if err != nil || n == 0 {
			return header, err
		}
		header.Add(text(head, name), text(head, value))
	}
}
