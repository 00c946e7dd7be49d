//! How long a connection waits for its peer.

use std::time::Duration;

/// How long a [`WebSocket`](crate::WebSocket) waits for its peer. (A [`Codec`](crate::Codec) has no
/// clock.)
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the whole opening handshake, and for connecting before it. The default is ten seconds.
    pub opening: Duration,
    /// For the whole of [`WebSocket::close`](crate::WebSocket::close), and for the end of a
    /// connection that was refused. The default is one second.
    pub closing: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { opening: Duration::from_secs(10), closing: Duration::from_secs(1) }
    }
}
