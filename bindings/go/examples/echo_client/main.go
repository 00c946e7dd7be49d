// Sends each message, and prints each reply on a line.
//
//	echo_client URL [MESSAGE ...]
//
// Without messages it sends each line of stdin.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"wscodec"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: echo_client URL [MESSAGE ...]")
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		log.Fatal("echo_client: ", err)
	}
}

func run(url string, messages []string) error {
	client := wscodec.Client{Options: wscodec.Options{wscodec.MaxMessage: 16 << 20}}
	ws, err := client.Dial(context.Background(), url)
	if err != nil {
		return err
	}
	defer ws.Close()
	for _, message := range messages {
		if err := exchange(ws, message); err != nil {
			return err
		}
	}
	if len(messages) == 0 {
		lines := bufio.NewScanner(os.Stdin)
		for lines.Scan() {
			if err := exchange(ws, lines.Text()); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return err
		}
	}
	return goodbye(ws)
}

// exchange sends a message, and prints the reply.
func exchange(ws *wscodec.Conn, message string) error {
	if err := ws.WriteMessage(wscodec.Text, []byte(message)); err != nil {
		return err
	}
	_, reply, err := ws.ReadMessage()
	if err != nil {
		return err
	}
	fmt.Printf("%s\n", reply)
	return nil
}

// goodbye does the closing handshake.
func goodbye(ws *wscodec.Conn) error {
	if err := ws.WriteClose(wscodec.CloseNormal, ""); err != nil {
		return err
	}
	_, _, err := ws.ReadMessage()
	var closed *wscodec.CloseError
	if errors.As(err, &closed) && closed.Code == wscodec.CloseNormal {
		return nil
	}
	return err
}
