package wscodec

import (
	"fmt"
	"strings"
	"testing"
)

// describe writes what a vector and the package say of a frame or an event in one form.
func describe(opcode Opcode, payload []byte, more ...any) string {
	return fmt.Sprintf("opcode %d, %d bytes %.60x, %v", opcode, len(payload), payload, more)
}

// The decoder

type decodedFrame struct {
	chunk   Chunk
	payload []byte
	ended   bool
}

func (f *decodedFrame) String() string {
	length, message := "whole", Opcode(0)
	if !f.ended {
		length = fmt.Sprint(f.chunk.PayloadLen)
	}
	if f.chunk.Opcode == Continuation {
		message = f.chunk.MessageOpcode
	}
	return describe(f.chunk.Opcode, f.payload, f.chunk.Fin, f.chunk.RSV,
		key(f.chunk.Frame), length, message)
}

func (v vector) describeFrame() string {
	frame, length := v.frame(), "whole"
	if v.has("payload_length") {
		length = v.text("payload_length")
	}
	return describe(frame.Opcode, frame.Payload, frame.Fin, frame.RSV, key(frame), length,
		Opcode(v.number("message_opcode")))
}

func feed(t *testing.T, d *Decoder, pieces [][]byte) (frames []*decodedFrame, err error) {
	t.Helper()
	for _, piece := range pieces {
		for len(piece) > 0 {
			chunks, used, err := d.Feed(piece)
			if err != nil {
				return frames, err
			}
			for _, chunk := range chunks {
				if chunk.Begin {
					frames = append(frames, &decodedFrame{chunk: chunk})
				}
				frame := frames[len(frames)-1]
				frame.payload = append(frame.payload, chunk.Payload...)
				frame.ended = chunk.End
			}
			piece = piece[used:]
		}
	}
	return frames, nil
}

func (v vector) decoder(t *testing.T) *Decoder {
	t.Helper()
	d, err := NewDecoder(v.side(), v.decodeFlags(), v.member("options").number("max_payload"))
	expect(t, "", err)
	return d
}

func TestDecoderStreams(t *testing.T) {
	eachVector(t, "decoder_streams", func(t *testing.T, v vector) {
		expected := []string{}
		for _, frame := range v.list("frames") {
			expected = append(expected, frame.describeFrame())
		}
		cuts(v.bytes("input"), func(pieces [][]byte) {
			d := v.decoder(t)
			frames, err := feed(t, d, pieces)
			expect(t, v.text("error"), err)
			got := []string{}
			for _, frame := range frames {
				got = append(got, frame.String())
			}
			equal(t, "frames", got, expected)
			expect(t, v.text("error")+v.text("end"), d.Finish())
		})
		if v.has("error") {
			input, at := v.bytes("input"), v.number("error_at")
			d := v.decoder(t)
			_, err := feed(t, d, [][]byte{input[:at:at]})
			expect(t, "", err)
			_, err = feed(t, d, [][]byte{input[at : at+1]})
			expect(t, v.text("error"), err)
		}
	})
}

// The connection

var optionNames = map[string]Option{
	"max_message": MaxMessage, "stream": Stream, "auto_pong": AutoPong, "auto_close": AutoClose,
	"check_utf8": CheckUTF8, "keep_buffer": KeepBuffer, "max_frame": MaxFrame,
	"any_mask": EitherMask, "allow_rsv": AllowRSV, "compress_from": CompressFrom,
}

func (v vector) codec(t *testing.T) *Codec {
	t.Helper()
	options := Options{}
	for name := range v.member("options").members {
		option, known := optionNames[name]
		if !known {
			t.Fatalf("unknown option %q", name)
		}
		options[option] = v.member("options").number(name)
	}
	var deflate *Deflate
	if v.has("parameters") {
		deflate = v.deflate("parameters")
	}
	c, err := NewCodec(v.side(), deflate, options)
	expect(t, "", err)
	return c
}

// receivedEvent is a control frame or a message, whose parts are joined.
type receivedEvent struct {
	Event
	data []byte
}

