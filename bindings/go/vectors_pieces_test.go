package wscodec

import "testing"

func TestAcceptKeys(t *testing.T) {
	eachVector(t, "accept_keys", func(t *testing.T, v vector) {
		accept, err := AcceptKey(string(v.bytes("key")))
		expect(t, v.text("error"), err)
		equal(t, "accept", accept, string(v.bytes("accept")))
	})
}

func TestClosePayloads(t *testing.T) {
	eachVector(t, "close_payloads", func(t *testing.T, v vector) {
		code := CloseCode(v.number("code"))
		reason := string(v.bytes("reason"))
		if v.has("payload") {
			gotCode, gotReason, err := ParseClosePayload(v.bytes("payload"))
			expect(t, v.text("error"), err)
			equal(t, "code", gotCode, code)
			equal(t, "reason", gotReason, reason)
		}
		if v.has("code") {
			payload, err := ClosePayload(code, reason)
			expect(t, v.text("error"), err)
			equal(t, "payload", string(payload), string(v.bytes("payload")))
		}
	})
}

func TestUTF8(t *testing.T) {
	eachVector(t, "utf8", func(t *testing.T, v vector) {
		text := v.bytes("text")
		for cut := 0; cut <= len(text); cut++ {
			var validator UTF8Validator
			_, err := validator.Write(text[:cut])
			if v.has("error") && cut > int(v.number("error_at")) {
				expect(t, v.text("error"), err)
			} else {
				expect(t, "", err)
			}
			_, err = validator.Write(text[cut:])
			expect(t, v.text("error"), err)
			equal(t, "complete", validator.Complete(), !v.has("error") && !v.is("incomplete"))
		}
	})
}

// frame returns a frame with the members of a vector.
func (v vector) frame() Frame {
	return Frame{
		Opcode:  Opcode(v.number("opcode")),
		Fin:     v.is("fin"),
		RSV:     v.rsv(),
		MaskKey: v.maskKey(),
		Payload: v.bytes("payload"),
	}
}

func TestFrames(t *testing.T) {
	eachVector(t, "frames", func(t *testing.T, v vector) {
		wire := v.bytes("wire")
		at := int(v.numberOr("error_at", uint64(len(wire)-1)))
		prefixes(len(wire), at, func(n int) {
			buf := append([]byte{}, wire[:n]...)
			frame, used, err := DecodeFrame(buf, v.side(), v.decodeFlags())
			switch {
			case n <= at:
				expect(t, "", err)
				equal(t, "length", used, 0)
			case v.has("error"):
				expect(t, v.text("error"), err)
			default:
				expect(t, "", err)
				equal(t, "length", used, n)
				checkFrame(t, v, frame)
			}
		})
	})
}

// checkFrame checks a decoded frame, and that it is encoded as it was on the wire.
func checkFrame(t *testing.T, v vector, frame Frame) {
	t.Helper()
	expected := v.member("frame").frame()
	expected.PayloadLen = uint64(len(expected.Payload))
	expected.HeaderLen = len(v.bytes("wire")) - len(expected.Payload)
	equal(t, "mask key", key(frame), key(expected))
	frame.MaskKey, expected.MaskKey = nil, nil
	equal(t, "frame", frame, expected)
	if v.decodeFlags()&KeepMasked != 0 {
		return
	}
	wire, err := AppendFrame([]byte("before"), v.member("frame").frame())
	expect(t, "", err)
	equal(t, "encoded", string(wire), "before"+string(v.bytes("wire")))
}

func key(f Frame) string {
	if f.MaskKey == nil {
		return "none"
	}
	return string(f.MaskKey[:])
}

func TestFrameHeaders(t *testing.T) {
	eachVector(t, "frame_headers", func(t *testing.T, v vector) {
		header := v.bytes("header")
		var length uint64
		decode([]byte(v.text("payload_length")), &length)
		frame := v.frame()
		frame.PayloadLen = length
		encoded, err := AppendFrameHeader(nil, frame)
		expect(t, "", err)
		equal(t, "header", encoded, header)
		for n := 0; n < len(header); n++ {
			decoded, used, err := DecodeFrame(append([]byte{}, header[:n]...), v.side(), 0)
			expect(t, "", err)
			equal(t, "incomplete", []int{used, decoded.HeaderLen}, []int{0, 0})
		}
		decoded, _, err := DecodeFrame(append([]byte{}, header...), v.side(), 0)
		expect(t, "", err)
		equal(t, "mask key", key(decoded), key(frame))
		got := []any{decoded.Opcode, decoded.Fin, decoded.PayloadLen, decoded.HeaderLen}
		equal(t, "decoded", got, []any{frame.Opcode, frame.Fin, length, len(header)})
	})
}
