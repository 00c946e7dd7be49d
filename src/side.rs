//! The two ends of a connection.

/// Which end this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Side {
    Server,
    Client,
}