// receive reads the pieces until an error. It returns what the connection sends of its own accord.
func receive(
	t *testing.T, c *Codec, pieces [][]byte,
) (events []*receivedEvent, sent []byte, err error) {
	t.Helper()
	var message *receivedEvent
	for _, piece := range pieces {
		for len(piece) > 0 && err == nil {
			var received []Event
			var used int
			received, used, err = c.Receive(piece)
			for _, event := range received {
				if event.Opcode > Binary || event.First {
					message = &receivedEvent{Event: event}
					events = append(events, message)
				} else {
					message = lastMessage(events)
				}
				message.data = append(message.data, event.Data...)
				message.Last = event.Last
			}
			var outErr error
			sent, outErr = c.AppendOutput(sent)
			expect(t, "", outErr)
			piece = piece[used:]
		}
	}
	return events, sent, err
}

func lastMessage(events []*receivedEvent) *receivedEvent {
	for i := len(events) - 1; ; i-- {
		if events[i].Opcode <= Binary {
			return events[i]
		}
	}
}

// unmasked returns the frames that were sent, as vectors describe them.
func unmasked(t *testing.T, sent []byte, side Side) []string {
	t.Helper()
	frames := []string{}
	for len(sent) > 0 {
		frame, n, err := DecodeFrame(sent, 1-side, 0)
		expect(t, "", err)
		equal(t, "masked", frame.MaskKey != nil, side == ClientSide)
		frames = append(frames, describe(frame.Opcode, frame.Payload))
		sent = sent[n:]
	}
	return frames
}

func TestConnectionStreams(t *testing.T) {
	eachVector(t, "connection_streams", func(t *testing.T, v vector) {
		events, output := []string{}, []string{}
		for _, e := range v.list("events") {
			last := !e.has("last")
			events = append(events, describe(Opcode(e.number("opcode")), e.bytes("payload"),
				e.number("close_code"), last, e.rsv()))
		}
		for _, e := range v.list("output") {
			output = append(output, describe(Opcode(e.number("opcode")), e.bytes("payload")))
		}
		cuts(v.bytes("input"), func(pieces [][]byte) {
			c := v.codec(t)
			defer c.Free()
			received, sent, err := receive(t, c, pieces)
			expect(t, v.text("error"), err)
			got := []string{}
			for _, e := range received {
				got = append(got, describe(e.Opcode, e.data, e.CloseCode, e.Last, e.RSV))
			}
			equal(t, "events", strings.Join(got, "\n"), strings.Join(events, "\n"))
			equal(t, "output", unmasked(t, sent, v.side()), output)
			expect(t, v.text("error")+v.text("end"), c.Finish())
		})
		if v.has("error_at") {
			input, at := v.bytes("input"), v.number("error_at")
			c := v.codec(t)
			defer c.Free()
			_, _, err := receive(t, c, [][]byte{input[:at:at]})
			expect(t, "", err)
			_, _, err = receive(t, c, [][]byte{input[at : at+1]})
			expect(t, v.text("error"), err)
		}
	})
}

// compressedFrames returns the frames of a compressed binary message.
func compressedFrames(t *testing.T, side Side, payloads [][]byte) (wire []byte) {
	t.Helper()
	for i, payload := range payloads {
		frame := Frame{Fin: i == len(payloads)-1, Payload: payload}
		if i == 0 {
			frame.Opcode, frame.RSV = Binary, RSV1
		}
		if side == ServerSide {
			frame.MaskKey = &[4]byte{1, 2, 3, 4}
		}
		var err error
		wire, err = AppendFrame(wire, frame)
		expect(t, "", err)
	}
	return wire
}

func TestDeflateMessages(t *testing.T) {
	eachVector(t, "deflate_messages", func(t *testing.T, v vector) {
		for _, step := range []int{1, 2, 3, 1 << 20} {
			c, err := NewCodec(v.side(), v.deflate("parameters"), nil)
			expect(t, "", err)
			defer c.Free()
			for _, message := range v.list("messages") {
				wire := compressedFrames(t, v.side(), message.listOfBytes("payloads"))
				var pieces [][]byte
				for len(wire) > step {
					pieces, wire = append(pieces, wire[:step:step]), wire[step:]
				}
				events, _, err := receive(t, c, append(pieces, wire))
				expect(t, message.text("error"), err)
				if err == nil {
					equal(t, "messages", len(events), 1)
					equal(t, "message", string(events[0].data), string(message.bytes("message")))
				}
			}
		}
	})
}
