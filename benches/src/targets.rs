//! The comparisons and the targets: the ratio of our time to the peer's.

use serde::{Deserialize, Serialize};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

pub(crate) const MASK: &str = "mask in place";
pub(crate) const MASK_OFFSET: &str = "mask at an odd address";
pub(crate) const DECODE: &str = "decode binary";
pub(crate) const TEXT_OR_BINARY: &str = "receive text, not binary";
pub(crate) const DECODE_ASCII: &str = "decode ASCII text";
pub(crate) const DECODE_MULTIBYTE: &str = "decode multibyte text";
pub(crate) const ENCODE: &str = "encode a server's frame";
pub(crate) const ENCODE_HEADER: &str = "encode only a header";
pub(crate) const ENCODE_CLIENT: &str = "encode a client's frame";
pub(crate) const ACCEPT_KEY: &str = "accept key";
pub(crate) const TOKENISE: &str = "tokenise a request";
pub(crate) const BYTE_BY_BYTE: &str = "parse a head byte by byte";
pub(crate) const UPGRADE: &str = "handshake of a server";
pub(crate) const UTF8_MULTIBYTE: &str = "validate multibyte UTF-8";
pub(crate) const UTF8_ASCII: &str = "validate ASCII as UTF-8";
pub(crate) const IDLE: &str = "state of an idle connection";
pub(crate) const PYTHON_BATCH: &str = "Python: decode a read of frames";
pub(crate) const PYTHON_SINGLE: &str = "Python: decode frame by frame";
pub(crate) const PYTHON_ECHO: &str = "Python: echo a message";
pub(crate) const PYTHON_ECHO_16: &str = "Python: echo 16 of a read";
pub(crate) const COMPRESS: &str = "compress";
pub(crate) const COMPRESS_ALONE: &str = "compress, no takeover";
pub(crate) const DECOMPRESS: &str = "decompress";
pub(crate) const DECOMPRESS_ALONE: &str = "decompress, no takeover";
pub(crate) const RESIDENT: &str = "resident per connection";
pub(crate) const RESIDENT_ALONE: &str = "resident, no takeover";
pub(crate) const HELD_TO_COMPRESS: &str = "held to compress";
pub(crate) const HELD_TO_DECOMPRESS: &str = "held to decompress";

/// The length of the upgrade request that is parsed: 14 fields, as a browser sends them.
pub(crate) const REQUEST: usize = 551;
/// The longest head that is accepted.
pub(crate) const LONGEST_HEAD: usize = 16 * KIB;
/// A limit to compare with, as if it were a peer.
pub(crate) const LIMIT: usize = 256;

/// One comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) row: String,
    pub(crate) quantity: String,
    /// Bytes of a payload, a head, a text.
    pub(crate) size: usize,
    pub(crate) ours: String,
    /// Empty: only ours is reported.
    pub(crate) peer: String,
    pub(crate) unit: Unit,
    /// The ratio required, and the ratio aimed for. None: for information.
    pub(crate) must: Option<f64>,
    pub(crate) stretch: Option<f64>,
}

/// The unit that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    /// Nanoseconds of CPU time.
    Ns,
    /// Bytes of memory.
    Bytes,
}

impl Target {
    pub(crate) fn needs(&self, side: &str) -> bool {
        self.ours == side || self.peer == side
    }

    /// Whether the peer is a floor: an operation that every implementation needs.
    pub(crate) fn is_floor(&self) -> bool {
        FLOORS.contains(&&*self.peer)
    }

    /// Whether ours is the same.
    pub(crate) fn is_beside(&self, other: &Target) -> bool {
        (&self.quantity, self.size, &self.ours)
            == (&other.quantity, other.size, &other.ours)
    }
}

const TUNGSTENITE: &str = "tungstenite";
const FASTWEBSOCKETS: &str = "fastwebsockets";
const UWEBSOCKETS: &str = "uWebSockets";
const WSLAY: &str = "wslay";

/// Masking in place needs at least the stores of memset(), masking into a buffer a copy.
const FLOORS: &[&str] = &["memset", "memcpy"];

