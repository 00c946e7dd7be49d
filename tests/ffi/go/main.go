// An echo server over the connection layer, in Go. It passes plain slices, and no Go memory with
// pointers to Go memory (GODEBUG=cgocheck=1 checks that).
//
//	echo [port]
//
// It listens on 127.0.0.1 and prints the port.
package main

// #include <stdlib.h>
// #include <wscodec.h>
import "C"

import (
	"fmt"
	"io"
	"net"
	"os"
	"time"
	"unsafe"
)

// The time that a peer may take to close the connection.
const patience = time.Second

// The options of the server. The struct has pointers, so it must be in C memory.
var spec = func() *C.ws_accept_spec {
	pmd := (*C.ws_pmd_params)(C.calloc(1, C.sizeof_ws_pmd_params))
	pmd.server_no_context_takeover = 1
	spec := (*C.ws_accept_spec)(C.calloc(1, C.sizeof_ws_accept_spec))
	spec.pmd = pmd
	return spec
}()

type session struct {
	*net.TCPConn
	ws     *C.ws_conn
	events [64]C.ws_event
	reply  []byte
}

func pointer(bytes []byte) unsafe.Pointer {
	if len(bytes) == 0 {
		return nil
	}
	return unsafe.Pointer(&bytes[0])
}

// Reads a head and sends the reply. Returns the data after the head; nil: there is no connection.
func (s *session) accept() []byte {
	var buf []byte
	var scanned C.size_t
	for chunk := make([]byte, 4096); C.ws_head_length(pointer(buf), C.size_t(len(buf)), &scanned) == 0; {
		n, err := s.Read(chunk)
		if err != nil {
			return nil
		}
		buf = append(buf, chunk[:n]...)
	}
	var accepted C.ws_accepted
	n := C.ws_conn_accept(pointer(buf), C.size_t(len(buf)), spec, C.sizeof_ws_accept_spec,
		&accepted, C.sizeof_ws_accepted, pointer(s.reply), C.size_t(len(s.reply)))
	if n > 0 {
		s.Write(s.reply[:n])
	}
	if accepted.conn == nil {
		return nil
	}
	s.ws = accepted.conn
	return buf[accepted.head_len:]
}

// The data of an event of the last call, whose buffer was buf.
func (s *session) data(buf []byte, event *C.ws_event) []byte {
	if event.flags&C.WS_EVENT_COLLECTED == 0 {
		return buf[event.off : event.off+event.len]
	}
	return unsafe.Slice((*byte)(C.ws_event_data(s.ws, nil, event)), int(event.len))
}

// Returns false if there is no memory.
func (s *session) echo(opcode C.int, payload []byte) bool {
	out := make([]byte, C.ws_conn_send_bound(s.ws, C.size_t(len(payload))))
	n := C.ws_conn_send(s.ws, opcode, 0, pointer(payload), C.size_t(len(payload)),
		pointer(out), C.size_t(len(out)))
	if n < 0 {
		return false
	}
	s.Write(out[:n])
	return true
}

// Processes the data of one read until all is consumed. False: the connection ends.
func (s *session) take(buf []byte) bool {
	for len(buf) > 0 {
		var used C.size_t
		n := C.ws_conn_recv(s.ws, pointer(buf), C.size_t(len(buf)),
			&s.events[0], C.size_t(len(s.events)), &used)
		for i := 0; i < int(n); i++ {
			event := &s.events[i]
			if event.opcode == C.WS_OPCODE_TEXT || event.opcode == C.WS_OPCODE_BINARY {
				if !s.echo(C.int(event.opcode), s.data(buf, event)) {
					return false
				}
			}
		}
		if out := C.ws_conn_output(s.ws, pointer(s.reply), C.size_t(len(s.reply))); out > 0 {
			s.Write(s.reply[:out])
		}
		if n < 0 {
			return false
		}
		buf = buf[used:]
	}
	return C.ws_conn_state(s.ws) < C.WS_STATE_CLOSED
}

// Shuts down sending, and waits for the peer to close: closing at once can destroy data on its way
// (RFC 6455, 7.1.1).
func (s *session) hangUp() {
	s.CloseWrite()
	s.SetDeadline(time.Now().Add(patience))
	io.Copy(io.Discard, s.TCPConn)
	s.Close()
}

func serve(conn *net.TCPConn) {
	s := &session{TCPConn: conn, reply: make([]byte, C.WS_MAX_REPLY+C.WS_MAX_OUTPUT)}
	defer s.hangUp()
	rest := s.accept()
	if s.ws == nil {
		return
	}
	defer C.ws_conn_free(s.ws)
	for buf := make([]byte, 64*1024); s.take(rest); {
		n, err := s.Read(buf)
		if err != nil {
			return
		}
		rest = buf[:n]
	}
}

func main() {
	port := "0"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	for {
		conn, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "echo:", err)
			os.Exit(1)
		}
		go serve(conn.(*net.TCPConn))
	}
}
