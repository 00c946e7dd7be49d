package wscodec

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// A vector is an object of a file in tests/vectors, whose README.md describes them.
type vector struct {
	members map[string]json.RawMessage
	parts   map[string]json.RawMessage
}

var vectorsPassed int

func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		fmt.Printf("go: %d vectors passed\n", vectorsPassed)
	}
	os.Exit(code)
}

// eachVector tests every vector of a file, and counts those that pass.
func eachVector(t *testing.T, kind string, test func(*testing.T, vector)) {
	t.Helper()
	for _, v := range load(t, kind) {
		if t.Run(v.text("name"), func(t *testing.T) { test(t, v) }) {
			vectorsPassed++
		}
	}
}

func load(t *testing.T, kind string) []vector {
	t.Helper()
	data, err := os.ReadFile("../../tests/vectors/" + kind + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Parts   map[string]json.RawMessage
		Vectors []map[string]json.RawMessage
	}
	decode(data, &file)
	vectors := make([]vector, len(file.Vectors))
	for i, members := range file.Vectors {
		vectors[i] = vector{members, file.Parts}
	}
	return vectors
}

func decode(data []byte, to any) {
	if err := json.Unmarshal(data, to); err != nil {
		panic(err)
	}
}

// has reports whether a member is present and not null.
func (v vector) has(name string) bool {
	data, present := v.members[name]
	return present && string(data) != "null"
}

func (v vector) get(name string, to any) {
	if v.has(name) {
		decode(v.members[name], to)
	}
}

func (v vector) text(name string) (value string)   { v.get(name, &value); return }
func (v vector) number(name string) (value uint64) { v.get(name, &value); return }
func (v vector) is(name string) (value bool)       { v.get(name, &value); return }

func (v vector) numberOr(name string, otherwise uint64) uint64 {
	v.get(name, &otherwise)
	return otherwise
}

// member returns an object, which is empty if it is absent.
func (v vector) member(name string) vector {
	member := vector{parts: v.parts}
	v.get(name, &member.members)
	return member
}

func (v vector) list(name string) []vector {
	var values []map[string]json.RawMessage
	v.get(name, &values)
	list := make([]vector, len(values))
	for i, members := range values {
		list[i] = vector{members, v.parts}
	}
	return list
}

// bytes returns nil if a member is absent.
func (v vector) bytes(name string) []byte {
	if !v.has(name) {
		return nil
	}
	return v.bytesOf(v.members[name])
}

func (v vector) listOfBytes(name string) [][]byte {
	var values []json.RawMessage
	v.get(name, &values)
	list := make([][]byte, len(values))
	for i, value := range values {
		list[i] = v.bytesOf(value)
	}
	return list
}

func (v vector) bytesOf(data json.RawMessage) []byte {
	bytes := []byte{}
	switch data[0] {
	case '"':
		var text string
		decode(data, &text)
		return []byte(text)
	case '[':
		var list []json.RawMessage
		decode(data, &list)
		for _, value := range list {
			bytes = append(bytes, v.bytesOf(value)...)
		}
		return bytes
	}
	var object struct {
		Hex, Part string
		Repeat    json.RawMessage
		Times     int
	}
	decode(data, &object)
	switch {
	case object.Part != "":
		return v.bytesOf(v.parts[object.Part])
	case object.Repeat != nil:
		return []byte(strings.Repeat(string(v.bytesOf(object.Repeat)), object.Times))
	}
	return unhex(object.Hex)
}

func unhex(digits string) []byte {
	bytes, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		panic(err)
	}
	return bytes
}

func (v vector) side() Side {
	if v.text("role") == "client" {
		return ClientSide
	}
	return ServerSide
}

func (v vector) rsv() (bits uint8) {
	for i, bit := range []uint8{RSV1, RSV2, RSV3} {
		if v.is(fmt.Sprintf("rsv%d", i+1)) {
			bits |= bit
		}
	}
	return bits
}

// maskKey returns nil if there is none.
func (v vector) maskKey() *[4]byte {
	if !v.has("mask_key") {
		return nil
	}
	key := new([4]byte)
	copy(key[:], unhex(v.text("mask_key")))
	return key
}

func (v vector) decodeFlags() DecodeFlags {
	var flags DecodeFlags
	options := v.member("options")
	for name, flag := range map[string]DecodeFlags{"deflate": AllowDeflate, "any_mask": AnyMask,
		"any_rsv": AnyRSV, "keep_masked": KeepMasked} {
		if options.is(name) {
			flags |= flag
		}
	}
	return flags
}

// deflate returns parameters as the library returns them; nil for null.
func (v vector) deflate(name string) *Deflate {
	if string(v.members[name]) == "null" {
		return nil
	}
	these := v.member(name)
	return &Deflate{
		ServerNoContextTakeover: these.is("server_no_context_takeover"),
		ClientNoContextTakeover: these.is("client_no_context_takeover"),
		ServerMaxWindowBits:     int(these.numberOr("server_max_window_bits", 15)),
		ClientMaxWindowBits:     int(these.numberOr("client_max_window_bits", 15)),
		Level:                   6,
		MemLevel:                8,
	}
}

// expect checks the name of an error; empty: there is none.
func expect(t *testing.T, name string, err error) {
	t.Helper()
	if got := errorName(err); got != name {
		t.Fatalf("error %q, expected %q", got, name)
	}
}

func errorName(err error) string {
	switch err := err.(type) {
	case nil:
		return ""
	case Error:
		return err.Name()
	default:
		return err.Error()
	}
}

func equal(t *testing.T, what string, got, expected any) {
	t.Helper()
	if a, b := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", expected); a != b {
		t.Fatalf("%s: %.300s, expected %.300s", what, a, b)
	}
}

// cuts calls test with an input whole, in two parts cut at each place, and byte by byte. Long
// inputs are cut near their ends. Each call gets its own copy, since payloads are unmasked in
// place.
func cuts(input []byte, test func(pieces [][]byte)) {
	const long = 500
	fresh := func() []byte { return append([]byte{}, input...) }
	test([][]byte{fresh()})
	for at := 1; at < len(input); at++ {
		if at < long || at > len(input)-3 {
			data := fresh()
			test([][]byte{data[:at:at], data[at:]})
		}
	}
	data, single := fresh(), [][]byte{}
	for len(data) > 0 && len(single) < long {
		single, data = append(single, data[:1:1]), data[1:]
	}
	test(append(single, data))
}

// prefixes calls test with the lengths of prefixes: all, of long inputs those near the start, the
// end and a place of interest.
func prefixes(length, near int, test func(n int)) {
	for n := 0; n <= length; n++ {
		if n < 300 || n > length-3 || n > near-3 && n < near+3 {
			test(n)
		}
	}
}
