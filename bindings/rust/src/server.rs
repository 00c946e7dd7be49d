//! The opening handshake of a server.

use crate::append::append;
use crate::codec::Codec;
use crate::timeouts::Timeouts;
use wscodec::conn::{Opt, Side};
use wscodec::deflate::Params;
use wscodec::error::{Error, Result};
use wscodec::handshake::reply::{self, MAX_REPLY};
use wscodec::handshake::server::{Policy, Refusal};

/// Which clients a server accepts, and how. The default accepts all.
#[derive(Clone, Debug, Default)]
pub struct Server {
    /// The supported subprotocols, most preferred first: `"chat, superchat"`.
    pub protocols: String,
    /// Whether a client is refused that offers none of them.
    pub need_protocol: bool,
    /// Accept only pages of these origins, separated by spaces; None: of all.
    pub origins: Option<String>,
    /// Further complete lines for the response: `"Name: value\r\n"`.
    pub headers: String,
    /// The compression that is used if a client offers it.
    pub deflate: Option<Params>,
    /// Options of each connection.
    pub options: Vec<(Opt, u64)>,
    /// How long each connection waits for its peer.
    pub timeouts: Timeouts,
}

/// The outcome of a request.
#[derive(Debug)]
pub struct Accepted {
    /// The connection; or why the request was refused.
    pub codec: Result<Codec>,
    /// What to send in either case.
    pub response: Vec<u8>,
    /// Where in the buffer the first frames start.
    pub head_len: usize,
    /// The subprotocol that was chosen.
    pub protocol: Option<String>,
}

impl Server {
    fn policy(&self) -> Policy<'_> {
        Policy {
            protocols: self.protocols.as_bytes(),
            headers: self.headers.as_bytes(),
            pmd: self.deflate,
            origins: self.origins.as_deref().map(str::as_bytes),
            need_protocol: self.need_protocol,
        }
    }

    /// Fails if a field is invalid.
    pub fn check(&self) -> Result<()> {
        self.policy().check()?;
        self.codec(self.deflate).map(|_| ())
    }

    /// Replies to the request at the start of `buf`, which may hold more; None: it is incomplete.
    /// An error means that [`Server::check`] fails.
    pub fn accept(&self, buf: &[u8]) -> Result<Option<Accepted>> {
        self.check()?;
        let mut response = Vec::new();
        match self.policy().judge(buf) {
            Ok(None) => Ok(None),
            Ok(Some(acceptance)) => {
                let room = MAX_REPLY + self.headers.len() + self.protocols.len();
                append(&mut response, room, |room| acceptance.write(room))?;
                let protocol = acceptance.protocol.map(String::from_utf8_lossy);
                Ok(Some(Accepted {
                    codec: Ok(self.codec(acceptance.pmd())?),
                    response,
                    head_len: acceptance.head_len,
                    protocol: protocol.map(|name| name.into_owned()),
                }))
            }
            Err(Refusal { error, head_len }) => {
                append(&mut response, MAX_REPLY, |room| reply::refuse(error, room))?;
                Ok(Some(Accepted {
                    codec: Err(error),
                    response,
                    head_len,
                    protocol: None,
                }))
            }
        }
    }

    /// The reply to a head that is invalid before one of its lines is complete.
    pub fn refuse(error: Error) -> Result<Accepted> {
        let mut response = Vec::new();
        append(&mut response, MAX_REPLY, |room| reply::refuse(error, room))?;
        Ok(Accepted { codec: Err(error), response, head_len: 0, protocol: None })
    }

    fn codec(&self, agreed: Option<Params>) -> Result<Codec> {
        let mut codec = Codec::new(Side::Server, agreed)?;
        for (option, value) in &self.options {
            codec.set(*option, *value)?;
        }
        Ok(codec)
    }
}
