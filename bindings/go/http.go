package wscodec

// #include "shim.h"
import "C"

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// CheckRequest checks an opening request that net/http has read, as AcceptRequest checks one that
// was not read yet.
func (s *Server) CheckRequest(r *http.Request) error {
	var fields pack
	fields.add(r.Method)
	fields.addIf(r.Host != "", r.Host)
	for _, name := range []string{"Upgrade", "Connection", "Sec-Websocket-Key",
		"Sec-Websocket-Version", "Origin", "Sec-Websocket-Extensions"} {
		value, present := joined(r.Header, name)
		fields.addIf(present, value)
	}
	// net/http has read these two and removed them.
	fields.addIf(r.ContentLength > 0, strconv.FormatInt(r.ContentLength, 10))
	fields.addIf(len(r.TransferEncoding) > 0, strings.Join(r.TransferEncoding, ", "))
	value, present := joined(r.Header, ":protocol")
	fields.addIf(present, value)
	fields.addIf(s.Origins != nil, strings.Join(s.Origins, " "))
	_, err := result(C.go_check_request(fields.base(), &fields.pieces[0],
		C.uint32_t(10*r.ProtoMajor+r.ProtoMinor)))
	return err
}

// joined returns all values of a field as one (RFC 9110, 5.3).
func joined(header http.Header, name string) (value string, present bool) {
	values, present := header[name]
	return strings.Join(values, ", "), present
}

// Upgrade does the opening handshake for a request that net/http has read, and takes the connection
// over. After an error it has replied to the request. Pages of every origin are accepted unless
// Server.Origins names those that may connect, or Server.Check rejects others.
func (s *Server) Upgrade(w http.ResponseWriter, r *http.Request) (*Conn, error) {
	response, codec, protocol, err := s.answer(r)
	if err != nil {
		reject(w, r, err, http.StatusInternalServerError)
		return nil, err
	}
	if status, err := s.check(r); err != nil {
		codec.Free()
		reject(w, r, err, status)
		return nil, err
	}
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		codec.Free()
		err := fmt.Errorf("%T is not an http.Hijacker", w)
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, err
	}
	conn, buffered, err := hijacker.Hijack()
	if err != nil {
		codec.Free()
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return nil, err
	}
	rest, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
	conn.SetDeadline(time.Now().Add(s.handshakeTimeout()))
	if _, err := conn.Write(response); err != nil {
		codec.Free()
		conn.Close()
		return nil, err
	}
	conn.SetDeadline(time.Time{})
	return newConn(conn, codec, r, protocol, rest, s.CloseTimeout), nil
}

// answer returns the 101 and the connection.
func (s *Server) answer(
	r *http.Request,
) (response []byte, codec *Codec, protocol string, err error) {
	if err := s.CheckRequest(r); err != nil {
		return nil, nil, "", s.explain(err)
	}
	if protocol, err = s.selectProtocol(r); err != nil {
		return nil, nil, "", err
	}
	extensions, agreed, err := s.acceptDeflate(r)
	if err != nil {
		return nil, nil, "", err
	}
	headers := lines(s.Header)
	var spec pack
	spec.add(r.Header.Get("Sec-Websocket-Key"))
	spec.add(protocol)
	spec.add(extensions)
	spec.add(headers)
	out := make([]byte, C.WS_MAX_REPLY+len(headers)+len(protocol))
	n, err := result(C.go_build_response(spec.base(), &spec.pieces[0],
		pointer(out), C.size_t(len(out))))
	if err != nil {
		return nil, nil, "", s.explain(err)
	}
	codec, err = NewCodec(ServerSide, agreed, s.Options)
	return out[:n], codec, protocol, err
}

func (s *Server) selectProtocol(r *http.Request) (string, error) {
	offered, _ := joined(r.Header, "Sec-Websocket-Protocol")
	supported := s.protocols()
	var chosen C.ws_span
	n, err := result(C.go_select_protocol(pointer([]byte(offered)), C.size_t(len(offered)),
		pointer([]byte(supported)), C.size_t(len(supported)), &chosen))
	if err != nil {
		return "", s.explain(err)
	}
	if n == 0 && s.NeedProtocol {
		return "", ErrHandshakeProtocol
	}
	return text([]byte(supported), chosen), nil
}

// acceptDeflate returns the value of Sec-WebSocket-Extensions, and what it means.
func (s *Server) acceptDeflate(r *http.Request) (string, *Deflate, error) {
	if s.Deflate == nil {
		return "", nil, nil
	}
	offers, _ := joined(r.Header, "Sec-Websocket-Extensions")
	params := s.Deflate.params()
	out := make([]byte, C.WS_MAX_REPLY)
	n, err := result(C.go_pmd_accept(pointer([]byte(offers)), C.size_t(len(offers)), params,
		pointer(out), C.size_t(len(out))))
	if err != nil {
		return "", nil, s.explain(err)
	}
	if n == 0 {
		return "", nil, nil
	}
	return string(out[:n]), deflateOf(params), nil
}

// reject replies with the status of an Error, or else with the one given.
func reject(w http.ResponseWriter, r *http.Request, err error, status int) {
	var reason Error
	if errors.As(err, &reason) {
		status = reason.HTTPStatus()
	}
	w.Header().Set("Connection", "close") // frames may follow the request
	switch status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", "GET")
	case http.StatusUpgradeRequired:
		w.Header().Set("Sec-WebSocket-Version", "13")
		if r.ProtoMajor > 1 { // it has no upgrade
			status = http.StatusBadRequest
		} else {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade, close")
		}
	}
	http.Error(w, err.Error(), status)
}
