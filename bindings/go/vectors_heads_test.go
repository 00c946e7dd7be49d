package wscodec

import (
	"fmt"
	"strings"
	"testing"
)

// checkPrefixes checks that a head is incomplete before the byte that completes it or proves its
// error.
func checkPrefixes(t *testing.T, v vector, head []byte, parse func([]byte) (int, error)) {
	t.Helper()
	at := int(v.numberOr("error_at", uint64(len(head)-1)))
	prefixes(len(head), at, func(n int) {
		length, err := parse(head[:n])
		if n <= at {
			expect(t, "", err)
			equal(t, "length of an incomplete head", length, 0)
		} else {
			expect(t, v.text("error"), err)
		}
	})
}

// checkFields compares the fields that a vector names; an absent one is empty.
func checkFields(t *testing.T, v vector, got map[string]string) {
	t.Helper()
	fields := v.member("fields")
	for name, value := range got {
		if _, named := fields.members[name]; named {
			equal(t, name, value, string(fields.bytes(name)))
		}
	}
}

func TestRequests(t *testing.T) {
	eachVector(t, "requests", func(t *testing.T, v vector) {
		head := v.bytes("request")
		checkPrefixes(t, v, head, func(prefix []byte) (int, error) {
			_, n, err := ParseRequest(prefix)
			return n, err
		})
		request, n, err := ParseRequest(head)
		if err != nil && err != ErrNotUpgrade {
			return
		}
		equal(t, "length", n, len(head))
		checkFields(t, v, map[string]string{
			"method": request.Method, "target": request.Target, "host": request.Host,
			"origin": request.Origin, "key": request.Key,
		})
		version := v.member("fields").numberOr("http_version", uint64(request.HTTPVersion))
		equal(t, "version", uint64(request.HTTPVersion), version)
	})
}

func TestResponses(t *testing.T) {
	eachVector(t, "responses", func(t *testing.T, v vector) {
		head := v.bytes("response")
		checkPrefixes(t, v, head, func(prefix []byte) (int, error) {
			_, n, err := ParseResponse(prefix, v.bytes("request"))
			return n, err
		})
		response, n, err := ParseResponse(head, v.bytes("request"))
		if err != nil && err != ErrHandshakeStatus {
			return
		}
		equal(t, "length", n, len(head))
		checkFields(t, v, map[string]string{
			"protocol": response.Protocol, "extensions": response.Extensions,
			"reason": response.Reason,
		})
		fields := v.member("fields")
		expected := []uint64{
			fields.numberOr("status", uint64(response.Status)),
			fields.numberOr("http_version", uint64(response.HTTPVersion)),
		}
		equal(t, "numbers", []uint64{uint64(response.Status), uint64(response.HTTPVersion)}, expected)
	})
}

func (v vector) server() *Server {
	policy := v.member("policy")
	server := &Server{NeedProtocol: policy.is("need_protocol")}
	if policy.has("origins") {
		server.Origins = strings.Split(policy.text("origins"), " ")
	}
	if policy.has("protocols") {
		server.Protocols = strings.Split(policy.text("protocols"), ", ")
	}
	return server
}

func TestPolicies(t *testing.T) {
	eachVector(t, "policies", func(t *testing.T, v vector) {
		accepted, err := v.server().AcceptRequest(v.bytes("request"))
		expect(t, "", err)
		expect(t, v.text("error"), accepted.Err)
		equal(t, "protocol", accepted.Protocol, v.text("protocol"))
		if v.has("status") {
			start := fmt.Sprintf("HTTP/1.1 %d ", v.number("status"))
			equal(t, "response", string(accepted.Response[:len(start)]), start)
		} else {
			accepted.Codec.Free()
		}
	})
}

const (
	plainRequest = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
	plainResponse = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
)

func extensionFields(values [][]byte) string {
	var lines strings.Builder
	for _, value := range values {
		fmt.Fprintf(&lines, "Sec-WebSocket-Extensions: %s\r\n", value)
	}
	return lines.String()
}

func TestDeflateAccept(t *testing.T) {
	eachVector(t, "deflate_accept", func(t *testing.T, v vector) {
		server := Server{Deflate: v.deflate("willing")}
		request := plainRequest + extensionFields(v.listOfBytes("offers")) + "\r\n"
		accepted, err := server.AcceptRequest([]byte(request))
		expect(t, "", err)
		expect(t, v.text("error"), accepted.Err)
		if v.has("error") {
			return
		}
		defer accepted.Codec.Free()
		response := plainResponse
		if v.has("response") {
			response += extensionFields([][]byte{v.bytes("response")})
			equalDeflate(t, accepted.Codec.Deflate(), v.deflate("agreed"))
		} else {
			equalDeflate(t, accepted.Codec.Deflate(), nil)
		}
		equal(t, "response", string(accepted.Response), response+"\r\n")
	})
}

func TestDeflateOffer(t *testing.T) {
	eachVector(t, "deflate_offer", func(t *testing.T, v vector) {
		client := Client{Deflate: v.deflate("offered")}
		request, err := client.Request("a", "/")
		expect(t, "", err)
		header, err := ParseHeader(request)
		expect(t, "", err)
		equal(t, "offer", header.Get("Sec-WebSocket-Extensions"), v.text("offer"))
	})
}

func TestDeflateConfirm(t *testing.T) {
	eachVector(t, "deflate_confirm", func(t *testing.T, v vector) {
		client := Client{Deflate: v.deflate("offered")}
		offer, err := client.offer()
		expect(t, "", err)
		// The vectors may confirm the extensions a, b and c, too.
		request := plainRequest + extensionFields([][]byte{[]byte(offer), []byte("a, b, c")}) + "\r\n"
		response := plainResponse + extensionFields(v.listOfBytes("responses")) + "\r\n"
		confirmed, err := client.ConfirmResponse([]byte(response), []byte(request))
		expect(t, v.text("error"), err)
		if err != nil {
			return
		}
		defer confirmed.Codec.Free()
		equalDeflate(t, confirmed.Codec.Deflate(), v.deflate("agreed"))
	})
}

// equalDeflate compares parameters; nil: no compression.
func equalDeflate(t *testing.T, got, expected *Deflate) {
	t.Helper()
	equal(t, "agreed", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", expected))
}
