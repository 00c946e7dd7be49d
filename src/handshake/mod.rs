//! The opening handshake (RFC 6455, 4) of servers and clients.
//!
//! In reading order:
//!
//! | what                                | where |
//! |-------------------------------------|-------|
//! | A head: start line and fields       | [`headers`], `start_line`, [`names`] |
//! | The value of a field                | [`values`], `chars`, [`key`], [`origin`] |
//! | A list as a value                   | [`protocols`], [`extensions`], [`pmd`] |
//! | The resource of a request           | `target`, `authority` |
//! | Judging a head                      | [`request`], [`response`] |
//! | Judging what another parser has read | [`parsed`] |
//! | Writing a head                      | [`build`], [`reply`] |
//! | The handshake of one side as a whole | [`server`], [`client`] |

mod authority;
pub mod build;
mod chars;
pub mod client;
pub mod extensions;
pub mod headers;
pub mod key;
pub mod names;
pub mod origin;
pub mod parsed;
pub mod pmd;
pub mod protocols;
pub mod reply;
pub mod request;
pub mod response;
pub mod server;
mod start_line;
mod target;
pub mod values;
