package wscodec

import (
	"bytes"
	"net"
	"testing"
)

// pipe returns a connection of the server's side over a net.Pipe, whose writes wait until the other
// end reads.
func pipe(t *testing.T) (*Conn, net.Conn) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { near.Close(); far.Close() })
	return newConn(near, must(NewCodec(ServerSide, nil, nil)), nil, "", nil, 0), far
}

// fromClient returns a frame.
func fromClient(opcode Opcode, payload string) []byte {
	return must(AppendFrame(nil, Frame{Opcode: opcode, Fin: true, MaskKey: &[4]byte{},
		Payload: []byte(payload)}))
}

func TestOneGoroutineMayReadWhileAnotherWrites(t *testing.T) {
	const messages, size = 2000, 100_000
	url, _ := echoServer(t, Server{})
	ws := dial(t, Client{}, url)
	written := make(chan error, 1)
	go func() {
		message := make([]byte, size)
		for i := 0; i < messages; i++ {
			if err := ws.WriteMessage(Binary, message); err != nil {
				written <- err
				return
			}
		}
		written <- nil
	}()
	for i := 0; i < messages; i++ {
		if _, reply, err := ws.ReadSlice(); err != nil || len(reply) != size {
			t.Fatal(i, len(reply), err)
		}
	}
	expect(t, "", <-written)
}

func TestAReadDoesNotWaitForAWriteOfAnotherGoroutine(t *testing.T) {
	ws, peer := pipe(t)
	go ws.WriteMessage(Text, []byte("nobody reads this"))
	must(peer.Read(make([]byte, 1))) // the write has started
	go peer.Write(fromClient(Text, "hello"))
	_, message, err := ws.ReadMessage()
	expect(t, "", err)
	equal(t, "message", string(message), "hello")
}

func TestAReadDoesNotWaitForItsPong(t *testing.T) {
	ws, peer := pipe(t)
	go func() {
		peer.Write(fromClient(Ping, ""))
		peer.Write(fromClient(Text, "hello"))
	}()
	_, message, err := ws.ReadMessage()
	expect(t, "", err)
	equal(t, "message", string(message), "hello")
}

func TestPongsThatThePeerDoesNotReadTakeLittleMemory(t *testing.T) {
	ws, peer := pipe(t)
	go func() {
		for i := 0; i < 2*largestQueue/100; i++ {
			peer.Write(fromClient(Ping, string(make([]byte, 100))))
		}
		peer.Write(fromClient(Ping, "last"))
		peer.Write(fromClient(Text, "hello"))
	}()
	_, _, err := ws.ReadMessage()
	expect(t, "", err)
	ws.mu.Lock()
	queued := len(ws.queue)
	ws.mu.Unlock()
	if queued > largestQueue+firstRead {
		t.Fatal(queued)
	}
	// The last ping is answered all the same.
	go ws.Flush()
	for buf := []byte(nil); !bytes.HasSuffix(buf, []byte("\x8a\x04last")); {
		grown, unused := room(buf, 4096)
		buf = grown[:len(buf)+must(peer.Read(unused))]
	}
}
