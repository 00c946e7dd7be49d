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
	DialContext      DialContext   // connects, through a proxy for example; nil: net.Dialer
	HandshakeTimeout time.Duration // 0: DefaultHandshakeTimeout
	CloseTimeout     time.Duration // of Conn.Close; 0: DefaultCloseTimeout
}

// DialContext is the type of net.Dialer.DialContext.
type DialContext func(ctx context.Context, network, address string) (net.Conn, error)

// HandshakeError is a response that does not accept the opening request. Its body is not read.
type HandshakeError struct {
	Response *Response
	Header   http.Header
	Err      error // ErrHandshakeStatus
}

// Error returns the status and the reason.
func (e *HandshakeError) Error() string {
	return fmt.Sprintf("%d %s: %v", e.Response.Status, e.Response.Reason, e.Err)
}

// Unwrap returns Err.
func (e *HandshakeError) Unwrap() error { return e.Err }

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

// Dial connects to a URL with the scheme ws or wss. It sends a user name and a password in the URL
// with Basic authorization, as net/http does, unless Header has an Authorization. It returns a
// *HandshakeError if the server refuses.
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
		return nil, fmt.Errorf("%q: the scheme must be ws or wss", target.Redacted())
	}
	dial := c.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil || target.Scheme == "ws" {
		return conn, err
	}
	return c.startTLS(ctx, conn, target.Hostname())
}

func (c *Client) startTLS(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	config := c.TLS.Clone()
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		conn.Close()
		return nil, err
	}
	return secure, nil
}

// request returns the opening request for a URL.
func (c *Client) request(target *url.URL) ([]byte, error) {
	if target.User == nil || c.Header.Get("Authorization") != "" {
		return c.Request(target.Host, target.RequestURI())
	}
	password, _ := target.User.Password()
	authorized := http.Request{Header: c.Header.Clone()}
	if authorized.Header == nil {
		authorized.Header = make(http.Header)
	}
	authorized.SetBasicAuth(target.User.Username(), password)
	client := *c
	client.Header = authorized.Header
	return client.Request(target.Host, target.RequestURI())
}

func (c *Client) handshake(ctx context.Context, conn net.Conn, target *url.URL) (*Conn, error) {
	request, err := c.request(target)
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
	return newConn(conn, confirmed.Codec, nil, confirmed.Response.Protocol, rest, c.CloseTimeout), nil
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
			header, _ := ParseHeader(buf[:confirmed.HeadLen]) // which has been checked
			return Confirmed{}, nil, &HandshakeError{confirmed.Response, header, err}
		}
		buf = buf[confirmed.HeadLen:] // 103, for example: another response follows
	}
}
