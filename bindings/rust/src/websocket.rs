//! A connection over a stream of Tokio.

use crate::codec::{Codec, Event};
use crate::stream::{FIRST_READ, hang_up, other};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::timeout;
use wscodec::error::{Error, Result};
use wscodec::frame::Opcode;

const LARGEST_READ: usize = 64 << 10;
/// While more than this is queued, further messages and pongs wait.
const LARGEST_QUEUE: usize = 64 << 10;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Message {
    Text(String),
    Binary(Vec<u8>),
}

/// What [`WebSocket::receive`] returns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// A message.
    Message(Message),
    /// The payload of a pong.
    Pong(Vec<u8>),
}

/// The close frame of the peer, with which its messages end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Its code, or [`wscodec::close::NO_STATUS`].
    pub code: u16,
    /// Its reason.
    pub reason: String,
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the peer closed with {} {:?}", self.code, self.reason)
    }
}

/// A connection. The protocol goes on while [`WebSocket::next`] waits for messages: that also
/// replies to pings and close frames, and writes what is queued.
///
/// All of its functions but [`WebSocket::close`] may be cancelled. No byte is lost or repeated, and
/// a message is either queued or not: [`WebSocket::send`] says when, and [`WebSocket::queue`].
#[derive(Debug)]
pub struct WebSocket<S> {
    stream: S,
    codec: Codec,
    protocol: Option<String>,
    /// `buf[from..to]` has arrived and is not processed.
    buf: Vec<u8>,
    from: usize,
    to: usize,
    received: VecDeque<Received>,
    /// A ping or a close frame was received, or an error: the codec has output.
    owes: bool,
    end: Option<End>,
    /// `out[written..]` is to be written.
    out: Vec<u8>,
    written: usize,
    /// The time that the peer has to close its side.
    closing: Duration,
}

/// What comes after the last message.
#[derive(Clone, Debug)]
enum End {
    Closed(Closed),
    Failed(Error),
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    pub(crate) fn new(
        stream: S,
        codec: Codec,
        protocol: Option<String>,
        mut buf: Vec<u8>,
        from: usize,
        closing: Duration,
    ) -> WebSocket<S> {
        let to = buf.len();
        buf.resize(to.max(FIRST_READ), 0);
        WebSocket {
            stream,
            codec,
            protocol,
            buf,
            from,
            to,
            received: VecDeque::new(),
            owes: false,
            end: None,
            out: Vec::new(),
            written: 0,
            closing,
        }
    }

    /// The subprotocol that was agreed.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// How the peer has closed, once [`WebSocket::next`] has returned None.
    #[must_use]
    pub fn closed(&self) -> Option<&Closed> {
        match &self.end {
            Some(End::Closed(closed)) => Some(closed),
            _ => None,
        }
    }

