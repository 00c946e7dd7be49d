package wscodec

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
)

// cgo reads the types of wscodec.h; which of its constants this package knows, it cannot.
func TestEveryErrorHasAConstant(t *testing.T) {
	source := string(must(os.ReadFile("errors.go")))
	for _, name := range constants("WS_ERR_") {
		if !strings.Contains(source, "C."+name+"\n") {
			t.Error(name)
		}
	}
}

func TestEveryOptionAndCloseCodeHasAConstant(t *testing.T) {
	source := string(must(os.ReadFile("options.go"))) + string(must(os.ReadFile("text.go")))
	for _, prefix := range []string{"WS_OPT_", "WS_INFO_", "WS_CLOSE_"} {
		for _, name := range constants(prefix) {
			if !strings.Contains(source, "C."+name) {
				t.Error(name)
			}
		}
	}
}

// constants returns the names in wscodec.json that start with the prefix.
func constants(prefix string) (names []string) {
	var file struct {
		Constants []struct{ Name string }
	}
	if err := json.Unmarshal(must(os.ReadFile("../../include/wscodec.json")), &file); err != nil {
		panic(err)
	}
	for _, constant := range file.Constants {
		if strings.HasPrefix(constant.Name, prefix) {
			names = append(names, constant.Name)
		}
	}
	if len(names) == 0 {
		panic("no constants " + prefix)
	}
	return names
}

func TestErrorsKnowTheirCodes(t *testing.T) {
	equal(t, "name", ErrUTF8.Name(), "WS_ERR_UTF8")
	equal(t, "close code", ErrUTF8.CloseCode(), CloseInvalidData)
	equal(t, "status", ErrHandshakeOrigin.HTTPStatus(), 403)
	equal(t, "text", ErrUTF8.Error(), "wscodec: the text is not UTF-8")
}

func TestAnInvalidArgumentIsNamed(t *testing.T) {
	servers := map[string]Server{
		"Protocols":    {Protocols: []string{"a b"}},
		"Origins":      {Origins: []string{"*"}},
		"Header":       {Header: map[string][]string{"Upgrade": {"x"}}},
		"Deflate":      {Deflate: &Deflate{Level: 300}},
		"NeedProtocol": {NeedProtocol: true},
	}
	for name, server := range servers {
		_, err := server.AcceptRequest(nil)
		if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := NewCodec(ServerSide, nil, Options{Stream: 2})
	if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "value 2") {
		t.Error(err)
	}
	if _, err := NewCodec(7, nil, nil); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
	if _, err := NewDecoder(ServerSide, 1<<30, 0); !errors.Is(err, ErrInvalidArgument) {
		t.Error(err)
	}
}

// A message in two fragments is collected in C memory.
func TestACollectedMessageOutlivesItsCodec(t *testing.T) {
	c := must(NewCodec(ClientSide, nil, nil))
	events, _, err := c.Receive([]byte("\x01\x03Hel\x80\x02lo"))
	expect(t, "", err)
	c.Receive(nil)
	c.Free()
	equal(t, "message", string(events[0].Data), "Hello")
}

func TestACodecThatWasFreedFails(t *testing.T) {
	c := must(NewCodec(ServerSide, nil, nil))
	c.Free()
	c.Free()
	if _, _, err := c.Receive([]byte("\x81")); err != ErrInvalidArgument {
		t.Error(err)
	}
	if _, err := c.AppendMessage(nil, Text, nil, 0); err != ErrInvalidArgument {
		t.Error(err)
	}
	equal(t, "state", c.State(), Failed)
}

func TestABufferInsideAStructWithPointersIsAccepted(t *testing.T) {
	var holder struct {
		pointer *int
		buf     [7]byte
	}
	holder.pointer = new(int)
	copy(holder.buf[:], "\x81\x05Hello")
	c := must(NewCodec(ClientSide, nil, nil))
	defer c.Free()
	events, _, err := c.Receive(holder.buf[:])
	expect(t, "", err)
	equal(t, "message", string(events[0].Data), "Hello")
}

func TestAnEchoAllocatesNothing(t *testing.T) {
	c := must(NewCodec(ClientSide, nil, nil))
	defer c.Free()
	input, out := []byte("\x81\x05Hello"), make([]byte, 0, 1000)
	allocations := testing.AllocsPerRun(100, func() {
		events, _, _ := c.Receive(input)
		out, _ = c.AppendMessage(out[:0], events[0].Opcode, events[0].Data, 0)
	})
	equal(t, "allocations", allocations, 0.0)
}

func BenchmarkEcho(b *testing.B) {
	c := must(NewCodec(ServerSide, nil, nil))
	defer c.Free()
	frame := must(AppendFrame(nil, Frame{Opcode: Binary, Fin: true, MaskKey: &[4]byte{},
		Payload: make([]byte, 20)}))
	var out []byte
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		events, _, _ := c.Receive(frame)
		out, _ = c.AppendMessage(out[:0], events[0].Opcode, events[0].Data, 0)
	}
}
