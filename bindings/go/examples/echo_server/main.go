// An echo server on net.
//
//	echo_server [--port N]
package main

import (
	"flag"
	"fmt"
	"log"
	"net"

	"wscodec"
)

var server = wscodec.Server{
	Protocols: []string{"chat", "superchat"},
	Options:   wscodec.Options{wscodec.MaxMessage: 16 << 20},
}

func echo(conn net.Conn) {
	ws, err := server.Accept(conn)
	if err != nil {
		return // the peer has been told
	}
	defer ws.Close()
	for {
		opcode, message, err := ws.ReadSlice()
		if err != nil {
			return // so has it here
		}
		if err := ws.QueueMessage(opcode, message); err != nil {
			return
		}
	}
}

func main() {
	log.SetFlags(0)
	port := flag.Int("port", 8080, "the port of 127.0.0.1; 0: a free one")
	flag.Parse()
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%v\n", listener.Addr())
	for {
		conn, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go echo(conn)
	}
}
