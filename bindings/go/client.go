package wscodec

// #include "shim.h"
import "C"

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Client says how a client connects. The zero value offers nothing.
type Client struct {
	Protocols        []string    // the subprotocols that are offered, most preferred first
	Origin           string      // for a server that checks it; empty: none
	Header           http.Header // additional fields of the request
	Deflate          *Deflate    // the compression that is offered; nil: none
	Options          Options
	TLS              *tls.Config   // for wss; nil: the defaults
	HandshakeTimeout time.Duration // 0: DefaultHandshakeTimeout
	CloseTimeout     time.Duration // of Conn.Close; 0: DefaultCloseTimeout
}

// Request returns an opening request for a host, such as "example.com:8080", and a target, such as
// "/chat?room=1".
func (c *Client) Request(host, target string) ([]byte, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	offer, err := c.offer()
	if err != nil {
		return nil, fmt.Errorf("Client.Deflate: %w", err)
	}
	var spec pack
	for _, value := range []string{host, target, key, c.Origin, strings.Join(c.Protocols, ", "),
		offer, lines(c.Header)} {
		spec.add(value)
	}
	out := make([]byte, C.WS_MAX_REPLY+len(spec.bytes))
	n, err := result(C.go_build_request(spec.base(), &spec.pieces[0],
		pointer(out), C.size_t(len(out))))
	if err != nil {
		return nil, fmt.Errorf("host, target, Client.Origin, Protocols or Header: %w", err)
	}
	return out[:n], nil
}

// offer returns the value of Sec-WebSocket-Extensions.
func (c *Client) offer() (string, error) {
	if c.Deflate == nil {
		return "", nil
	}
	out := make([]byte, C.WS_MAX_REPLY)
	n, err := result(C.go_pmd_offer(c.Deflate.params(), pointer(out), C.size_t(len(out))))
	return string(out[:n]), err
}

// Confirmed is what a server has agreed to.
type Confirmed struct {
	Codec    *Codec    // the connection
	Response *Response // nil while the response is incomplete
	HeadLen  int       // where in the buffer the first frames start
}

// ConfirmResponse checks the response at the start of buf, which may hold more. request is what
// Request has returned. With ErrHandshakeStatus there is a Response, too.
func (c *Client) ConfirmResponse(buf, request []byte) (Confirmed, error) {
	var raw C.ws_response
	var conn C.go_conn
	n, err := result(C.go_conn_confirm(pointer(buf), C.size_t(len(buf)), pointer(request),
		C.size_t(len(request)), c.Deflate.params(), &conn, &raw))
	if raw.head_len == 0 {
		return Confirmed{}, err
	}
	confirmed := Confirmed{Response: newResponse(buf, &raw), HeadLen: int(raw.head_len)}
	if n > 0 {
		confirmed.Codec, err = newCodec(conn, c.Options)
	}
	return confirmed, err
}

// Dial connects to a URL with the scheme ws or wss.
func (c *Client) Dial(ctx context.Context, rawURL string) (*Conn, error) {
	target, err := url.Parse(rawURL)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, orDefault(c.HandshakeTimeout, DefaultHandshakeTimeout))
	defer cancel()
	conn, err := c.connect(ctx, target)
	if err != nil {
		return nil, err
	}
	ws, err := c.handshake(ctx, conn, target)
	if err != nil {
		conn.Close()
		return nil, err
	}
	return ws, nil
}

func (c *Client) connect(ctx context.Context, target *url.URL) (net.Conn, error) {
	port := target.Port()
	switch {
	case target.Scheme == "ws" && port == "":
		port = "80"
	case target.Scheme == "wss" && port == "":
		port = "443"
	case target.Scheme != "ws" && target.Scheme != "wss":
		return nil, fmt.Errorf("%q: the scheme must be ws or wss", target)
	}
	address := net.JoinHostPort(target.Hostname(), port)
	if target.Scheme == "wss" {
		dialer := tls.Dialer{Config: c.TLS}
		return dialer.DialContext(ctx, "tcp", address)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}

func (c *Client) handshake(ctx context.Context, conn net.Conn, target *url.URL) (*Conn, error) {
	request, err := c.Request(target.Host, target.RequestURI())
	if err != nil {
		return nil, err
	}
	// Ends the reads and writes below when ctx is done.
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		select {
		case <-ctx.Done():
			conn.SetDeadline(time.Unix(1, 0))
		case <-done:
		}
	}()
	confirmed, rest, err := c.exchange(conn, request)
	close(done)
	<-stopped
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return newConn(conn, confirmed.Codec, confirmed.Response.Protocol, rest, c.CloseTimeout), nil
}

// exchange also returns what has arrived after the response.
func (c *Client) exchange(conn net.Conn, request []byte) (Confirmed, []byte, error) {
	if _, err := conn.Write(request); err != nil {
		return Confirmed{}, nil, err
	}
	var buf []byte
	for {
		var headErr error
		buf, headErr = readHead(conn, buf)
		confirmed, err := c.ConfirmResponse(buf, request)
		switch {
		case err == nil && confirmed.Codec != nil:
			return confirmed, buf[confirmed.HeadLen:], nil
		case err == nil: // incomplete
			return Confirmed{}, nil, headErr
		case !errors.Is(err, ErrHandshakeStatus):
			return Confirmed{}, nil, err
		case confirmed.Response.Status >= 200:
			return Confirmed{}, nil, fmt.Errorf("%d %s: %w", confirmed.Response.Status,
				confirmed.Response.Reason, err)
		}
		buf = buf[confirmed.HeadLen:] // 103, for example: another response follows
	}
}
