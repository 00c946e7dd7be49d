//! The opening handshake (RFC 6455, 4), both sides of it.
//!
//! [`headers`] takes HTTP heads apart, [`values`] the values of their fields; [`protocols`] and
//! [`extensions`] are the lists in them, `target` and `authority` what a request asks for.
//! [`request`] and [`response`] judge what a WebSocket demands of the two sides, whether it stood
//! in a head or another parser has read it, and write heads; [`server`] and [`client`] are the whole
//! part of each; [`accept`] has the key and its answer, [`origin`] tells whose page a browser speaks
//! for.

mod authority;
mod chars;
pub mod client;
pub mod extensions;
pub mod headers;
pub mod key;
pub mod origin;
pub mod pmd;
pub mod protocols;
pub mod request;
pub mod response;
pub mod server;
mod target;
pub mod values;
