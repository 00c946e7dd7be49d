//! The opening handshake (RFC 6455, 4), both sides of it.
//!
//! [`headers`] takes HTTP heads apart and [`negotiate`] the lists in them; [`request`] and
//! [`response`] say what a WebSocket demands of the two heads and write them; [`answer`] is the
//! server's whole part of it; [`accept`] has the key and its answer, [`origin`] tells whose page a
//! browser speaks for.

pub mod accept;
pub mod answer;
mod chars;
pub mod headers;
pub mod negotiate;
pub mod origin;
pub mod request;
pub mod response;
