//! The opening handshake of a client.

use crate::append::append;
use crate::codec::Codec;
use crate::timeouts::Timeouts;
use wscodec::conn::{Opt, Side};
use wscodec::deflate::Params;
use wscodec::error::Result;
use wscodec::handshake::build::{RequestSpec, request};
use wscodec::handshake::key::Key;
use wscodec::handshake::reply::MAX_REPLY;
use wscodec::handshake::{client, pmd};

/// What a client offers. The default offers nothing.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The subprotocols that are offered, most preferred first: `"chat, superchat"`.
    pub protocols: String,
    /// For a server that checks it; empty: none.
    pub origin: String,
    /// Further complete lines of the request: `"Name: value\r\n"`.
    pub headers: String,
    /// The compression that is offered.
    pub deflate: Option<Params>,
    /// Options of each connection.
    pub options: Vec<(Opt, u64)>,
    /// How long each connection waits for its peer.
    pub timeouts: Timeouts,
}

/// What a server has responded.
#[derive(Debug)]
pub struct Confirmed {
    /// The connection; None: the status is not 101.
    pub codec: Option<Codec>,
    /// The status of the response.
    pub status: u16,
    /// Where in the buffer the first frames start.
    pub head_len: usize,
    /// The subprotocol that was chosen.
    pub protocol: Option<String>,
}

impl Client {
    /// An opening request for a host, such as `"example.com:8080"`, and a target, such as
    /// `"/chat?room=1"`.
    pub fn request(&self, host: &str, target: &str) -> Result<Vec<u8>> {
        let (key, offer) = (Key::random()?, self.deflate.as_ref().map(pmd::offer));
        let spec = RequestSpec {
            host: host.as_bytes(),
            target: target.as_bytes(),
            key: key.as_bytes(),
            origin: self.origin.as_bytes(),
            protocols: self.protocols.as_bytes(),
            extensions: offer.as_ref().map_or(&[], |offer| offer.as_bytes()),
            headers: self.headers.as_bytes(),
        };
        let given = [host, target, &self.origin, &self.protocols, &self.headers];
        let room = MAX_REPLY + given.iter().map(|part| part.len()).sum::<usize>();
        let mut out = Vec::new();
        append(&mut out, room, |room| request(&spec, room))?;
        Ok(out)
    }

    /// Checks the response at the start of `buf`, which may hold more; None: it is incomplete.
    /// `request` is what [`Client::request`] has returned.
    pub fn confirm(&self, buf: &[u8], request: &[u8]) -> Result<Option<Confirmed>> {
        let confirmed = client::confirm(buf, request, self.deflate.as_ref())?;
        let Some((response, agreed)) = confirmed else { return Ok(None) };
        let codec = match response.status {
            101 => Some(self.codec(agreed)?),
            _ => None,
        };
        let protocol = response.protocol.map(String::from_utf8_lossy);
        Ok(Some(Confirmed {
            codec,
            status: response.status,
            head_len: response.head_len,
            protocol: protocol.map(|name| name.into_owned()),
        }))
    }

    fn codec(&self, agreed: Option<Params>) -> Result<Codec> {
        let mut codec = Codec::new(Side::Client, agreed)?;
        for (option, value) in &self.options {
            codec.set(*option, *value)?;
        }
        Ok(codec)
    }
}
