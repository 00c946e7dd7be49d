package wscodec

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// echo replies to messages until the connection ends, and returns the reason.
func echo(ws *Conn) error {
	for {
		opcode, message, err := ws.ReadSlice()
		if err != nil {
			return err
		}
		if err := ws.QueueMessage(opcode, message); err != nil {
			return err
		}
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// listen accepts connections with the server, and calls serve in a goroutine for each.
func listen(t *testing.T, server Server, serve func(*Conn, error)) (address string) {
	t.Helper()
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { serve(server.Accept(conn)) }()
		}
	}()
	return listener.Addr().String()
}

// echoServer sends the reason for the end of each connection to the channel.
func echoServer(t *testing.T, server Server) (url string, ended <-chan error) {
	t.Helper()
	reasons := make(chan error, 10)
	address := listen(t, server, func(ws *Conn, err error) {
		if err == nil {
			err = echo(ws)
			ws.Close()
		}
		reasons <- err
	})
	return "ws://" + address + "/", reasons
}

func dial(t *testing.T, client Client, url string) *Conn {
	t.Helper()
	ws, err := client.Dial(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return ws
}

func exchange(t *testing.T, ws *Conn, message string) {
	t.Helper()
	if err := ws.WriteMessage(Text, []byte(message)); err != nil {
		t.Fatal(err)
	}
	opcode, reply, err := ws.ReadMessage()
	if err != nil || opcode != Text || string(reply) != message {
		t.Fatalf("opcode %d, %d bytes, %v", opcode, len(reply), err)
	}
}

func TestMessagesAreEchoedWithAndWithoutCompression(t *testing.T) {
	for _, deflate := range []*Deflate{nil, {}, {ServerNoContextTakeover: true}} {
		url, ended := echoServer(t, Server{Protocols: []string{"chat"}, Deflate: deflate})
		ws := dial(t, Client{Protocols: []string{"other", "chat"}, Deflate: deflate}, url)
		equal(t, "protocol", ws.Protocol(), "chat")
		for _, size := range []int{0, 1, 125, 126, 65535, 65536, 1 << 20} {
			exchange(t, ws, strings.Repeat("x", size))
		}
		expect(t, "", ws.Close())
		equal(t, "end", (<-ended).Error(), (&CloseError{Code: CloseNormal}).Error())
	}
}

func TestMessagesThatArriveTogetherAreAnsweredTogether(t *testing.T) {
	url, _ := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	for i := 0; i < 100; i++ {
		expect(t, "", ws.QueueMessage(Text, []byte(fmt.Sprint(i))))
	}
	expect(t, "", ws.Flush())
	for i := 0; i < 100; i++ {
		_, reply, err := ws.ReadMessage()
		expect(t, "", err)
		equal(t, "reply", string(reply), fmt.Sprint(i))
	}
}

func TestManyGoroutinesMayWrite(t *testing.T) {
	url, _ := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	const writers, each = 8, 50
	var group sync.WaitGroup
	for w := 0; w < writers; w++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := 0; i < each; i++ {
				if err := ws.WriteMessage(Binary, make([]byte, 1000)); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	for i := 0; i < writers*each; i++ {
		if _, reply, err := ws.ReadMessage(); err != nil || len(reply) != 1000 {
			t.Fatal(len(reply), err)
		}
	}
	group.Wait()
}

func TestCloseEndsAReadOfAnotherGoroutine(t *testing.T) {
	url, _ := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	ended := make(chan error)
	go func() {
		_, _, err := ws.ReadMessage()
		ended <- err
	}()
	time.Sleep(10 * time.Millisecond) // so that it usually waits in the read
	expect(t, "", ws.Close())
	if err := <-ended; err == nil {
		t.Fatal("a message")
	}
	if err := ws.Close(); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
	if err := ws.WriteMessage(Text, nil); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}

func TestTheCodeAndReasonOfThePeerAreReported(t *testing.T) {
	url, ended := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	expect(t, "", ws.WriteClose(4000, "bye"))
	_, _, err := ws.ReadMessage()
	for _, err := range []error{err, <-ended} {
		var closed *CloseError
		if !errors.As(err, &closed) || closed.Code != 4000 {
			t.Fatal(err)
		}
	}
	if err := ws.WriteMessage(Text, nil); err != ErrInvalidState {
		t.Fatal(err)
	}
}

func TestAnInvalidCloseCodeIsNamed(t *testing.T) {
	url, _ := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	err := ws.WriteClose(999, "")
	if !errors.Is(err, ErrInvalidArgument) || !strings.Contains(err.Error(), "999") {
		t.Fatal(err)
	}
	exchange(t, ws, "still open")
}

func TestAStreamThatEndsEarlyIsAnUnexpectedEOF(t *testing.T) {
	url, ended := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	exchange(t, ws, "hi")
	ws.NetConn().Close()
	if err := <-ended; !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, ErrEOF) {
		t.Fatal(err)
	}
}

func TestAMessageOverTheLimitEndsTheConnection(t *testing.T) {
	url, ended := echoServer(t, Server{Options: Options{MaxMessage: 10}})
	ws := dial(t, Client{}, url)
	exchange(t, ws, "0123456789")
	expect(t, "", ws.WriteMessage(Text, []byte("0123456789a")))
	_, _, err := ws.ReadMessage()
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != CloseTooBig {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, ErrTooBig) {
		t.Fatal(err)
	}
}

func TestADeadlineLosesNothing(t *testing.T) {
	release := make(chan struct{})
	address := listen(t, Server{}, func(ws *Conn, err error) {
		<-release
		ws.WriteMessage(Text, []byte("late"))
		ws.ReadMessage()
	})
	ws := dial(t, Client{}, "ws://"+address+"/")
	ws.NetConn().SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, _, err := ws.ReadMessage(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	ws.NetConn().SetReadDeadline(time.Time{})
	close(release)
	_, message, err := ws.ReadMessage()
	expect(t, "", err)
	equal(t, "message", string(message), "late")
}

func TestASilentPeerDoesNotHoldUpTheOpeningHandshake(t *testing.T) {
	url, ended := echoServer(t, Server{HandshakeTimeout: 10 * time.Millisecond})
	conn := must(net.Dial("tcp", strings.Trim(url, "ws:/")))
	defer conn.Close()
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	var client Client
	_, err := client.Dial(ctx, "ws://"+listener.Addr().String()+"/")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestDialSkipsInterimResponses(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	defer listener.Close()
	go func() {
		conn := must(listener.Accept())
		request := must(readHead(conn, nil))
		accepted := must(new(Server).AcceptRequest(request))
		defer accepted.Codec.Free()
		hello := must(accepted.Codec.AppendMessage(nil, Text, []byte("hello"), 0))
		hints := "HTTP/1.1 103 Early Hints\r\n\r\n"
		conn.Write(append(append([]byte(hints), accepted.Response...), hello...))
	}()
	ws := dial(t, Client{}, "ws://"+listener.Addr().String()+"/")
	_, message, err := ws.ReadMessage()
	expect(t, "", err)
	equal(t, "message", string(message), "hello")
}

// net/http

func httpServer(t *testing.T, server Server) *httptest.Server {
	t.Helper()
	listening := httptest.NewServer(upgradeAndEcho(server))
	t.Cleanup(listening.Close)
	return listening
}

func upgradeAndEcho(server Server) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if ws, err := server.Upgrade(w, r); err == nil {
			echo(ws)
			ws.Close()
		}
	}
}

func TestRequestsOfNetHTTPAreUpgraded(t *testing.T) {
	for _, deflate := range []*Deflate{nil, {}} {
		server := httpServer(t, Server{Protocols: []string{"chat"}, Deflate: deflate,
			Header: http.Header{"Set-Cookie": {"a=b"}}})
		client := Client{Protocols: []string{"chat"}, Deflate: deflate}
		ws := dial(t, client, "ws"+strings.TrimPrefix(server.URL, "http"))
		equal(t, "protocol", ws.Protocol(), "chat")
		equal(t, "compression", ws.codec.Deflate() != nil, deflate != nil)
		exchange(t, ws, strings.Repeat("Hello", 1000))
		expect(t, "", ws.Close())
	}
}

func TestFramesRightBehindARequestOfNetHTTPAreRead(t *testing.T) {
	server := httpServer(t, Server{})
	conn := must(net.Dial("tcp", server.Listener.Addr().String()))
	defer conn.Close()
	frame := must(AppendFrame(nil, Frame{Opcode: Text, Fin: true, MaskKey: &[4]byte{},
		Payload: []byte("hi")}))
	conn.Write(append([]byte(plainRequest+"\r\n"), frame...))
	expected := plainResponse + "\r\n\x81\x02hi"
	got := make([]byte, len(expected))
	must(io.ReadFull(conn, got))
	equal(t, "response", string(got), expected)
}

// The same head is judged alike whether the library or net/http has read it.
func TestPoliciesWithNetHTTP(t *testing.T) {
	for _, v := range load(t, "policies") {
		recorder := httptest.NewRecorder()
		request, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(v.bytes("request"))))
		if err != nil { // net/http rejects some heads by itself
			equal(t, "valid", v.has("error"), true)
			continue
		}
		_, err = v.server().Upgrade(recorder, request)
		if v.has("error") {
			expect(t, v.text("error"), err)
			equal(t, "status", recorder.Code, int(v.number("status")))
		} else { // A recorder cannot be taken over.
			equal(t, "status", recorder.Code, http.StatusInternalServerError)
		}
	}
}

