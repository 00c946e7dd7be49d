// An echo server on net/http, beside other pages.
//
//	http_server [--port N]
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"

	"wscodec"
)

var server = wscodec.Server{
	Protocols: []string{"chat", "superchat"},
	Options:   wscodec.Options{wscodec.MaxMessage: 16 << 20},
}

func echo(w http.ResponseWriter, r *http.Request) {
	ws, err := server.Upgrade(w, r)
	if err != nil {
		return // the client has been told
	}
	defer ws.Close()
	for {
		opcode, message, err := ws.ReadSlice()
		if err != nil {
			return
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
	http.HandleFunc("/chat", echo)
	http.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "Hello, World!")
	})
	log.Fatal(http.Serve(listener, nil))
}
