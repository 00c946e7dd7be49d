package wscodec

// #include "shim.h"
import "C"

import (
	"fmt"
	"unsafe"
)

// pointer returns the address of the first byte for the duration of a call; nil without bytes.
func pointer(b []byte) *C.uint8_t {
	if len(b) == 0 {
		return nil
	}
	return (*C.uint8_t)(unsafe.Pointer(&b[0]))
}

// room returns the unused capacity of a slice, at least n bytes, and the slice with that capacity.
func room(dst []byte, n int) (grown, unused []byte) {
	if cap(dst)-len(dst) < n {
		bigger := make([]byte, len(dst), 2*cap(dst)+n)
		copy(bigger, dst)
		dst = bigger
	}
	return dst, dst[len(dst):cap(dst)]
}

// appended returns dst with the n bytes that were written after its end, or dst and the error.
func appended(dst []byte, n C.ws_result) ([]byte, error) {
	if n < 0 {
		return dst, Error(n)
	}
	return dst[:len(dst)+int(n)], nil
}

// A pack holds several values in one buffer, so that C gets one pointer to Go memory.
type pack struct {
	bytes  []byte
	pieces []C.go_piece
}

func (p *pack) add(value string) {
	p.pieces = append(p.pieces, C.go_piece{off: C.ptrdiff_t(len(p.bytes)), len: C.size_t(len(value))})
	p.bytes = append(p.bytes, value...)
}

// addIf adds an absent value if present is false.
func (p *pack) addIf(present bool, value string) {
	if present {
		p.add(value)
	} else {
		p.pieces = append(p.pieces, C.go_piece{off: -1})
	}
}

// base returns the buffer, which is not nil even if all values are empty.
func (p *pack) base() *C.uint8_t {
	return pointer(append(p.bytes, 0))
}

func text(buf []byte, span C.ws_span) string {
	return string(buf[span.off : span.off+span.len])
}

// The library may be newer than the header that this package was compiled with, not older.
func init() {
	frozen := map[C.int]uintptr{
		C.WS_TYPE_FRAME:      C.sizeof_ws_frame,
		C.WS_TYPE_DECODER:    C.sizeof_ws_decoder,
		C.WS_TYPE_PMD_PARAMS: C.sizeof_ws_pmd_params,
		C.WS_TYPE_EVENT:      C.sizeof_ws_event,
	}
	for number, size := range frozen {
		if uintptr(C.ws_sizeof(number)) != size {
			panic(fmt.Sprintf("wscodec: version %s of the library has another ABI", Version()))
		}
	}
}

// Version returns the version of the library, such as "0.1.0".
func Version() string { return C.GoString(C.ws_version_string()) }