func TestRefusalsOfRequestsOfNetHTTP(t *testing.T) {
	request := func(change func(*http.Request)) *httptest.ResponseRecorder {
		recorder := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/chat", nil)
		r.Header = must(ParseHeader([]byte(plainRequest + "\r\n")))
		change(r)
		new(Server).Upgrade(recorder, r)
		return recorder
	}
	plain := request(func(r *http.Request) { r.Header.Del("Upgrade") })
	equal(t, "status", plain.Code, http.StatusUpgradeRequired)
	equal(t, "Upgrade", plain.Header().Get("Upgrade"), "websocket")
	equal(t, "version", plain.Header().Get("Sec-WebSocket-Version"), "13")
	post := request(func(r *http.Request) { r.Method = "POST" })
	equal(t, "status", post.Code, http.StatusMethodNotAllowed)
	equal(t, "Allow", post.Header().Get("Allow"), "GET")
	for name, change := range map[string]func(*http.Request){
		"a body":             func(r *http.Request) { r.ContentLength = 5 },
		"a chunked body":     func(r *http.Request) { r.TransferEncoding = []string{"chunked"} },
		"two keys":           func(r *http.Request) { r.Header.Add("Sec-WebSocket-Key", "x") },
		"two origins":        func(r *http.Request) { r.Header["Origin"] = []string{"a", "b"} },
		"no host":            func(r *http.Request) { r.Host = "" },
		"HTTP/2 without 426": func(r *http.Request) { r.ProtoMajor, r.ProtoMinor = 2, 0 },
	} {
		equal(t, name, request(change).Code, http.StatusBadRequest)
	}
}
