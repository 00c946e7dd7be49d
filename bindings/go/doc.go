// Package wscodec speaks WebSocket (RFC 6455, with permessage-deflate, RFC 7692).
//
// A server accepts connections of a net.Listener with Server.Accept, or requests of net/http with
// Server.Upgrade; a client calls Client.Dial. All of them return a Conn, which reads and writes
// messages over a net.Conn.
//
// Below it is a Codec, which has no socket: bytes go in, and events and bytes come out. Below that
// are functions for frames, heads, close payloads and UTF-8.
//
// # Threads and memory
//
// A Conn may be used by many goroutines: one that reads, any number that write, any that close. A
// Codec and a Decoder may be used by one goroutine at a time. All else may be used at any time.
//
// The library keeps no pointer to Go memory after a call, and no slice that this package returns is
// in C memory. A Codec owns C memory; Conn.Close, Codec.Free or the garbage collector frees it.
package wscodec

// #cgo pkg-config: wscodec
import "C"
