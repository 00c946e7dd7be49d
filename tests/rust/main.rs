//! What the library promises, proved from outside: through the C ABI, as any caller
//! sees it, and where a promise is the core's own, through the core.
//!
//! | files                     | what they prove |
//! |---------------------------|-----------------|
//! | `header_*`, `frame_*`     | one frame: header, length, payload (RFC 6455, 5) |
//! | `masking`                 | masking (5.3) |
//! | `decoder_*`               | many frames, cut anywhere |
//! | `handshake_*`             | the opening handshake (4) |
//! | `utf8`, `close`           | text (8.1) and close payloads (5.5.1, 7.4) |
//! | `results`, `arguments_*`  | numbers, names, and arguments that nobody should pass |
//! | `*_differential`          | the same input through another implementation |
//!
//! `c` calls the C ABI, `wire` writes frames and `heads` heads, `corpus` has streams, `rng` is a generator of random numbers.
//! WSCODEC_STREAMS and WSCODEC_HEADS raise the number of random inputs.

// A test may panic: that is how it fails.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::indexing_slicing,
    clippy::unwrap_used
)]

mod c;
mod corpus;
mod heads;
mod rng;
mod wire;

mod arguments_frame;
mod arguments_handshake;
mod arguments_text;
mod close;
mod decoder_splits;
mod decoder_state;
mod frame_batch;
mod frame_differential;
mod frame_examples;
mod handshake_builders;
mod handshake_differential;
mod handshake_fields;
mod handshake_grammar;
mod handshake_key;
mod handshake_limits;
mod handshake_order;
mod handshake_origin;
mod handshake_protocol;
mod handshake_reply;
mod handshake_request;
mod handshake_response;
mod header_lengths;
mod header_pairs;
mod masking;
mod results;
mod utf8;
