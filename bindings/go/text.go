package wscodec

// #include "shim.h"
import "C"

// UTF8Validator checks text that arrives in parts. The zero value is ready for use.
type UTF8Validator struct {
	state C.uint32_t
}

// Write checks the next part. It fails with ErrUTF8 at the first byte that nothing that follows can
// make valid, and at every call after that.
func (v *UTF8Validator) Write(part []byte) (int, error) {
	if _, err := result(C.go_utf8_validate(&v.state, pointer(part), C.size_t(len(part)))); err != nil {
		return 0, err
	}
	return len(part), nil
}

// Complete reports whether the text so far is valid and ends with a whole character.
func (v *UTF8Validator) Complete() bool { return v.state == 0 }

// CloseCode is the code of a close frame (RFC 6455, 7.4).
type CloseCode uint16

const (
	CloseNormal          CloseCode = C.WS_CLOSE_NORMAL
	CloseGoingAway       CloseCode = C.WS_CLOSE_GOING_AWAY
	CloseProtocolError   CloseCode = C.WS_CLOSE_PROTOCOL_ERROR
	CloseUnsupportedData CloseCode = C.WS_CLOSE_UNSUPPORTED_DATA
	CloseNoStatus        CloseCode = C.WS_CLOSE_NO_STATUS // never on the wire: without a code
	CloseAbnormal        CloseCode = C.WS_CLOSE_ABNORMAL  // never on the wire: without a close frame
	CloseInvalidData     CloseCode = C.WS_CLOSE_INVALID_DATA
	ClosePolicy          CloseCode = C.WS_CLOSE_POLICY
	CloseTooBig          CloseCode = C.WS_CLOSE_TOO_BIG
	CloseExtension       CloseCode = C.WS_CLOSE_EXTENSION
	CloseInternalError   CloseCode = C.WS_CLOSE_INTERNAL_ERROR
	CloseServiceRestart  CloseCode = C.WS_CLOSE_SERVICE_RESTART
	CloseTryAgainLater   CloseCode = C.WS_CLOSE_TRY_AGAIN_LATER
	CloseBadGateway      CloseCode = C.WS_CLOSE_BAD_GATEWAY
)

// ParseClosePayload reads the unmasked payload of a close frame. Without a code it returns
// CloseNoStatus.
func ParseClosePayload(payload []byte) (CloseCode, string, error) {
	var code C.uint16_t
	n, err := result(C.go_close_parse(pointer(payload), C.size_t(len(payload)), &code))
	if err != nil || n == 0 {
		return CloseCode(code), "", err
	}
	return CloseCode(code), string(payload[2:]), nil
}

// ClosePayload returns the payload of a close frame.
func ClosePayload(code CloseCode, reason string) ([]byte, error) {
	out := make([]byte, C.WS_MAX_CONTROL)
	n, err := result(C.go_close_build(C.uint16_t(code), pointer([]byte(reason)),
		C.size_t(len(reason)), pointer(out), C.size_t(len(out))))
	return out[:n], err
}
