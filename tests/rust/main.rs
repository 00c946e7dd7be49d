//! The Rust tests. They call the library as C callers do, through its exports, and the core
//! directly where only the core makes a promise.
//!
//! | files                     | subject |
//! |---------------------------|---------|
//! | `header_*`, `frame_*`     | one frame: header, length, payload (RFC 6455, 5) |
//! | `masking`, `simd`         | masking (5.3), and the code for each kind of processor |
//! | `simd_utf8`               | text (8.1), by the code for each kind of processor |
//! | `decoder_*`, `control`    | many frames: order of fragments, cuts anywhere; replies to control frames |
//! | `handshake_*`             | the opening handshake (4) |
//! | `conn_*`                  | connections: messages, pings, the closing handshake, memory |
//! | `pmd_*`                   | compression (RFC 7692) |
//! | `utf8`, `close`           | text (8.1) and close payloads (5.5.1, 7.4) |
//! | `results`                 | the numbers, sizes and offsets of the ABI |
//! | `arguments_*`             | invalid arguments of every function |
//! | `*_differential`          | the same input, read by another implementation |
//! | `vectors_*`               | the vectors of `tests/vectors`, which C and Python read, too |
//!
//! | helpers                   | purpose |
//! |---------------------------|---------|
//! | `c`, `conn`               | safe wrappers of the C functions, and of a connection |
//! | `handshakes`              | wrap ws_conn_accept() and ws_conn_confirm() |
//! | `wire`, `heads`           | build frames and heads without the library |
//! | `vectors`                 | reads `tests/vectors` |
//! | `corpus`, `conn_corpus`   | streams of frames, with the results expected |
//! | `pmd`, `zlib`             | connections that compress, and zlib as their peer |
//! | `conn_allocator`          | counts memory and makes allocations fail |
//! | `rng`                     | random numbers, the same in every run |
//!
//! WSCODEC_STREAMS and WSCODEC_HEADS raise the number of random inputs. WSCODEC_ONE_IN=7 makes the
//! tests that take longest try about one in seven of their inputs, for emulated processors.

// A test may panic: that is how it fails.
#![allow(clippy::cast_possible_truncation, clippy::indexing_slicing, clippy::unwrap_used)]

mod c;
mod conn;
mod conn_allocator;
mod conn_corpus;
mod corpus;
mod handshakes;
mod heads;
mod pmd;
mod rng;
mod vectors;
mod wire;
mod zlib;

mod arguments_frame;
mod arguments_handshake;
mod arguments_text;
mod close;
mod conn_accept;
mod conn_any_order;
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
mod frame_encode;
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
mod no_memory;
mod pmd_alone;
mod pmd_differential;
mod pmd_floods;
mod pmd_memory;
mod pmd_send;
mod pmd_splits;
mod results;
mod simd;
mod simd_utf8;
mod utf8;
mod vectors_deflate;
mod vectors_heads;
mod vectors_pieces;
mod vectors_streams;
