package wscodec_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"wscodec"
)

// keepAlive sends a ping in each interval, and ends the reads of ws if two pass without a pong.
func keepAlive(ws *wscodec.Conn, interval time.Duration) {
	ws.OnPong = func([]byte) {
		ws.NetConn().SetReadDeadline(time.Now().Add(2 * interval))
	}
	ws.OnPong(nil)
	go func() {
		for ws.WriteMessage(wscodec.Ping, nil) == nil {
			time.Sleep(interval)
		}
	}()
}

func TestTheKeepaliveOfTheReadmeIsTheOneTestedHere(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("keepalive_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, recipe, _ := strings.Cut(string(source), "// keepAlive ")
	recipe, _, _ = strings.Cut(recipe, "\n}\n")
	if !strings.Contains(string(readme), recipe+"\n}\n") {
		t.Fatal(recipe)
	}
}

// connect returns a client, and the connection of its server, on which nothing is read yet.
func connect(t *testing.T) (client, server *wscodec.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	accepted := make(chan *wscodec.Conn, 1)
	go func() {
		conn, err := listener.Accept()
		if err == nil {
			ws, _ := new(wscodec.Server).Accept(conn)
			accepted <- ws
		}
	}()
	client, err = new(wscodec.Client).Dial(context.Background(), "ws://"+listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server = <-accepted
	t.Cleanup(func() { client.NetConn().Close(); server.NetConn().Close() })
	return client, server
}

const interval = 500 * time.Millisecond

func TestKeepaliveEndsTheReadsOfAPeerThatVanished(t *testing.T) {
	client, _ := connect(t)
	keepAlive(client, interval)
	if _, _, err := client.ReadMessage(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestKeepaliveKeepsASilentPeerThatAnswers(t *testing.T) {
	client, server := connect(t)
	keepAlive(client, interval)
	go server.ReadMessage() // which answers pings
	time.AfterFunc(6*interval, func() { server.WriteMessage(wscodec.Text, []byte("late")) })
	if _, message, err := client.ReadMessage(); err != nil || string(message) != "late" {
		t.Fatal(string(message), err)
	}
}
