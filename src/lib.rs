//! A WebSocket engine (RFC 6455, RFC 7692) that never touches a socket: bytes in, events out.
//!
//! There are three layers. A program uses the one that fits it:
//!
//! | layer      | what it does                                    | where |
//! |------------|-------------------------------------------------|-------|
//! | Pieces     | the opening handshake: heads, keys, negotiation | [`handshake`] |
//! |            | one frame: header, payload, masking             | [`frame`] |
//! |            | text, close payloads                            | [`utf8`], [`close`] |
//! | Decoder    | many frames per call, from input split anywhere | [`decoder`] |
//! |            | replies to control frames                       | [`control`] |
//! |            | compression, which allocates                    | [`deflate`] |
//! | Connection | messages, ping and pong, closing, limits        | [`conn`] |
//!
//! [`conn`] starts with the theory of operation of a connection. Below the layers are [`simd`]
//! (masking and UTF-8 with vector instructions), [`memory`], [`random`], and the table of
//! [`error`]s. Above them is the C ABI, `ffi`, with the feature `capi`: it turns pointers into
//! slices, calls one function of a layer, and turns the result into a number.
//!
//! A byte takes this path through the connection: [`Conn::recv`](conn::Conn::recv) asks the frame
//! reader for the next chunk; the reader parses the [`Header`](frame::Header) and unmasks the
//! payload in place; the connection checks, decompresses or collects it, and reports an
//! [`Event`](conn::Event). On the way out, [`Conn::send`](conn::Conn::send) compresses a fragment
//! if that was agreed on, and writes the header and the payload, which a client masks, into the
//! caller's buffer.
//!
//! Unsafe code is confined to `ffi` and `panic`; to [`memory`], [`random`] and [`deflate::engine`],
//! which call an allocator, the operating system and the deflate engine; to [`simd`]; and to
//! `output`, which writes to uninitialised memory. Only connections and compression allocate.
//! Nothing panics. The only global state is a record of the instructions that the processor has.

#![cfg_attr(not(feature = "std"), no_std)]
#![deny(unsafe_code)]

pub mod close;
pub mod conn;
pub mod control;
mod cut;
pub mod decoder;
pub mod deflate;
pub mod error;
#[cfg(feature = "capi")]
pub mod ffi;
pub mod frame;
pub mod handshake;
mod inline_bytes;
pub mod memory;
mod output;
pub mod random;
pub mod side;
pub mod simd;
pub mod utf8;

#[cfg(all(feature = "capi", not(feature = "std")))]
mod panic;
