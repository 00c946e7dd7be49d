//! The opening handshake over a stream of Tokio.

use crate::append::append;
use crate::client::Client;
use crate::codec::Codec;
use crate::refused::Refused;
use crate::server::{Accepted, Server};
use crate::stream::{FIRST_READ, hang_up, other};
use crate::timeouts::Timeouts;
use crate::websocket::WebSocket;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use wscodec::error::{Error, Result};
use wscodec::handshake::headers::{self, head_length};
use wscodec::handshake::reply::{self, MAX_REPLY};
use wscodec::handshake::request;

/// A valid request of a client, to be accepted or refused.
#[derive(Debug)]
pub struct Request<S> {
    pending: Pending<S>,
    buf: Vec<u8>,
    head_len: usize,
    codec: Codec,
    protocol: Option<String>,
    response: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Request<S> {
    /// Reads a request. One that the server does not accept is replied to, and is an error.
    pub async fn read(mut stream: S, server: &Server) -> io::Result<Request<S>> {
        let (since, timeouts) = (Instant::now(), server.timeouts);
        let reading = read_request(&mut stream, server);
        let (buf, accepted) = timeout(timeouts.opening, reading).await??;
        let pending = Pending { stream, timeouts, since };
        let Accepted { codec, response, head_len, protocol } = accepted;
        match codec {
            Ok(codec) => {
                Ok(Request { pending, buf, head_len, codec, protocol, response })
            }
            Err(error) => {
                pending.refuse(&response).await?;
                Err(other(error))
            }
        }
    }

    /// The path and the query: `"/chat?room=1"`.
    #[must_use]
    pub fn target(&self) -> &str {
        let request = request::read(self.head()).ok().flatten();
        let target = request.and_then(|request| std::str::from_utf8(request.target).ok());
        target.unwrap_or_default() // not reached: a target is valid UTF-8
    }

    /// The value of the first header field with this name, in any case: `"cookie"`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        headers::find(self.head(), name.as_bytes()).ok().flatten()
    }

    /// The whole head, with the empty line. [`wscodec::handshake::request::read`] parses it.
    #[must_use]
    pub fn head(&self) -> &[u8] {
        &self.buf[..self.head_len]
    }

    /// The subprotocol that is agreed if the request is accepted.
    #[must_use]
    pub fn protocol(&self) -> Option<&str> {
        self.protocol.as_deref()
    }

    /// The stream, for example to learn the address of the peer.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.pending.stream
    }

    /// Accepts the request.
    pub async fn accept(mut self) -> io::Result<WebSocket<S>> {
        self.pending.respond(&self.response).await?;
        let Pending { stream, timeouts, .. } = self.pending;
        let (buf, from) = (self.buf, self.head_len);
        Ok(WebSocket::new(stream, self.codec, self.protocol, buf, from, timeouts.closing))
    }

    /// Refuses the request, and ends the connection. `headers` are complete lines:
    /// `"Name: value\r\n"`. A status that is not one of a refusal is an error.
    pub async fn refuse(self, status: u16, headers: &str, body: &[u8]) -> io::Result<()> {
        let (mut response, headers) = (Vec::new(), headers.as_bytes());
        let room = MAX_REPLY + headers.len() + body.len();
        append(&mut response, room, |room| reply::build(status, headers, body, room))
            .map_err(other)?;
        self.pending.refuse(&response).await
    }
}

