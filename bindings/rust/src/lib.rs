//! The crate [`wscodec`] for programs that have the standard library.
//!
//! `wscodec` is `no_std` and writes into memory that may be uninitialised, which safe code cannot
//! read afterwards. This crate appends to a `Vec` instead, and owns what it returns:
//!
//! | what                                              | where |
//! |---------------------------------------------------|-------|
//! | a connection over a stream of Tokio               | [`WebSocket`] |
//! | a connection without I/O, for any other loop      | [`Codec`] |
//! | the opening handshake of a server, and a client   | [`Server`], [`Client`] |
//! | frames                                            | [`frame`] |
//!
//! What else `wscodec` has needs no wrapper: [`wscodec::close`], [`wscodec::utf8`],
//! [`wscodec::handshake`].
//!
//! A [`Codec`] and a [`WebSocket`] are [`Send`]: they may move to another thread.

mod append;
mod client;
mod codec;
pub mod frame;
#[cfg(feature = "tokio")]
mod opening;
#[cfg(feature = "tokio")]
mod refused;
mod server;
#[cfg(feature = "tokio")]
mod stream;
mod timeouts;
#[cfg(feature = "tokio")]
mod websocket;

pub use client::{Client, Confirmed};
pub use codec::{Codec, Event, Events};
#[cfg(feature = "tokio")]
pub use opening::Request;
#[cfg(feature = "tokio")]
pub use refused::Refused;
pub use server::{Accepted, Server};
pub use timeouts::Timeouts;
#[cfg(feature = "tokio")]
pub use websocket::{Closed, Message, Received, WebSocket};

pub use wscodec;
pub use wscodec::conn::{Opt, Side, State};
pub use wscodec::deflate::{Direction, Params};
pub use wscodec::error::{Error, Result};
pub use wscodec::frame::Opcode;

/// The longest request or response head, in bytes.
pub use wscodec::handshake::headers::MAX_HEAD;