    /// The stream, for example to learn the address of the peer.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream, for example to set an option of its socket. What is read from it or written to
    /// it is missing in the connection.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Waits for the next message, and ignores pongs. None: the peer has closed. While it waits for
    /// the network, it writes what is queued.
    pub async fn next(&mut self) -> io::Result<Option<Message>> {
        loop {
            match self.receive().await? {
                Some(Received::Message(message)) => return Ok(Some(message)),
                Some(Received::Pong(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// Like [`WebSocket::next`], but also returns pongs.
    pub async fn receive(&mut self) -> io::Result<Option<Received>> {
        loop {
            if let Some(received) = self.received.pop_front() {
                return Ok(Some(received));
            }
            // After the messages before it were handled: that is the order of the replies.
            if self.queued() < LARGEST_QUEUE || self.end.is_some() {
                self.reply()?;
            }
            if let Some(end) = self.end.clone() {
                // The peer may be gone already, which changes nothing.
                let _ = self.flush().await;
                return match end {
                    End::Closed(_) => Ok(None),
                    End::Failed(error) => Err(other(error)),
                };
            }
            if self.from == self.to {
                self.read().await?;
            }
            if self.from < self.to {
                self.process();
            }
        }
    }

    /// Queues the reply to a ping, to a close frame or to an error.
    fn reply(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.owes) {
            self.codec.output(&mut self.out).map_err(other)?;
        }
        Ok(())
    }

    /// Reads once. Meanwhile it writes what is queued: if both peers only wrote, neither could go
    /// on.
    async fn read(&mut self) -> io::Result<()> {
        if self.to == self.buf.len() && self.to < LARGEST_READ {
            self.buf.resize(2 * self.to, 0); // the last read has filled it
        }
        (self.from, self.to) = (0, 0);
        poll_fn(|cx| {
            // A pong waits while much is queued, and a later one takes its place.
            while self.poll_flush(cx)?.is_ready() && self.owes {
                self.reply()?;
            }
            self.poll_read(cx)
        })
        .await
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut buf = ReadBuf::new(&mut self.buf);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
        self.to = buf.filled().len();
        if self.to == 0 {
            self.end = self.codec.finish().err().map(End::Failed);
        }
        Poll::Ready(Ok(()))
    }

    /// Processes what was read: all, or as much as gives events.
    fn process(&mut self) {
        self.owes |= match self.codec.receive(&mut self.buf[self.from..self.to]) {
            Ok((events, used)) => {
                self.from += used;
                let mut owes = false;
                for event in events {
                    owes |= event.opcode.is_control();
                    match take(event) {
                        Ok(Some(Incoming::Received(received))) => {
                            self.received.push_back(received);
                        }
                        Ok(Some(Incoming::Closed(closed))) => {
                            self.end = Some(End::Closed(closed));
                        }
                        Ok(None) => {}
                        Err(error) => self.end = Some(End::Failed(error)),
                    }
                }
                owes
            }
            Err(error) => {
                self.end = Some(End::Failed(error));
                true
            }
        };
    }

    /// Queues a message. It is written by [`WebSocket::flush`], or while [`WebSocket::next`] waits
    /// for the network, so that the replies to messages that arrived together leave together.
    ///
    /// This function waits only if much is queued. If it is cancelled, the message is not queued.
    pub async fn queue(&mut self, message: &Message) -> io::Result<()> {
        if self.queued() >= LARGEST_QUEUE {
            self.flush().await?;
        }
        self.append(message)
    }

    /// Sends a message. The call itself queues it, and the future only waits until it is written.
    /// If that is cancelled, do not send the message again: [`WebSocket::flush`] and
    /// [`WebSocket::next`] write the rest.
    pub fn send(
        &mut self,
        message: &Message,
    ) -> impl Future<Output = io::Result<()>> + use<'_, S> {
        let queued = self.append(message);
        async move {
            queued?;
            self.flush().await
        }
    }

    /// Queues a ping, whose payload has at most 125 bytes. [`WebSocket::receive`] returns the pong.
    pub fn ping(&mut self, payload: &[u8]) -> io::Result<()> {
        self.codec.send(Opcode::Ping, payload, &mut self.out).map_err(other)
    }

    fn append(&mut self, message: &Message) -> io::Result<()> {
        let (opcode, payload) = match message {
            Message::Text(text) => (Opcode::Text, text.as_bytes()),
            Message::Binary(data) => (Opcode::Binary, &data[..]),
        };
        self.codec.send(opcode, payload, &mut self.out).map_err(other)
    }

    /// How many bytes are to be written.
    fn queued(&self) -> usize {
        self.out.len() - self.written
    }

    /// Writes what is queued. It does not read: peers that both wait here for the other to read
    /// wait for ever, unlike in [`WebSocket::next`].
    pub async fn flush(&mut self) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.out.len() {
            let rest = &self.out[self.written..];
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        self.out.clear();
        self.out.shrink_to(LARGEST_QUEUE);
        self.written = 0;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Sends a close frame, unless one was sent, discards the messages that still arrive, and
    /// closes the stream. For all of this the peer has the time of
    /// [`Timeouts::closing`](crate::Timeouts::closing).
    pub async fn close(mut self, code: u16, reason: &str) -> io::Result<Option<Closed>> {
        self.codec.close(code, reason, &mut self.out).map_err(other)?;
        let (allowed, mut outcome) = (self.closing, Err(io::ErrorKind::TimedOut.into()));
        let closing = async {
            outcome = self.discard().await;
            hang_up(&mut self.stream).await
        };
        // Once the peer's close frame has arrived, an error of the stream changes nothing.
        let _ = timeout(allowed, closing).await;
        outcome.map(|()| self.closed().cloned())
    }

    /// Reads until the peer has closed.
    async fn discard(&mut self) -> io::Result<()> {
        while self.receive().await?.is_some() {}
        Ok(())
    }
}

/// An event that an application gets to know.
enum Incoming {
    Received(Received),
    Closed(Closed),
}

fn take(event: Event<'_>) -> Result<Option<Incoming>> {
    let text = |data: Vec<u8>| String::from_utf8(data).map_err(|_| Error::Utf8);
    let data = event.data.into_owned();
    let message = |message| Incoming::Received(Received::Message(message));
    Ok(Some(match event.opcode {
        Opcode::Text => message(Message::Text(text(data)?)),
        Opcode::Binary => message(Message::Binary(data)),
        Opcode::Pong => Incoming::Received(Received::Pong(data)),
        Opcode::Close => {
            Incoming::Closed(Closed { code: event.close_code, reason: text(data)? })
        }
        _ => return Ok(None),
    }))
}