/// Some comparisons: row, quantity, our function, peers, targets for each size.
type Entry =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [Aim]);

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    ("1", MASK, "ws_mask", &[TUNGSTENITE, FASTWEBSOCKETS],
        &[aim(KIB, 0.60, 0.47), aim(16 * KIB, 0.45, 0.33), aim(64 * KIB, 0.55, 0.47), aim(MIB, 0.70, 0.60)]),
    ("1", MASK, "ws_mask", &["memset"], &[info(16 * KIB), info(64 * KIB), info(MIB)]),
    ("2", MASK, "ws_mask", &[UWEBSOCKETS],
        &[aim(KIB, 0.55, 0.42), aim(16 * KIB, 0.33, 0.25), aim(64 * KIB, 0.45, 0.35), aim(MIB, 0.60, 0.48)]),
    ("3", MASK, "ws_mask", &[UWEBSOCKETS],
        &[aim(8, 1.15, 1.0), aim(20, 1.15, 1.0), aim(64, 1.15, 1.0), aim(125, 1.15, 1.0)]),
    ("4", MASK_OFFSET, "1 off", &["aligned"],
        &[aim(16 * KIB, 1.15, 1.07), aim(64 * KIB, 1.15, 1.07), aim(MIB, 1.15, 1.07)]),
    ("5", MASK, "ws_mask", &[TUNGSTENITE, FASTWEBSOCKETS, UWEBSOCKETS], &[must(64 * MIB, 1.05)]),
    // Where memset() need not read the memory that it overwrites, masking must be slower.
    ("5", MASK, "ws_mask", &["memset"], &[info(64 * MIB)]),
    ("6", DECODE, "ws_frame_decode", &[UWEBSOCKETS],
        &[aim(0, 0.75, 0.55), aim(20, 0.75, 0.55), aim(125, 0.75, 0.55)]),
    ("6", DECODE, "ws_decoder_feed", &[UWEBSOCKETS], &[info(0), info(20), info(125)]),
    ("6", DECODE, "ws_frame_decode", &["websocket-sans-io"], &[info(0), info(20), info(125)]),
    ("6", DECODE, "the copy alone", &["ws_frame_decode"], &[info(0), info(20), info(125)]),
    ("7", DECODE, "ws_frame_decode", &[UWEBSOCKETS],
        &[aim(KIB, 0.90, 0.75), aim(64 * KIB, 0.45, 0.36)]),
    ("7", DECODE, "ws_decoder_feed", &[UWEBSOCKETS], &[info(KIB), info(64 * KIB)]),
    ("7", DECODE, "ws_frame_decode", &["websocket-sans-io"], &[info(KIB), info(64 * KIB)]),
    ("7", DECODE, "the copy alone", &["ws_frame_decode"], &[info(KIB), info(64 * KIB)]),
    ("8", DECODE, "ws_conn_recv", &[TUNGSTENITE],
        &[aim(20, 0.30, 0.20), aim(KIB, 0.45, 0.35), aim(64 * KIB, 0.50, 0.42)]),
    ("8", DECODE, "ws_frame_decode", &[TUNGSTENITE], &[info(20), info(KIB), info(64 * KIB)]),
    ("8", DECODE, "ws_decoder_feed", &[TUNGSTENITE], &[info(20), info(KIB), info(64 * KIB)]),
    ("8", DECODE, "ws_conn_recv", &["soketto"], &[info(20), info(KIB), info(64 * KIB)]),
    ("9", DECODE, "ws_conn_recv", &[FASTWEBSOCKETS],
        &[aim(20, 0.25, 0.18), aim(KIB, 0.50, 0.40), aim(64 * KIB, 0.70, 0.60)]),
    ("9", DECODE, "ws_frame_decode", &[FASTWEBSOCKETS], &[info(20), info(KIB), info(64 * KIB)]),
    ("9", DECODE, "ws_decoder_feed", &[FASTWEBSOCKETS], &[info(20), info(KIB), info(64 * KIB)]),
    ("10", DECODE, "ws_conn_recv", &[WSLAY],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.06, 0.05), aim(64 * KIB, 0.06, 0.05)]),
    ("10", DECODE, "ws_frame_decode", &[WSLAY], &[info(20), info(KIB), info(64 * KIB)]),
    ("10", DECODE, "ws_decoder_feed", &[WSLAY], &[info(20), info(KIB), info(64 * KIB)]),
    ("11", TEXT_OR_BINARY, "text", &["binary"],
        &[must(20, 1.35), aim(125, 1.35, 1.10), aim(KIB, 1.35, 1.10), aim(64 * KIB, 1.35, 1.10)]),
    ("12", DECODE_ASCII, "ws_conn_recv", &[UWEBSOCKETS],
        &[aim(20, 0.80, 0.55), aim(KIB, 0.65, 0.50), aim(64 * KIB, 0.40, 0.30)]),
    ("13", DECODE_MULTIBYTE, "ws_conn_recv", &[UWEBSOCKETS],
        &[aim(KIB, 0.20, 0.13), aim(64 * KIB, 0.20, 0.13)]),
    ("13", DECODE_MULTIBYTE, "ws_conn_recv", &[FASTWEBSOCKETS],
        &[aim(KIB, 0.75, 0.60), aim(64 * KIB, 0.75, 0.60)]),
    ("13", DECODE_MULTIBYTE, "ws_conn_recv", &["copy, simdutf8"], &[info(KIB), info(64 * KIB)]),
    ("14", ENCODE, "ws_frame_encode", &[UWEBSOCKETS],
        &[aim(0, 1.5, 1.1), aim(20, 1.5, 1.1), aim(125, 1.5, 1.1), aim(KIB, 1.05, 1.0), aim(64 * KIB, 1.05, 1.0)]),
    ("14", ENCODE, "ws_frame_encode", &["memcpy"], &[info(KIB), info(64 * KIB)]),
    // The peer writes a payload too, of this length.
    ("15", ENCODE_HEADER, "ws_frame_header", &[UWEBSOCKETS], &[aim(125, 1.5, 1.1)]),
    ("16", ENCODE_CLIENT, "ws_conn_send", &[TUNGSTENITE],
        &[aim(20, 0.40, 0.27), aim(KIB, 0.35, 0.25), aim(64 * KIB, 0.45, 0.36)]),
    ("16", ENCODE_CLIENT, "ws_conn_send", &["memcpy"], &[info(KIB), info(64 * KIB)]),
    ("17", ACCEPT_KEY, "ws_accept_key", &["sha1 + base64", "OpenSSL"], &[aim(24, 1.10, 0.55)]),
    ("17", ACCEPT_KEY, "ws_accept_key", &[TUNGSTENITE, UWEBSOCKETS], &[info(24)]),
    ("18", TOKENISE, "ws_next_header", &["picohttpparser"], &[aim(REQUEST, 1.25, 1.0)]),
    ("18", TOKENISE, "ws_next_header", &["httparse"], &[aim(REQUEST, 1.1, 1.0)]),
    ("18", TOKENISE, "ws_parse_handshake", &["picohttpparser", "httparse"], &[info(REQUEST)]),
    ("18", BYTE_BY_BYTE, "ws_parse_handshake", &["httparse"], &[info(LONGEST_HEAD)]),
    ("19", UPGRADE, "parse + build", &[TUNGSTENITE], &[aim(REQUEST, 0.30, 0.20)]),
    ("19", UPGRADE, "parse + build", &[UWEBSOCKETS], &[aim(REQUEST, 1.5, 1.0)]),
    ("19", UPGRADE, "ws_conn_accept", &[TUNGSTENITE, UWEBSOCKETS], &[info(REQUEST)]),
    ("20", UTF8_MULTIBYTE, "ws_utf8_validate", &["simdutf"],
        &[aim(KIB, 1.5, 1.05), aim(64 * KIB, 1.5, 1.05)]),
    ("20", UTF8_MULTIBYTE, "ws_utf8_validate", &["simdutf8", "std"], &[info(KIB), info(64 * KIB)]),
    ("20", UTF8_ASCII, "ws_utf8_validate", &["simdutf8"],
        &[aim(KIB, 1.15, 1.05), aim(64 * KIB, 1.15, 1.05)]),
    ("20", UTF8_ASCII, "ws_utf8_validate", &["simdutf", "std"], &[info(KIB), info(64 * KIB)]),
    ("23", IDLE, "ws_decoder", &["the limit"], &[aim(0, 1.0, 0.25)]),
    ("23", IDLE, "ws_conn", &["the limit"], &[aim(0, 1.0, 0.25)]),
    ("23", IDLE, "ws_conn", &[UWEBSOCKETS, WSLAY, TUNGSTENITE, FASTWEBSOCKETS], &[info(0)]),
    ("24", PYTHON_BATCH, "ws_decoder_feed", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("24", PYTHON_BATCH, "ws_decoder_feed", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("24", PYTHON_BATCH, "Decoder.feed", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("24", PYTHON_BATCH, "Decoder.feed", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("24", PYTHON_BATCH, "Decoder.feed", &["wsproto"], &[info(20), info(KIB)]),
    ("24", PYTHON_BATCH, "Decoder.feed_tuples", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("24", PYTHON_BATCH, "Decoder.feed_tuples", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("25", PYTHON_SINGLE, "ws_frame_decode", &["websockets"],
        &[must(20, 0.40), must(KIB, 0.40)]),
    ("25", PYTHON_SINGLE, "frame_decode", &["websockets"],
        &[aim(20, 0.75, 0.60), aim(KIB, 0.75, 0.60)]),
    ("26", PYTHON_ECHO, "Connection", &["websockets"],
        &[aim(20, 0.60, 0.45), aim(KIB, 0.60, 0.45)]),
    ("26", PYTHON_ECHO, "Connection", &["wsproto"], &[info(20), info(KIB)]),
    ("26", PYTHON_ECHO_16, "Connection", &["websockets"],
        &[aim(20, 0.40, 0.30), aim(KIB, 0.40, 0.30)]),
    ("26", PYTHON_ECHO_16, "Connection", &["wsproto"], &[info(20), info(KIB)]),
    ("pmd", COMPRESS, "ws_conn_send", DEFLATES, &[info(KIB)]),
    ("pmd", COMPRESS_ALONE, "ws_conn_send", DEFLATES, &[info(KIB)]),
    ("pmd", DECOMPRESS, "ws_conn_recv", DEFLATES, &[info(KIB)]),
    ("pmd", DECOMPRESS_ALONE, "ws_conn_recv", DEFLATES, &[info(KIB)]),
    ("pmd", RESIDENT, "ws_conn", &["npm ws", "websockets"], &[info(KIB)]),
    ("pmd", RESIDENT_ALONE, "ws_conn", &["npm ws", "websockets"], &[info(KIB)]),
    ("pmd", HELD_TO_COMPRESS, "window 15, level 8", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_COMPRESS, "window 15, level 1", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_COMPRESS, "window 12, level 5", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_COMPRESS, "window 9, level 1", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_COMPRESS, "no takeover", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_DECOMPRESS, "window 15, level 8", &[""], &[info(KIB)]),
    ("pmd", HELD_TO_DECOMPRESS, "no takeover", &[""], &[info(KIB)]),
];

const DEFLATES: &[&str] = &["zlib-rs", "zlib", "npm ws", "websockets"];

struct Aim {
    size: usize,
    must: Option<f64>,
    stretch: Option<f64>,
}

const fn aim(size: usize, must: f64, stretch: f64) -> Aim {
    Aim { size, must: Some(must), stretch: Some(stretch) }
}

const fn must(size: usize, must: f64) -> Aim {
    Aim { size, must: Some(must), stretch: None }
}

const fn info(size: usize) -> Aim {
    Aim { size, must: None, stretch: None }
}

/// Every comparison, row by row.
pub(crate) fn all() -> Vec<Target> {
    let mut all = Vec::new();
    for &(row, quantity, ours, peers, aims) in TABLE {
        for peer in peers {
            all.extend(aims.iter().map(|aim| Target {
                row: row.into(),
                quantity: quantity.into(),
                size: aim.size,
                ours: ours.into(),
                peer: (*peer).into(),
                unit: unit(quantity),
                must: aim.must,
                stretch: aim.stretch,
            }));
        }
    }
    all
}

fn unit(quantity: &str) -> Unit {
    match quantity {
        IDLE | RESIDENT | RESIDENT_ALONE | HELD_TO_COMPRESS | HELD_TO_DECOMPRESS => {
            Unit::Bytes
        }
        _ => Unit::Ns,
    }
}
