package wscodec

// #include "shim.h"
import "C"

// Side says which end of a connection this is. Its input comes from the other one.
type Side uint32

const (
	ServerSide Side = C.WS_SERVER // its input is masked
	ClientSide Side = C.WS_CLIENT // its output is masked
)

// Opcode is the kind of a frame or message.
type Opcode uint8

const (
	Continuation Opcode = C.WS_OPCODE_CONTINUATION
	Text         Opcode = C.WS_OPCODE_TEXT
	Binary       Opcode = C.WS_OPCODE_BINARY
	CloseFrame   Opcode = C.WS_OPCODE_CLOSE
	Ping         Opcode = C.WS_OPCODE_PING
	Pong         Opcode = C.WS_OPCODE_PONG
)

// The reserved bits of a frame.
const (
	RSV1 = C.WS_RSV1
	RSV2 = C.WS_RSV2
	RSV3 = C.WS_RSV3

	rsvBits = RSV1 | RSV2 | RSV3
)

// DecodeFlags change the checks of DecodeFrame and of a Decoder. Combine them with |.
type DecodeFlags uint32

const (
	AllowDeflate DecodeFlags = C.WS_DEFLATE     // RSV1 may be set on the first frame of a message
	AnyMask      DecodeFlags = C.WS_ANY_MASK    // both masked and unmasked frames are valid
	KeepMasked   DecodeFlags = C.WS_KEEP_MASKED // payloads stay as they are on the wire
	AnyRSV       DecodeFlags = C.WS_ANY_RSV     // data frames may have any reserved bits
)

// Frame is one frame.
type Frame struct {
	Opcode     Opcode
	Fin        bool
	RSV        uint8    // RSV1, RSV2, RSV3
	MaskKey    *[4]byte // nil: unmasked
	Payload    []byte
	PayloadLen uint64 // as its header announces it
	HeaderLen  int    // of a decoded frame
}

// DecodeFrame decodes the frame at the start of buf, and unmasks its payload in place. It returns
// the length of the frame, or 0 if it is incomplete. Once the header is complete, HeaderLen is not
// 0. Payload is a part of buf.
func DecodeFrame(buf []byte, side Side, flags DecodeFlags) (Frame, int, error) {
	var raw C.ws_frame
	n, err := result(C.go_frame_decode(pointer(buf), C.size_t(len(buf)),
		C.uint32_t(side)|C.uint32_t(flags), &raw))
	frame := Frame{
		Opcode:     Opcode(raw.opcode),
		Fin:        raw.flags&C.WS_FIN != 0,
		RSV:        uint8(raw.flags) & rsvBits,
		MaskKey:    maskKey(&raw),
		PayloadLen: uint64(raw.payload_len),
		HeaderLen:  int(raw.header_len),
	}
	if n > 0 {
		frame.Payload = buf[raw.header_len:n:n]
	}
	return frame, n, err
}

func maskKey(raw *C.ws_frame) *[4]byte {
	if raw.flags&C.WS_MASKED == 0 {
		return nil
	}
	key := new([4]byte)
	for i := range key {
		key[i] = byte(raw.mask_key[i])
	}
	return key
}

func (f *Frame) flags() C.uint32_t {
	flags := C.uint32_t(f.RSV)
	if f.Fin {
		flags |= C.WS_FIN
	}
	return flags
}

func (f *Frame) key() *C.uint8_t {
	if f.MaskKey == nil {
		return nil
	}
	return pointer(f.MaskKey[:])
}

// AppendFrame appends the frame to dst. Payload is not modified, and must not overlap dst.
func AppendFrame(dst []byte, f Frame) ([]byte, error) {
	dst, out := room(dst, C.WS_MAX_HEADER+len(f.Payload))
	return appended(dst, C.go_frame_encode(C.int(f.Opcode), f.flags(), f.key(),
		pointer(f.Payload), C.size_t(len(f.Payload)), pointer(out), C.size_t(len(out))))
}

// AppendFrameHeader appends the header of a frame with a payload of PayloadLen bytes to dst.
func AppendFrameHeader(dst []byte, f Frame) ([]byte, error) {
	dst, out := room(dst, C.WS_MAX_HEADER)
	return appended(dst, C.go_frame_header(C.int(f.Opcode), f.flags(), f.key(),
		C.uint64_t(f.PayloadLen), pointer(out), C.size_t(len(out))))
}
