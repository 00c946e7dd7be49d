//! The opening handshake (RFC 6455, 4) of servers and clients.
//!
//! In reading order:
//!
//! | what                                         | where |
//! |----------------------------------------------|-------|
//! | a head: its start line and its fields        | `start_line`, [`names`], [`headers`] |
//! | the values of fields                         | [`values`], `chars`, [`key`], [`origin`] |
//! | lists as values                              | [`protocols`], [`extensions`], [`pmd`] |
//! | the target and the host of a request         | `target`, `authority` |
//! | reading and judging a head                   | [`request`], [`response`] |
//! | judging fields that an HTTP library has read | [`parsed`] |
//! | writing a head                               | [`build`], [`reply`] |
//! | all steps of one side                        | [`server`], [`client`] |

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
