package wscodec

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

const (
	firstRead    = 4 << 10
	largestRead  = 64 << 10
	largestQueue = 64 << 10
)

// DefaultCloseTimeout is the time that Conn.Close waits at most.
const DefaultCloseTimeout = time.Second

// CloseError is the close frame of the peer, with which its messages end.
type CloseError struct {
	Code   CloseCode
	Reason string
}

// Error returns the code and the reason.
func (e *CloseError) Error() string {
	return fmt.Sprintf("wscodec: the peer closed with %d %q", e.Code, e.Reason)
}

// Conn is a connection over a net.Conn. One goroutine may read messages, any number may write them,
// and any may call Close. The protocol goes on only while messages are read: that answers pings and
// close frames.
type Conn struct {
	// OnPong is called with the payload of each pong, by the goroutine that reads. Set it before the
	// first read. It may set deadlines and write, but must not read or call Close.
	OnPong func(payload []byte)

	conn         net.Conn
	request      *http.Request
	protocol     string
	closeTimeout time.Duration

	reading sync.Mutex // held by the goroutine that reads, for all that follows
	buf     []byte
	input   []byte // the part of buf that is not processed yet
	events  []Event
	readErr error // with which the messages have ended

	writing sync.Mutex // held by the goroutine that writes to conn
	flush   func()     // Flush, so that starting it as a goroutine allocates nothing

	mu       sync.Mutex // for all that follows; held briefly
	codec    *Codec
	queue    []byte // what is to be written
	spare    []byte // for the next queue
	flushing bool   // a goroutine was started that will take the queue
	writeErr error

	outputDue bool      // the codec has output for the queue
	closing   bool      // Close was called
	closed    bool      // the codec is freed
	deadline  time.Time // of Close
}

// newConn takes over a connection after its opening handshake, and a copy of what has arrived after
// that. closeTimeout may be 0, for the default.
func newConn(
	conn net.Conn, codec *Codec, request *http.Request, protocol string, rest []byte,
	closeTimeout time.Duration,
) *Conn {
	buf := make([]byte, firstRead)
	if len(rest) > len(buf) {
		buf = make([]byte, len(rest))
	}
	c := &Conn{
		conn:         conn,
		request:      request,
		protocol:     protocol,
		closeTimeout: orDefault(closeTimeout, DefaultCloseTimeout),
		codec:        codec,
		buf:          buf,
		input:        buf[:copy(buf, rest)],
	}
	c.flush = func() { c.Flush() }
	return c
}

// NetConn returns the connection below, for its addresses and for deadlines. A read that a deadline
// ends may be repeated, and loses nothing. A write that a deadline ends may have sent a part of a
// frame: all further writes fail with its error.
func (c *Conn) NetConn() net.Conn { return c.conn }

// Request returns the client's opening request, whose body is empty; nil for a client.
func (c *Conn) Request() *http.Request { return c.request }

// Protocol returns the subprotocol that was agreed; empty: none.
func (c *Conn) Protocol() string { return c.protocol }

// ReadMessage waits for the next message. After the last one it returns a *CloseError if the peer
// closed, or the error that ended the connection.
func (c *Conn) ReadMessage() (Opcode, []byte, error) {
	opcode, data, err := c.ReadSlice()
	return opcode, append([]byte(nil), data...), err
}

// ReadSlice is ReadMessage without a copy: the bytes stop being valid at the next call, as those of
// bufio.Reader.ReadSlice do.
func (c *Conn) ReadSlice() (Opcode, []byte, error) {
	c.reading.Lock()
	defer c.reading.Unlock()
	return c.next()
}

// next returns the next message, a part of buf.
func (c *Conn) next() (Opcode, []byte, error) {
	for {
		for len(c.events) > 0 {
			event := c.events[0]
			c.events = c.events[1:]
			switch event.Opcode {
			case Text, Binary:
				return event.Opcode, event.Data, nil
			case CloseFrame:
				c.readErr = &CloseError{event.CloseCode, string(event.Data)}
				c.queueOutput()
			case Ping:
				c.queueOutput()
			case Pong:
				c.pong(event.Data)
			}
		}
		if c.readErr != nil {
			c.flushSoon()
			return 0, nil, c.readErr
		}
		if err := c.receive(); err != nil {
			return 0, nil, err
		}
	}
}

func (c *Conn) pong(payload []byte) {
	if c.OnPong == nil {
		return
	}
	c.OnPong(payload)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		c.conn.SetDeadline(c.deadline) // which OnPong may have put off
	}
}

