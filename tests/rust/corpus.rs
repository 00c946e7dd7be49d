//! Valid and invalid streams of frames with the result that is expected: those of the vectors, and
//! a long one. The tests cut them into pieces.

use crate::c::{WS_ANY_MASK, WS_ANY_RSV, WS_DEFLATE, WS_KEEP_MASKED, WS_SERVER};
use crate::vectors::{Vector, load};
use crate::wire::{KEY, frame, header, masked};

#[derive(Clone)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) flags: u32,
    pub(crate) max_payload: u64,
    pub(crate) bytes: Vec<u8>,
    /// Its frames as the vector has them; the last may be incomplete.
    pub(crate) frames: Vec<Vector>,
    /// The error after them; 0 for none.
    pub(crate) error: isize,
    /// The position of the byte that proves it.
    pub(crate) error_at: Option<usize>,
    /// The result of ws_decoder_finish() at the end of the stream.
    pub(crate) end: isize,
}

/// The flags of ws_decoder_init() for a vector.
pub(crate) fn decoder_flags(vector: &Vector) -> u32 {
    let options = vector.member("options");
    let flag =
        |name, flag| if options.as_ref().is_some_and(|o| o.is(name)) { flag } else { 0 };
    vector.side()
        | flag("deflate", WS_DEFLATE)
        | flag("any_mask", WS_ANY_MASK)
        | flag("keep_masked", WS_KEEP_MASKED)
        | flag("any_rsv", WS_ANY_RSV)
}

fn stream(vector: &Vector, bytes: Vec<u8>, frames: Vec<Vector>) -> Stream {
    let max_payload = vector.member("options").and_then(|o| o.number("max_payload"));
    Stream {
        name: vector.name().into(),
        flags: decoder_flags(vector),
        max_payload: max_payload.unwrap_or(0),
        bytes,
        frames,
        error: vector.error(),
        error_at: vector.error_at(),
        end: vector.end(),
    }
}

/// A frame alone, unless it would have to continue a message, or leaves one open.
fn of_one_frame(vector: &Vector) -> Option<Stream> {
    let wire = vector.bytes("wire");
    let is_first = wire[0] & 0x0f != 0 && (vector.error() != 0 || wire[0] & 0x88 != 0);
    is_first.then(|| stream(vector, wire, vector.member("frame").into_iter().collect()))
}

/// All streams that are short enough to be cut everywhere.
pub(crate) fn short() -> Vec<Stream> {
    let frames = load("frames");
    let streams = load("decoder_streams");
    let many = streams.iter().map(|v| stream(v, v.bytes("input"), v.members("frames")));
    let all = many.chain(frames.iter().filter_map(of_one_frame));
    all.filter(|stream| stream.bytes.len() < 1000).collect()
}

pub(crate) fn long() -> Vec<Stream> {
    let payload: Vec<u8> = (0..70_000_u32).map(|i| (i * 13) as u8).collect();
    let mut bytes = header(0x82, Some(KEY), 70_000);
    bytes.extend(masked(&payload, KEY));
    bytes.extend(frame(0x89, Some([1, 2, 3, 4]), b"ping"));
    let (name, flags) = ("a long payload in 64 bits".into(), WS_SERVER);
    let (frames, error_at) = (Vec::new(), None);
    vec![Stream {
        name,
        flags,
        max_payload: 0,
        bytes,
        frames,
        error: 0,
        error_at,
        end: 0,
    }]
}
