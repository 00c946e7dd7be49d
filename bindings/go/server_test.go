package wscodec

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
)

func TestAServerKnowsTheRequest(t *testing.T) {
	requests := make(chan *http.Request, 1)
	accept := listen(t, Server{}, func(ws *Conn, err error) {
		requests <- ws.Request()
		ws.Close()
	})
	upgrade := httpServer(t, Server{Check: func(r *http.Request) error {
		requests <- r
		return nil
	}}).Listener.Addr().String()
	for _, address := range []string{accept, upgrade} {
		header := http.Header{"Cookie": {"a=b"}}
		ws := dial(t, Client{Header: header}, "ws://"+address+"/chat?room=1")
		request := <-requests
		equal(t, "path", request.URL.Path, "/chat")
		equal(t, "room", request.FormValue("room"), "1")
		equal(t, "cookie", must(request.Cookie("a")).Value, "b")
		equal(t, "host", request.Host, address)
		equal(t, "address", request.RemoteAddr, ws.NetConn().LocalAddr().String())
		if ws.Request() != nil {
			t.Fatal("a client has the request of one")
		}
	}
}

func TestCheckRejectsARequest(t *testing.T) {
	for status, reason := range map[int]error{
		http.StatusForbidden:       errors.New("not you"),
		http.StatusUpgradeRequired: fmt.Errorf("version: %w", ErrHandshakeVersion),
	} {
		server := Server{Check: func(*http.Request) error { return reason }}
		accept, ended := echoServer(t, server)
		upgrade := "ws://" + httpServer(t, server).Listener.Addr().String()
		for _, url := range []string{accept, upgrade} {
			_, err := new(Client).Dial(context.Background(), url)
			var refused *HandshakeError
			if !errors.As(err, &refused) || refused.Response.Status != status {
				t.Fatal(err)
			}
		}
		equal(t, "reason", <-ended, reason)
	}
}

func TestCheckIsCalledForValidRequestsAlone(t *testing.T) {
	server := Server{
		Origins: []string{"https://a.example"},
		Check:   func(*http.Request) error { return errors.New("called") },
	}
	accept, ended := echoServer(t, server)
	upgrade := "ws://" + httpServer(t, server).Listener.Addr().String()
	for _, url := range []string{accept, upgrade} {
		_, err := (&Client{Origin: "https://b.example"}).Dial(context.Background(), url)
		if err == nil {
			t.Fatal("accepted")
		}
	}
	if err := <-ended; !errors.Is(err, ErrHandshakeOrigin) {
		t.Fatal(err)
	}
}

func TestAcceptRejectsWhatNetHTTPRejects(t *testing.T) {
	url, ended := echoServer(t, Server{})
	conn := must(net.Dial("tcp", strings.Trim(url, "ws:/")))
	defer conn.Close()
	conn.Write([]byte(strings.Replace(plainRequest, "GET /chat ", "GET /%zz ", 1) + "\r\n"))
	buf := make([]byte, 1000)
	response := string(buf[:must(conn.Read(buf))])
	if err := <-ended; err == nil || !strings.HasPrefix(response, "HTTP/1.1 400 ") {
		t.Fatal(response, err)
	}
}
