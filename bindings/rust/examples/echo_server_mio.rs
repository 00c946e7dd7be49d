//! An echo server on mio: one thread, one loop, and no I/O in the library.
//!
//!     echo_server_mio [--port N]

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Registry, Token};
use std::collections::HashMap;
use std::io::{self, ErrorKind::WouldBlock, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::time::{Duration, Instant};
use wscodec_std::wscodec::handshake::headers::head_length;
use wscodec_std::{Codec, Error, Opcode, Opt, Server, State};

const LISTENER: Token = Token(0);
/// The time that a peer has for the opening handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a peer has to close its side.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// A peer is not read while it has more than this to read.
const LARGEST_OUT: usize = 256 << 10;

enum Stage {
    /// The head that has arrived, and how much of it was scanned.
    Opening(Vec<u8>, usize),
    Open(Box<Codec>),
    /// What arrives is ignored until the peer closes.
    Ending,
}

struct Peer {
    stream: TcpStream,
    stage: Stage,
    out: Vec<u8>,
    /// When the connection is dropped.
    deadline: Option<Instant>,
    readable: bool,
}

impl Peer {
    fn new(stream: TcpStream) -> Peer {
        let stage = Stage::Opening(Vec::new(), 0);
        let deadline = Some(Instant::now() + HANDSHAKE_TIMEOUT);
        Peer { stream, stage, out: Vec::new(), deadline, readable: false }
    }

    /// Reads and writes until neither can go on. Fails when the connection is to be dropped.
    fn advance(&mut self, server: &Server, buf: &mut [u8]) -> io::Result<()> {
        self.write()?;
        while self.readable && self.out.len() < LARGEST_OUT {
            match self.stream.read(buf) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(n) => self.take(server, &mut buf[..n]).map_err(io::Error::other)?,
                Err(error) if error.kind() == WouldBlock => self.readable = false,
                Err(error) => return Err(error),
            }
            self.write()?;
        }
        Ok(())
    }

    fn write(&mut self) -> io::Result<()> {
        let mut written = 0;
        while written < self.out.len() {
            match self.stream.write(&self.out[written..]) {
                Ok(n) => written += n,
                Err(error) if error.kind() == WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.out.drain(..written);
        if self.out.is_empty() && matches!(self.stage, Stage::Ending) {
            self.stream.shutdown(Shutdown::Write)?;
        }
        Ok(())
    }

    fn take(&mut self, server: &Server, input: &mut [u8]) -> Result<(), Error> {
        match &mut self.stage {
            Stage::Opening(head, scanned) => {
                head.extend_from_slice(input);
                let length = head_length(head, scanned);
                if length == Ok(None) {
                    return Ok(());
                }
                let mut head = std::mem::take(head);
                let accepted = match (server.accept(&head)?, length) {
                    (None, Err(error)) => Server::refuse(error)?,
                    (None, Ok(_)) => return Err(Error::HttpSyntax),
                    (Some(accepted), _) => accepted,
                };
                self.out.extend(accepted.response);
                let Ok(codec) = accepted.codec else {
                    self.end();
                    return Ok(());
                };
                self.stage = Stage::Open(Box::new(codec));
                self.deadline = None;
                self.receive(&mut head[accepted.head_len..])
            }
            Stage::Open(_) => self.receive(input),
            Stage::Ending => Ok(()),
        }
    }

    fn receive(&mut self, mut input: &mut [u8]) -> Result<(), Error> {
        let Stage::Open(codec) = &mut self.stage else { return Ok(()) };
        while !input.is_empty() {
            let used = match codec.receive(input) {
                Ok((events, used)) => {
                    for event in events {
                        if matches!(event.opcode, Opcode::Text | Opcode::Binary) {
                            codec.send(event.opcode, &event.data, &mut self.out)?;
                        }
                    }
                    used
                }
                Err(_) => input.len(), // the output tells the peer
            };
            codec.output(&mut self.out)?;
            input = &mut input[used..];
        }
        if matches!(codec.state(), State::Closed | State::Failed) {
            self.end();
        }
        Ok(())
    }

    /// Closing at once could destroy what is on its way (RFC 6455, 7.1.1).
    fn end(&mut self) {
        self.stage = Stage::Ending;
        self.deadline = Some(Instant::now() + CLOSE_TIMEOUT);
    }
}

fn accept(
    listener: &TcpListener,
    registry: &Registry,
    peers: &mut HashMap<Token, Peer>,
    last: &mut usize,
) {
    while let Ok((mut stream, _)) = listener.accept() {
        *last += 1;
        let interest = Interest::READABLE | Interest::WRITABLE;
        let registered = registry.register(&mut stream, Token(*last), interest);
        if registered.is_ok() && stream.set_nodelay(true).is_ok() {
            peers.insert(Token(*last), Peer::new(stream));
        }
    }
}

fn serve(port: u16) -> io::Result<()> {
    let server = Server {
        protocols: "chat, superchat".into(),
        options: vec![(Opt::MaxMessage, 16 << 20)],
        ..Server::default()
    };
    let mut listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
    println!("listening on http://{}", listener.local_addr()?);
    let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(256));
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let (mut peers, mut last) = (HashMap::new(), LISTENER.0);
    let mut buf = vec![0; 64 << 10]; // the codecs keep no input, so one serves all
    loop {
        let next = peers.values().filter_map(|peer: &Peer| peer.deadline).min();
        poll.poll(
            &mut events,
            next.map(|at| at.saturating_duration_since(Instant::now())),
        )?;
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, poll.registry(), &mut peers, &mut last);
            } else if let Some(peer) = peers.get_mut(&event.token()) {
                peer.readable |= event.is_readable();
                if peer.advance(&server, &mut buf).is_err() {
                    peers.remove(&event.token());
                }
            }
        }
        let now = Instant::now();
        peers.retain(|_, peer| peer.deadline.is_none_or(|at| at > now));
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match &arguments[..] {
        [] => Some(8080),
        [option, port] if option == "--port" => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        println!("usage: echo_server_mio [--port N]");
        return Ok(());
    };
    serve(port)
}
