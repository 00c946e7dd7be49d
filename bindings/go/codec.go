package wscodec

// #include "shim.h"
import "C"

import (
	"fmt"
	"runtime"
)

const receiveEvents = 64

// Codec is a connection without a socket: bytes of the peer go in, events come out; messages go in,
// bytes for the peer come out. It is for one goroutine at a time. Its memory is not Go's: Free
// returns it, and so does the garbage collector.
type Codec struct {
	conn     C.go_conn
	in       *receipt
	events   []Event
	compress bool
}

// receipt is what the library writes in a call of Receive. It has no pointers, so that cgo has
// nothing to check.
type receipt struct {
	events [receiveEvents]C.ws_event
	used   C.size_t
}

// Event is a message, a part of one (with the option Stream), or a control frame.
type Event struct {
	Opcode      Opcode
	Data        []byte    // of a close frame: its reason
	CloseCode   CloseCode // of a close frame, or CloseNoStatus
	First, Last bool      // it starts its message, and ends it
	FrameEnd    bool      // it ends a frame
	RSV         uint8     // the reserved bits of its message, with the option AllowRSV
}

// NewCodec returns a connection after its opening handshake, which another library has done.
// deflate are the parameters that were agreed; nil: no compression.
func NewCodec(side Side, deflate *Deflate, options Options) (*Codec, error) {
	conn := C.go_conn_new(C.uint32_t(side))
	if conn == 0 {
		if side != ServerSide && side != ClientSide {
			return nil, fmt.Errorf("side %d: %w", side, ErrInvalidArgument)
		}
		return nil, ErrNoMemory
	}
	if deflate != nil {
		if _, err := result(C.go_conn_set_pmd(conn, deflate.params())); err != nil {
			C.go_conn_free(conn)
			return nil, fmt.Errorf("deflate: %w", err)
		}
	}
	return newCodec(conn, options)
}

// newCodec takes over the connection, and frees it if an option is invalid.
func newCodec(conn C.go_conn, options Options) (*Codec, error) {
	c := &Codec{conn: conn, in: new(receipt)}
	runtime.SetFinalizer(c, (*Codec).Free)
	c.compress = c.Deflate() != nil
	for option, value := range options {
		if err := c.Set(option, value); err != nil {
			c.Free()
			return nil, err
		}
	}
	return c, nil
}

// Free returns the memory. The Codec then fails with ErrInvalidArgument.
func (c *Codec) Free() {
	C.go_conn_free(c.conn)
	c.conn = 0
	runtime.SetFinalizer(c, nil)
}

// Deflate returns the parameters of compression that were agreed; nil: no compression.
func (c *Codec) Deflate() *Deflate {
	var params C.ws_pmd_params
	on := C.go_conn_get_pmd(c.conn, &params)
	runtime.KeepAlive(c)
	if on != 1 {
		return nil
	}
	return deflateOf(&params)
}

// Receive processes bytes of the peer. It unmasks payloads in place. used is the number of bytes
// that were consumed: handle the events, append the output to what you send, and call Receive again
// with the rest until there is none.
//
//	for len(buf) > 0 {
//		events, used, err := codec.Receive(buf)
//		// handle the events
//		if out, outErr := codec.AppendOutput(out); ...
//		if err != nil { ... }
//		buf = buf[used:]
//	}
//
// The events are valid until the next call. Their Data is a part of buf, or else belongs to the
// caller. Errors but ErrInvalidArgument are final: AppendOutput then appends the close frame that
// reports the error.
func (c *Codec) Receive(buf []byte) (events []Event, used int, err error) {
	n, err := result(C.go_conn_recv(c.conn, pointer(buf), C.size_t(len(buf)),
		&c.in.events[0], receiveEvents, &c.in.used))
	if err != nil {
		return nil, 0, err
	}
	c.events = c.events[:0]
	for i := range c.in.events[:n] {
		c.events = append(c.events, c.event(&c.in.events[i], buf))
	}
	runtime.KeepAlive(c)
	return c.events, int(c.in.used), nil
}

