package wscodec

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// brokenWrites is a net.Conn that can only be read.
type brokenWrites struct{ net.Conn }

func (brokenWrites) Write([]byte) (int, error) { return 0, os.ErrDeadlineExceeded }

func TestAFailedWriteLosesNothingThatWasReceived(t *testing.T) {
	ws, peer := pipe(t)
	ws.conn = brokenWrites{ws.conn}
	if err := ws.WriteMessage(Text, nil); err != os.ErrDeadlineExceeded {
		t.Fatal(err)
	}
	go func() {
		peer.Write(fromClient(Text, "hello"))
		peer.Write(fromClient(CloseFrame, "\x0f\xa0bye"))
	}()
	_, message, err := ws.ReadMessage()
	expect(t, "", err)
	equal(t, "message", string(message), "hello")
	_, _, err = ws.ReadMessage()
	var closed *CloseError
	if !errors.As(err, &closed) || closed.Code != 4000 || closed.Reason != "bye" {
		t.Fatal(err)
	}
}

func TestAFailedWriteIsReportedWhenTheReadFailsToo(t *testing.T) {
	ws, peer := pipe(t)
	ws.conn = brokenWrites{ws.conn}
	ws.WriteMessage(Text, nil)
	peer.Close()
	if _, _, err := ws.ReadMessage(); err != os.ErrDeadlineExceeded {
		t.Fatal(err)
	}
}

func TestAWriteThatADeadlineEndsIsTheLast(t *testing.T) {
	ws, _ := pipe(t)
	ws.NetConn().SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	for i := 0; i < 2; i++ {
		if err := ws.WriteMessage(Text, nil); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		ws.NetConn().SetWriteDeadline(time.Time{})
	}
}

func TestCloseLeavesTheSliceOfAnotherGoroutineAlone(t *testing.T) {
	ws, peer := pipe(t)
	go func() {
		peer.Write(fromClient(Text, "first"))
		peer.Read(make([]byte, 100)) // the close frame
		peer.Write(fromClient(Text, "other"))
		peer.Write(fromClient(CloseFrame, ""))
	}()
	_, message, err := ws.ReadSlice()
	expect(t, "", err)
	closed := make(chan error)
	go func() { closed <- ws.Close() }()
	for i := 0; i < 100; i++ {
		equal(t, "message", string(message), "first")
		time.Sleep(100 * time.Microsecond)
	}
	expect(t, "", <-closed)
	equal(t, "message", string(message), "first")
}

func TestCloseWaitsForCloseTimeoutAtMost(t *testing.T) {
	silent := make(chan struct{})
	defer close(silent)
	address := listen(t, Server{}, func(*Conn, error) { <-silent })
	const timeout = 2 * time.Second
	client := Client{CloseTimeout: timeout}
	ws := must(client.Dial(context.Background(), "ws://"+address+"/"))
	start := time.Now()
	expect(t, "", ws.Close())
	if took := time.Since(start); took < timeout || took >= 2*timeout {
		t.Fatal(took)
	}
}

func TestOnPongDoesNotPutOffTheDeadlineOfClose(t *testing.T) {
	ws, peer := pipe(t)
	ws.closeTimeout = 100 * time.Millisecond
	ws.OnPong = func([]byte) { ws.NetConn().SetReadDeadline(time.Now().Add(time.Minute)) }
	go func() {
		peer.Read(make([]byte, 100)) // the close frame
		peer.Write(fromClient(Pong, ""))
	}()
	start := time.Now()
	expect(t, "", ws.Close())
	if took := time.Since(start); took > 10*time.Second {
		t.Fatal(took)
	}
}