// receive waits for input if there is none, and processes it. It sets readErr for an error of the
// peer; it returns those of the network, which may be temporary. A write that failed does not end
// it: what the peer sent before, such as the reason, may still arrive.
func (c *Conn) receive() error {
	if len(c.input) == 0 {
		c.flushSoon()
		n, err := c.conn.Read(c.buf)
		if n == 0 && err != nil {
			return c.ended(err)
		}
		c.input = c.buf[:n]
		if n == len(c.buf) && n < largestRead {
			c.buf = make([]byte, 2*n) // there is more
		}
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	events, used, err := c.codec.Receive(c.input)
	c.mu.Unlock()
	c.events, c.input = events, c.input[used:]
	if err != nil {
		c.readErr = err
		c.queueOutput()
	}
	return nil
}

// ended returns what the end of the stream or an error of the network means.
func (c *Conn) ended(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.closed:
		return net.ErrClosed
	case c.writeErr != nil: // it came first
		return c.writeErr
	case !errors.Is(err, io.EOF):
		return err
	}
	c.readErr = c.codec.Finish()
	return c.readErr
}

// WriteMessage sends a message, and returns once the network has taken it. Text is not checked.
func (c *Conn) WriteMessage(opcode Opcode, data []byte) error {
	if _, err := c.enqueue(opcode, data); err != nil {
		return err
	}
	return c.Flush()
}

// QueueMessage sends a message with the next call of Flush or WriteMessage, or before a call of
// ReadMessage or ReadSlice waits for the network. So the replies to messages that arrived together
// leave together. It waits only if much is queued.
func (c *Conn) QueueMessage(opcode Opcode, data []byte) error {
	queued, err := c.enqueue(opcode, data)
	if err == nil && queued >= largestQueue {
		err = c.Flush()
	}
	return err
}

func (c *Conn) enqueue(opcode Opcode, data []byte) (queued int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	c.queue, err = c.codec.AppendMessage(c.queue, opcode, data, 0)
	return len(c.queue), err
}

// queueOutput queues what the protocol requires: pongs and close frames. While much is queued that
// waits in the codec, which keeps only the last pong: a peer that does not read its pongs could
// otherwise fill the memory.
func (c *Conn) queueOutput() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.outputDue = len(c.queue) >= largestQueue; !c.outputDue {
		c.appendOutput()
	}
}

func (c *Conn) appendOutput() {
	c.outputDue = false
	if !c.closed {
		// It fails only without random bytes; the peer then gets no reply.
		c.queue, _ = c.codec.AppendOutput(c.queue)
	}
}

// Flush writes what is queued. An error is final.
func (c *Conn) Flush() error {
	c.writing.Lock()
	defer c.writing.Unlock()
	out, err := c.takeQueue()
	if len(out) == 0 || err != nil {
		return err
	}
	_, err = c.conn.Write(out)
	c.written(out, err)
	return err
}

// flushSoon has what is queued written, and does not wait for it: the peer may be one that reads
// nothing before its own messages are read.
func (c *Conn) flushSoon() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 && !c.flushing {
		c.flushing = true
		go c.flush()
	}
}

func (c *Conn) takeQueue() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flushing = false
	if c.outputDue {
		c.appendOutput()
	}
	out := c.queue
	if len(out) > 0 {
		c.queue, c.spare = c.spare, nil
	}
	return out, c.writeErr
}

// written takes over the buffer of a write, and its outcome.
func (c *Conn) written(out []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeErr = err
	if cap(out) <= 2*largestQueue {
		c.spare = out[:0]
	}
}

// WriteClose sends a close frame, unless one was sent. Read on until the peer's close frame.
func (c *Conn) WriteClose(code CloseCode, reason string) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	var err error
	c.queue, err = c.codec.AppendClose(c.queue, code, reason)
	c.mu.Unlock()
	if err != nil {
		return fmt.Errorf("close code %d, reason %q: %w", code, reason, err)
	}
	return c.Flush()
}

// Close does the closing handshake, with CloseNormal unless WriteClose was called, and closes the
// connection. It discards messages that still arrive, and waits for CloseTimeout at most.
func (c *Conn) Close() error {
	if !c.startClosing() {
		return net.ErrClosed
	}
	if err := c.WriteClose(CloseNormal, ""); err == nil {
		c.discard()
	}
	err := hangUp(c.conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.codec.Free()
	return err
}

// startClosing sets the deadline, and reports whether it was the first call.
func (c *Conn) startClosing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.closing = true
	c.deadline = time.Now().Add(c.closeTimeout)
	c.conn.SetDeadline(c.deadline)
	return true
}

// discard reads until the messages end.
func (c *Conn) discard() {
	c.reading.Lock()
	defer c.reading.Unlock()
	c.buf = make([]byte, firstRead) // ReadSlice may have returned a part of the other one
	for {
		if _, _, err := c.next(); err != nil {
			return
		}
	}
}

// hangUp shuts down sending, and waits for the peer to close until conn's deadline: closing at once
// can destroy what is on its way (RFC 6455, 7.1.1).
func hangUp(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok && half.CloseWrite() == nil {
		io.Copy(io.Discard, conn)
	}
	return conn.Close()
}

// orDefault returns a time, or its default if it is 0.
func orDefault(timeout, standard time.Duration) time.Duration {
	if timeout == 0 {
		return standard
	}
	return timeout
}
