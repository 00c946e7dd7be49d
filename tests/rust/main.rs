//! What the library promises, proved from outside: through the C ABI, as any caller
//! sees it, and where a promise is the core's own, through the core.
//!
//! | files                     | what they prove |
//! |---------------------------|-----------------|
//! | `header_*`, `frame_*`     | one frame: header, length, payload (RFC 6455, 5) |
//! | `masking`                 | masking (5.3) |
//! | `decoder_*`, `control`    | many frames, cut anywhere; replies to control frames |
//! | `handshake_*`             | the opening handshake (4) |
//! | `conn_*`                  | connections: messages, pings, the closing handshake, memory |
//! | `pmd_*`                   | compression (RFC 7692) |
//! | `utf8`, `close`           | text (8.1) and close payloads (5.5.1, 7.4) |
//! | `results`, `arguments_*`  | numbers, names, and arguments that nobody should pass |
//! | `*_differential`          | the same input through another implementation |
//!
//! `c` and `conn` call the C ABI, `wire` writes frames and `heads` heads, `corpus` and
//! `conn_corpus` have streams, `pmd` compresses and `zlib` is the other side of that, `conn_allocator` counts memory, `rng` makes random numbers.
//! WSCODEC_STREAMS and WSCODEC_HEADS raise the number of random inputs.

// A test may panic: that is how it fails.
#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, clippy::unwrap_used)]

mod c;
mod conn;
mod conn_allocator;
mod conn_corpus;
mod corpus;
mod heads;
mod pmd;
mod rng;
mod wire;
mod zlib;

mod arguments_frame;
mod arguments_handshake;
mod arguments_text;
mod close;
mod conn_accept;
mod conn_arguments;
mod conn_close;
mod conn_confirm;
mod conn_differential;
mod conn_errors;
mod conn_events;
mod conn_extension;
mod conn_finish;
mod conn_floods;
mod conn_info;
mod conn_keys;
mod conn_limits;
mod conn_loops;
mod conn_memory;
mod conn_messages;
mod conn_no_memory;
mod conn_options;
mod conn_order;
mod conn_outstanding;
mod conn_place;
mod conn_policy;
mod conn_send;
mod conn_splits;
mod conn_utf8;
mod control;
mod decoder_proxy;
mod decoder_splits;
mod decoder_state;
mod frame_batch;
mod frame_differential;
mod frame_examples;
mod handshake_agreement;
mod handshake_builders;
mod handshake_differential;
mod handshake_fields;
mod handshake_grammar;
mod handshake_head_length;
mod handshake_key;
mod handshake_limits;
mod handshake_order;
mod handshake_origin;
mod handshake_parsed;
mod handshake_protocol;
mod handshake_real;
mod handshake_reply;
mod handshake_request;
mod handshake_response;
mod header_lengths;
mod header_pairs;
mod masking;
mod pmd_alone;
mod pmd_differential;
mod pmd_send;
mod pmd_splits;
mod results;
mod simd;
mod utf8;
