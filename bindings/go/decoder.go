package wscodec

// #include "shim.h"
import "C"

const decoderChunks = 64

// Decoder decodes the frames of a stream, checks their headers and the order of fragments, and
// unmasks them. It does not collect messages: see Codec.
type Decoder struct {
	state  C.ws_decoder
	frames [decoderChunks]C.ws_frame
	used   C.size_t
	chunks []Chunk
}

// Chunk is a frame, or a part of one, and describes that frame. Payload is the part.
type Chunk struct {
	Frame
	MessageOpcode Opcode // of the message that the frame belongs to
	Pos           uint64 // where in the payload of the frame the part starts
	Begin, End    bool   // it begins the payload, and ends it
}

// NewDecoder returns a decoder. A frame that announces more than maxPayload bytes is an error; 0
// sets no limit.
func NewDecoder(side Side, flags DecodeFlags, maxPayload uint64) (*Decoder, error) {
	d := new(Decoder)
	_, err := result(C.ws_decoder_init(&d.state, C.uint32_t(side)|C.uint32_t(flags),
		C.uint64_t(maxPayload)))
	return d, err
}

// Feed decodes the frames in buf, and unmasks them in place. It returns how many bytes of buf were
// consumed; call it again with the rest until there is none. The chunks are parts of buf, and the
// slice is valid until the next call. Errors are final.
func (d *Decoder) Feed(buf []byte) (chunks []Chunk, used int, err error) {
	n, err := result(C.go_decoder_feed(&d.state, pointer(buf), C.size_t(len(buf)),
		&d.frames[0], decoderChunks, &d.used))
	if err != nil {
		return nil, 0, err
	}
	d.chunks = d.chunks[:0]
	for i := range d.frames[:n] {
		d.chunks = append(d.chunks, newChunk(&d.frames[i], buf))
	}
	return d.chunks, int(d.used), nil
}

func newChunk(raw *C.ws_frame, buf []byte) Chunk {
	end := raw.chunk_off + raw.chunk_len
	return Chunk{
		Frame: Frame{
			Opcode:     Opcode(raw.opcode),
			Fin:        raw.flags&C.WS_FIN != 0,
			RSV:        uint8(raw.flags) & rsvBits,
			MaskKey:    maskKey(raw),
			Payload:    buf[raw.chunk_off:end:end],
			PayloadLen: uint64(raw.payload_len),
			HeaderLen:  int(raw.header_len),
		},
		MessageOpcode: Opcode(raw.message_opcode),
		Pos:           uint64(raw.chunk_pos),
		Begin:         raw.flags&C.WS_BEGIN != 0,
		End:           raw.flags&C.WS_END != 0,
	}
}

// Finish returns nil if the stream may end here; else ErrEOF, or the error that ended the decoding.
func (d *Decoder) Finish() error {
	_, err := result(C.ws_decoder_finish(&d.state))
	return err
}
