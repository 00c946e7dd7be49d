//! Runs the vectors of tests/vectors, in the root folder, through the API of this crate.

mod heads;
mod pieces;
mod reader;
mod streams;

use reader::{Vector, load};

/// Panics unless the vector passes.
type Check = fn(&Vector);

fn main() {
    let files: [(&str, Check); 14] = [
        ("accept_keys", pieces::accept_key),
        ("close_payloads", pieces::close_payload),
        ("utf8", pieces::utf8),
        ("frames", pieces::frame),
        ("frame_headers", pieces::frame_header),
        ("requests", heads::request),
        ("responses", heads::response),
        ("policies", heads::policy),
        ("deflate_accept", heads::deflate_accept),
        ("deflate_offer", heads::deflate_offer),
        ("deflate_confirm", heads::deflate_confirm),
        ("deflate_messages", streams::deflate_messages),
        ("decoder_streams", streams::decoder_stream),
        ("connection_streams", streams::connection_stream),
    ];
    let mut passed = 0;
    for (kind, check) in files {
        for vector in load(kind) {
            check(&vector);
            passed += 1;
        }
    }
    println!("rust: {passed} vectors passed");
}
