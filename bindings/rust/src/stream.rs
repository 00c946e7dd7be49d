//! What the opening handshake and a connection both do with a stream.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wscodec::error::Error;

/// The size of the first read.
pub(crate) const FIRST_READ: usize = 4 << 10;

pub(crate) fn other(error: Error) -> io::Error {
    io::Error::other(error)
}

/// Shuts down sending, and waits for the peer to close: closing at once can destroy what is on its
/// way (RFC 6455, 7.1.1).
pub(crate) async fn hang_up<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
) -> io::Result<()> {
    stream.shutdown().await?;
    let mut ignored = [0; FIRST_READ];
    while stream.read(&mut ignored).await? > 0 {}
    Ok(())
}
