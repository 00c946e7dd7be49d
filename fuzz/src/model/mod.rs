//! A connection, predicted from the description in the header.

pub(crate) mod connection;
pub(crate) mod incoming;
pub(crate) mod session;