/// A stream on which a response is due.
#[derive(Debug)]
struct Pending<S> {
    stream: S,
    timeouts: Timeouts,
    since: Instant,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Pending<S> {
    async fn respond(&mut self, response: &[u8]) -> io::Result<()> {
        let left = self.timeouts.opening.saturating_sub(self.since.elapsed());
        timeout(left, write(&mut self.stream, response)).await?
    }

    async fn refuse(mut self, response: &[u8]) -> io::Result<()> {
        self.respond(response).await?;
        // The connection has ended, whatever comes of this.
        let _ = timeout(self.timeouts.closing, hang_up(&mut self.stream)).await;
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocket<S> {
    /// The opening handshake of a server. A refused request is replied to, and is an error. To look
    /// at the request first, use [`Request::read`].
    pub async fn accept(stream: S, server: &Server) -> io::Result<WebSocket<S>> {
        Request::read(stream, server).await?.accept().await
    }

    /// The opening handshake of a client. For the host and the target see [`Client::request`]. The
    /// error contains a [`Refused`] if the server does not accept the connection.
    pub async fn connect(
        stream: S,
        client: &Client,
        host: &str,
        target: &str,
    ) -> io::Result<WebSocket<S>> {
        let handshake = handshake(stream, client, host, target);
        timeout(client.timeouts.opening, handshake).await?
    }
}

impl WebSocket<TcpStream> {
    /// Connects to a URL such as `"ws://127.0.0.1:8080/chat"`. See [`WebSocket::connect`].
    pub async fn dial(client: &Client, url: &str) -> io::Result<WebSocket<TcpStream>> {
        let (host, target) = split(url).ok_or_else(|| {
            let text = format!("{url:?}: not a URL of the form ws://HOST[:PORT][/PATH]");
            io::Error::new(io::ErrorKind::InvalidInput, text)
        })?;
        let has_port =
            host.rsplit_once(':').is_some_and(|(_, port)| !port.ends_with(']'));
        let address = if has_port { host.into() } else { format!("{host}:80") };
        timeout(client.timeouts.opening, async {
            let stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            handshake(stream, client, host, target).await
        })
        .await?
    }
}

/// The host and the target of a URL.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("ws://")?;
    let (host, target) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, "/"),
    };
    Some((host, target)).filter(|_| !host.is_empty())
}

async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    client: &Client,
    host: &str,
    target: &str,
) -> io::Result<WebSocket<S>> {
    let request = client.request(host, target).map_err(other)?;
    write(&mut stream, &request).await?;
    let mut buf = Vec::new();
    loop {
        let head = read_head(&mut stream, &mut buf).await?;
        let confirmed = client.confirm(&buf, &request).map_err(other)?;
        let Some(confirmed) = confirmed else {
            return Err(other(head.err().unwrap_or(Error::Eof)));
        };
        let (protocol, head_len) = (confirmed.protocol, confirmed.head_len);
        match (confirmed.codec, confirmed.status) {
            (Some(codec), _) => {
                let closing = client.timeouts.closing;
                return Ok(WebSocket::new(
                    stream, codec, protocol, buf, head_len, closing,
                ));
            }
            // Another response follows.
            (None, 100..=199) => drop(buf.drain(..head_len)),
            (None, status) => {
                buf.truncate(head_len);
                return Err(io::Error::other(Refused { status, head: buf }));
            }
        }
    }
}

/// Writes, also through a stream that has a buffer.
async fn write<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Reads until a head is complete, or known to be invalid.
async fn read_head<S: AsyncRead + Unpin>(
    stream: &mut S,
    buf: &mut Vec<u8>,
) -> io::Result<Result<()>> {
    let mut scanned = 0;
    loop {
        match head_length(buf, &mut scanned) {
            Ok(None) => {}
            Ok(Some(_)) => return Ok(Ok(())),
            Err(error) => return Ok(Err(error)),
        }
        buf.reserve(FIRST_READ);
        if stream.read_buf(buf).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    server: &Server,
) -> io::Result<(Vec<u8>, Accepted)> {
    let mut buf = Vec::new();
    let head = read_head(stream, &mut buf).await?;
    let accepted = server.accept(&buf).map_err(other)?;
    let accepted = match (accepted, head) {
        (Some(accepted), _) => accepted,
        (None, Err(error)) => Server::refuse(error).map_err(other)?,
        (None, Ok(())) => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    Ok((buf, accepted))
}
