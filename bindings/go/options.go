package wscodec

// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
)

// Option is an option of a connection, or a fact about one. wscodec.h describes them in full.
type Option int

const (
	MaxMessage   Option = C.WS_OPT_MAX_MESSAGE   // most bytes of an incoming message; default 1 MiB
	Stream       Option = C.WS_OPT_STREAM        // 1: report messages in parts as they arrive
	AutoPong     Option = C.WS_OPT_AUTO_PONG     // 0: do not answer pings
	CheckUTF8    Option = C.WS_OPT_CHECK_UTF8    // 0: do not check incoming text
	KeepBuffer   Option = C.WS_OPT_KEEP_BUFFER   // most bytes of memory to keep between messages
	MaxFrame     Option = C.WS_OPT_MAX_FRAME     // most bytes that a frame may announce
	EitherMask   Option = C.WS_OPT_ANY_MASK      // 1: accept masked and unmasked frames
	AutoClose    Option = C.WS_OPT_AUTO_CLOSE    // 0: you send the close frame
	AllowRSV     Option = C.WS_OPT_ALLOW_RSV     // RSV1, RSV2, RSV3: permitted for your own extension
	CompressFrom Option = C.WS_OPT_COMPRESS_FROM // shorter messages are not compressed
)

// Facts, for Get.
const (
	CloseSent     Option = C.WS_INFO_CLOSE_SENT     // the code of our close frame; 0: none
	CloseReceived Option = C.WS_INFO_CLOSE_RECEIVED // the code of the peer's close frame; 0: none
	ClosedByPeer  Option = C.WS_INFO_CLOSED_BY_PEER // 1: the peer's close frame came first
	Sending       Option = C.WS_INFO_SENDING        // opcode of the message being sent; 0: none
	Receiving     Option = C.WS_INFO_RECEIVING      // opcode of the message arriving; 0: none
	Announced     Option = C.WS_INFO_ANNOUNCED      // after ErrTooBig: the length over the limit
	Buffered      Option = C.WS_INFO_BUFFERED       // bytes held of an incomplete message
)

// Options are the values of options; those that are absent have their defaults.
type Options map[Option]uint64

// Set sets an option. Most can only be set before the first call of Receive.
func (c *Codec) Set(option Option, value uint64) error {
	_, err := result(C.go_conn_set(c.conn, C.int(option), C.uint64_t(value)))
	runtime.KeepAlive(c)
	if err != nil {
		return fmt.Errorf("option %d, value %d: %w", option, value, err)
	}
	return nil
}

// Get returns the value of an option or a fact.
func (c *Codec) Get(option Option) (uint64, error) {
	var value C.uint64_t
	_, err := result(C.go_conn_get(c.conn, C.int(option), &value))
	runtime.KeepAlive(c)
	if err != nil {
		return 0, fmt.Errorf("option %d: %w", option, err)
	}
	return uint64(value), nil
}
