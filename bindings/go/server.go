package wscodec

// #include "shim.h"
import "C"

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
	"unsafe"
)

// DefaultHandshakeTimeout is the time that a peer has for the opening handshake.
const DefaultHandshakeTimeout = 10 * time.Second

// Server says which clients a server accepts, and how. The zero value accepts all. It may be used
// by many goroutines at once, as long as none changes it.
type Server struct {
	Protocols        []string      // supported subprotocols, most preferred first
	NeedProtocol     bool          // reject clients that offer none of them
	Origins          []string      // accept only pages of these; nil: of every origin
	Header           http.Header   // additional fields of the response
	Deflate          *Deflate      // the compression that is used if a client offers it; nil: none
	Options          Options       // of each connection
	HandshakeTimeout time.Duration // 0: DefaultHandshakeTimeout
	CloseTimeout     time.Duration // of Conn.Close; 0: DefaultCloseTimeout

	// Check, unless it is nil, is called by Accept and Upgrade with a request that is valid. Its
	// error rejects the request with the status 403, or with that of an Error. The client gets the
	// text.
	Check func(*http.Request) error
}

// Accepted is the outcome of a request.
type Accepted struct {
	Codec    *Codec // the connection; nil if the request was rejected
	Err      error  // why it was rejected
	Response []byte // what to send in either case; nil while the request is incomplete
	HeadLen  int    // where in the buffer the first frames start
	Protocol string // the subprotocol that was chosen
}

// AcceptRequest answers the request at the start of buf, which may hold more. An error means that
// the Server is invalid, or that there is no memory.
func (s *Server) AcceptRequest(buf []byte) (Accepted, error) {
	raw, out, err := s.accept(buf)
	if err != nil {
		return Accepted{}, s.explain(err)
	}
	if len(out) == 0 {
		return Accepted{}, nil
	}
	accepted := Accepted{
		Response: out,
		HeadLen:  int(raw.head_len),
		Protocol: text([]byte(s.protocols()), raw.protocol),
	}
	if raw.conn == nil {
		accepted.Err = Error(raw.error)
		return accepted, nil
	}
	accepted.Codec, err = newCodec(C.go_conn(uintptr(unsafe.Pointer(raw.conn))), s.Options)
	return accepted, err
}

func (s *Server) protocols() string { return strings.Join(s.Protocols, ", ") }

// accept also returns the response; nothing while the request is incomplete.
func (s *Server) accept(buf []byte) (raw C.ws_accepted, out []byte, err error) {
	var spec pack
	spec.add(s.protocols())
	spec.add(lines(s.Header))
	spec.addIf(s.Origins != nil, strings.Join(s.Origins, " "))
	var flags C.uint32_t
	if s.NeedProtocol {
		flags = C.WS_ACCEPT_NEED_PROTOCOL
	}
	out = make([]byte, C.WS_MAX_REPLY+len(spec.bytes))
	n, err := result(C.go_conn_accept(pointer(buf), C.size_t(len(buf)), spec.base(), &spec.pieces[0],
		s.Deflate.params(), flags, &raw, pointer(out), C.size_t(len(out))))
	return raw, out[:n], err
}

// explain names the field that is the reason for ErrInvalidArgument.
func (s *Server) explain(err error) error {
	if !errors.Is(err, ErrInvalidArgument) {
		return err
	}
	parts := []struct {
		name string
		part Server
	}{
		{"Protocols", Server{Protocols: s.Protocols}},
		{"Origins", Server{Origins: s.Origins}},
		{"Header", Server{Header: s.Header}},
		{"Deflate", Server{Deflate: s.Deflate}},
	}
	for _, p := range parts {
		if _, _, partErr := p.part.accept(nil); partErr != nil {
			return fmt.Errorf("Server.%s: %w", p.name, err)
		}
	}
	if s.NeedProtocol && len(s.Protocols) == 0 {
		return fmt.Errorf("Server.NeedProtocol without Protocols: %w", err)
	}
	return err
}

// Accept does the opening handshake on a connection that a net.Listener has accepted. After an
// error the connection is closed.
func (s *Server) Accept(conn net.Conn) (*Conn, error) {
	conn.SetDeadline(time.Now().Add(s.handshakeTimeout()))
	accepted, buf, err := s.readRequest(conn)
	var request *http.Request
	if err == nil && accepted.Err == nil {
		request, err = s.admit(&accepted, conn, buf)
	}
	if err == nil {
		_, err = conn.Write(accepted.Response)
	}
	if err == nil {
		err = accepted.Err
	}
	if err != nil {
		conn.SetDeadline(time.Now().Add(orDefault(s.CloseTimeout, DefaultCloseTimeout)))
		hangUp(conn)
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	rest := buf[accepted.HeadLen:]
	return newConn(conn, accepted.Codec, request, accepted.Protocol, rest, s.CloseTimeout), nil
}

func (s *Server) handshakeTimeout() time.Duration {
	return orDefault(s.HandshakeTimeout, DefaultHandshakeTimeout)
}

// readRequest also returns all that has arrived.
func (s *Server) readRequest(conn net.Conn) (accepted Accepted, buf []byte, err error) {
	buf, headErr := readHead(conn, nil)
	var refused Error
	if headErr != nil && !errors.As(headErr, &refused) {
		return Accepted{}, nil, headErr
	}
	accepted, err = s.AcceptRequest(buf)
	if err == nil && accepted.Response == nil {
		accepted.Err = refused
		accepted.Response, err = refusal(refused.HTTPStatus(), refused.text())
	}
	return accepted, buf, err
}

// admit returns the request that was accepted, unless it is one that net/http or Check rejects:
// accepted then becomes the refusal.
func (s *Server) admit(accepted *Accepted, conn net.Conn, buf []byte) (*http.Request, error) {
	head := bytes.NewReader(buf[:accepted.HeadLen])
	request, err := http.ReadRequest(bufio.NewReader(head))
	status := http.StatusBadRequest
	if err == nil {
		request.RemoteAddr = conn.RemoteAddr().String()
		status, err = s.check(request)
	}
	if err == nil {
		return request, nil
	}
	accepted.Codec.Free()
	accepted.Err = err
	accepted.Response, err = refusal(status, err.Error())
	return nil, err
}

// check also returns the status for the error.
func (s *Server) check(r *http.Request) (status int, err error) {
	if s.Check == nil {
		return 0, nil
	}
	err = s.Check(r)
	var reason Error
	if errors.As(err, &reason) {
		return reason.HTTPStatus(), err
	}
	return http.StatusForbidden, err
}

// refusal is a response for what the library has not rejected itself.
func refusal(status int, text string) ([]byte, error) {
	body := []byte(text)
	out := make([]byte, C.WS_MAX_REPLY+len(body))
	n, err := result(C.go_build_reply(C.uint16_t(status), pointer(body),
		C.size_t(len(body)), pointer(out), C.size_t(len(out))))
	return out[:n], err
}

// readHead reads until the head at the start of buf is complete or invalid. It returns all that has
// arrived.
func readHead(conn net.Conn, buf []byte) ([]byte, error) {
	for scanned := 0; ; {
		if end, err := HeadLength(buf, &scanned); err != nil || end > 0 {
			return buf, err
		}
		grown, unused := room(buf, firstRead)
		n, err := conn.Read(unused)
		buf = grown[:len(buf)+n]
		if n == 0 && err != nil {
			return buf, err
		}
	}
}

// lines returns the fields as complete lines.
func lines(header http.Header) string {
	var text bytes.Buffer
	header.Write(&text) // a bytes.Buffer does not fail
	return text.String()
}
