package wscodec

// #include "shim.h"
import "C"

// Deflate are the parameters of permessage-deflate (RFC 7692, 7.1). Zeros are the defaults.
type Deflate struct {
	ServerNoContextTakeover bool // the server compresses each message independently
	ClientNoContextTakeover bool // the client compresses each message independently
	ServerMaxWindowBits     int  // 8 to 15; 0 means 15
	ClientMaxWindowBits     int  // 8 to 15; 0 means 15
	Level                   int  // not negotiated: 1 to 9; 0 means 6
	MemLevel                int  // not negotiated: 1 to 9; 0 means 8
}

func bit(set bool) C.uint8_t {
	if set {
		return 1
	}
	return 0
}

// small returns a value that the library judges; one that has no byte is invalid there, too.
func small(value int) C.uint8_t {
	if value < 0 || value > 255 {
		return 255
	}
	return C.uint8_t(value)
}

// params returns nil for nil.
func (d *Deflate) params() *C.ws_pmd_params {
	if d == nil {
		return nil
	}
	return &C.ws_pmd_params{
		server_no_context_takeover: bit(d.ServerNoContextTakeover),
		client_no_context_takeover: bit(d.ClientNoContextTakeover),
		server_max_window_bits:     small(d.ServerMaxWindowBits),
		client_max_window_bits:     small(d.ClientMaxWindowBits),
		level:                      small(d.Level),
		mem_level:                  small(d.MemLevel),
	}
}

func deflateOf(params *C.ws_pmd_params) *Deflate {
	return &Deflate{
		ServerNoContextTakeover: params.server_no_context_takeover != 0,
		ClientNoContextTakeover: params.client_no_context_takeover != 0,
		ServerMaxWindowBits:     int(params.server_max_window_bits),
		ClientMaxWindowBits:     int(params.client_max_window_bits),
		Level:                   int(params.level),
		MemLevel:                int(params.mem_level),
	}
}
