//! The error of a client that was refused.

use std::fmt;
use wscodec::error::Error;
use wscodec::handshake::headers;

/// The response of a server that has not accepted the connection. The `io::Error` of
/// [`WebSocket::connect`](crate::WebSocket::connect) contains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Its status, which is not 101.
    pub status: u16,
    /// Its head, with the empty line. The body is not read.
    pub head: Vec<u8>,
}

impl Refused {
    /// The value of the first header field with this name, in any case: `"location"`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        headers::find(&self.head, name.as_bytes()).ok().flatten()
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: status {}", Error::HandshakeStatus, self.status)
    }
}

impl std::error::Error for Refused {}
