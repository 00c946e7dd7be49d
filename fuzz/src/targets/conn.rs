//! A connection reports the same messages, replies and error for a stream that arrives at once,
//! byte by byte and in random pieces; in stream mode the pieces of a message add up to it; and
//! all of that is what the model reads.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::model::connection::Connection;
use crate::model::incoming::Options;
use crate::model::session::Assembler;
use crate::pmd::USUAL;
use crate::rng::Rng;
use crate::source::Source;
use crate::zlib::{Deflate, Settings};
use wscodec::ffi::negotiation::ws_pmd_params;

struct Case {
    side: u32,
    params: Option<ws_pmd_params>,
    max_message: u64,
    max_frame: u64,
    cap: usize,
    stream: Vec<u8>,
}

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    let side = if choice & 1 == 0 { WS_SERVER } else { WS_CLIENT };
    let params = (choice & 2 != 0).then(|| params(source.byte()));
    let max_message = *source.pick(&[1 << 20, 0, 5, 125, 126, 3000]);
    let max_frame = *source.pick(&[0, 0, 0, 1, 125, 1000]);
    let cap = *source.pick(&[8, 1, 2]);
    let mut rng = Rng::new(source.byte().into());
    let stream = if choice & 4 == 0 {
        frames(&mut source, side, params)
    } else {
        source.rest().to_vec()
    };
    let case = Case { side, params, max_message, max_frame, cap, stream };
    let len = case.stream.len();
    let expected = case.model();
    let longest = 1 + rng.below(30);
    let random = rng.pieces(len, longest);
    for in_pieces in [false, true] {
        for pieces in [vec![len], vec![1; len], random.clone()] {
            let got = case.read(in_pieces, &pieces);
            let same = agree(&got, &expected);
            assert!(same, "{got:?} is not {expected:?}, {in_pieces} {pieces:?}");
        }
    }
}

pub(crate) fn params(choice: u8) -> ws_pmd_params {
    ws_pmd_params {
        server_no_context_takeover: choice & 1,
        client_no_context_takeover: choice >> 1 & 1,
        server_max_window_bits: if choice & 4 != 0 { 0 } else { 8 + (choice >> 4 & 7) },
        client_max_window_bits: if choice & 8 != 0 { 0 } else { 8 + (choice >> 4 & 7) },
        level: 1,
        mem_level: 1,
        ..USUAL
    }
}

/// A compressor that takes little memory, and so little time to create.
pub(crate) const CHEAP: Settings =
    Settings { level: 1, window_bits: 9, mem_level: 1, ..Settings::USUAL };

/// Whether the peer of `side` compresses each message independently.
pub(crate) fn peer_resets(side: u32, params: &ws_pmd_params) -> bool {
    match side {
        WS_SERVER => params.client_no_context_takeover != 0,
        _ => params.server_no_context_takeover != 0,
    }
}

/// Frames as the peer of `side` sends them, most of them valid.
fn frames(source: &mut Source<'_>, side: u32, params: Option<ws_pmd_params>) -> Vec<u8> {
    let resets = params.is_some_and(|params| peer_resets(side, &params));
    let mut deflater = None;
    let mut stream = Vec::new();
    while !source.is_empty() && stream.len() < 5000 {
        let first = source.byte();
        let choice = source.byte();
        let mut payload = source.bytes(usize::from(choice & 0x3f)).to_vec();
        let compresses = choice & 0x80 != 0 && params.is_some() && first & 0x08 == 0;
        if choice & 0x40 != 0 {
            // In stream mode, 16 KiB of a message that was compressed are reported at once.
            let times = source.below(16) * if compresses { 64 } else { 1 };
            payload = payload.repeat(1 + times);
        }
        if compresses {
            let deflater = deflater.get_or_insert_with(|| Deflate::new(CHEAP));
            payload = if first & 0x80 == 0 {
                deflater.run(&payload, libz_sys::Z_SYNC_FLUSH)
            } else {
                deflater.message(&payload)
            };
        }
        if resets && first & 0x80 != 0 {
            deflater = None;
        }
        stream.extend(from_peer(side, first, payload));
    }
    stream
}

impl Case {
    /// What the model reads, and whether a compressed message is open at the end.
    fn model(&self) -> (Vec<Item>, bool) {
        let mut model = Connection::new(Options {
            server: self.side == WS_SERVER,
            any_mask: false,
            check_utf8: true,
            allow_rsv: 0,
            max_message: self.max_message,
            max_frame: self.max_frame,
            deflate: self.params.is_some(),
            peer_resets: self
                .params
                .is_some_and(|params| peer_resets(self.side, &params)),
        });
        let mut items = model.read(&self.stream, true);
        let last = model.finish();
        if !items.contains(&Item::Error(last)) && last != 0 {
            items.push(Item::Error(last));
        }
        (items, model.incoming.message.is_some_and(|message| message.compressed))
    }

    fn read(&self, in_pieces: bool, pieces: &[usize]) -> Vec<Item> {
        let mut conn = Conn::new(self.side);
        if let Some(params) = self.params {
            conn = conn.pmd(params);
        }
        let mut conn = conn
            .option(WS_OPT_MAX_MESSAGE, self.max_message)
            .option(WS_OPT_MAX_FRAME, self.max_frame)
            .option(WS_OPT_STREAM, in_pieces.into());
        let items = conn.read_pieces(&self.stream, pieces, |conn, piece| {
            conn.read_in(piece, self.cap, true)
        });
        let mut items = Assembler::default().add(items);
        let last = conn.finish();
        if !items.contains(&Item::Error(last)) && last != 0 {
            items.push(Item::Error(last));
        }
        items
    }
}

/// The model decompresses only whole messages, so it may find another of several faults of one
/// message, and its close frame may have another code.
fn agree(got: &[Item], (model, in_compressed): &(Vec<Item>, bool)) -> bool {
    let error_at =
        |items: &[Item]| items.iter().position(|item| matches!(item, Item::Error(_)));
    if got == *model {
        return true;
    }
    let Some(at) = error_at(got) else { return false };
    let model_at =
        error_at(model).unwrap_or(if *in_compressed { model.len() } else { 0 });
    let of_message = [code::COMPRESSION, code::UTF8, code::TOO_BIG].map(Item::Error);
    // A fault that the model finds at the end of the message may be reported before a control frame
    // in the middle of it.
    of_message.contains(&got[at]) && at <= model_at && got[..at] == model[..at]
}