func (c *Codec) event(raw *C.ws_event, buf []byte) Event {
	event := Event{
		Opcode:    Opcode(raw.opcode),
		CloseCode: CloseCode(raw.close_code),
		First:     raw.flags&C.WS_EVENT_FIRST != 0,
		Last:      raw.flags&C.WS_EVENT_LAST != 0,
		FrameEnd:  raw.flags&C.WS_EVENT_FRAME_END != 0,
		RSV:       uint8(raw.flags & rsvBits),
	}
	if raw.flags&C.WS_EVENT_COLLECTED == 0 {
		event.Data = buf[raw.off : raw.off+raw.len : raw.off+raw.len]
		return event
	}
	// The library frees its memory at the next call: a slice of it could be used after that.
	event.Data = make([]byte, raw.len)
	if raw.len > 0 {
		C.go_conn_copy(c.conn, raw, pointer(event.Data))
	}
	return event
}

// SendFlags change how a message is sent. Combine them with |, also with RSV1 to RSV3, which the
// option AllowRSV permits.
type SendFlags uint32

const (
	More  SendFlags = C.WS_SEND_MORE  // further fragments of this message follow
	Plain SendFlags = C.WS_SEND_PLAIN // do not compress
)

// AppendMessage appends a message, a fragment of one, a ping or a pong to dst. Text is not checked.
// payload must not overlap dst.
func (c *Codec) AppendMessage(
	dst []byte, opcode Opcode, payload []byte, flags SendFlags,
) ([]byte, error) {
	bound := C.WS_MAX_HEADER + len(payload)
	if c.compress {
		bound = int(C.go_conn_send_bound(c.conn, C.size_t(len(payload))))
	}
	dst, out := room(dst, bound)
	n := C.go_conn_send(c.conn, C.int(opcode), C.uint32_t(flags),
		pointer(payload), C.size_t(len(payload)), pointer(out), C.size_t(len(out)))
	runtime.KeepAlive(c)
	return appended(dst, n)
}

// AppendOutput appends the frames that the connection sends of its own accord: pongs, and the close
// frame that answers the peer's or reports an error. Call it after the events of a call of Receive
// were handled, or after an error.
func (c *Codec) AppendOutput(dst []byte) ([]byte, error) {
	dst, out := room(dst, C.WS_MAX_OUTPUT)
	n := C.go_conn_output(c.conn, pointer(out), C.size_t(len(out)))
	runtime.KeepAlive(c)
	return appended(dst, n)
}

// AppendClose appends a close frame; nothing, if one was sent before.
func (c *Codec) AppendClose(dst []byte, code CloseCode, reason string) ([]byte, error) {
	dst, out := room(dst, C.WS_MAX_OUTPUT)
	n := C.go_conn_close(c.conn, C.uint16_t(code), pointer([]byte(reason)),
		C.size_t(len(reason)), pointer(out), C.size_t(len(out)))
	runtime.KeepAlive(c)
	return appended(dst, n)
}

// Finish tells the connection that the peer's stream has ended. It returns nil if the peer's close
// frame has arrived; else ErrEOF, or the error that Receive has returned.
func (c *Codec) Finish() error {
	_, err := result(C.go_conn_finish(c.conn))
	runtime.KeepAlive(c)
	return err
}

// State is the state of a connection.
type State int

const (
	Open    State = C.WS_STATE_OPEN    // messages can be sent and received
	Closing State = C.WS_STATE_CLOSING // one side has sent its close frame
	Closed  State = C.WS_STATE_CLOSED  // both sides have
	Failed  State = C.WS_STATE_FAILED  // an error was returned
)

// State returns the state.
func (c *Codec) State() State {
	state := State(C.go_conn_state(c.conn))
	runtime.KeepAlive(c)
	return state
}
