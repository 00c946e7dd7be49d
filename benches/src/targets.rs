//! The comparisons, and the aims: the ratio of our time to the peer's. They are nowhere else.

use crate::floors;
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
pub(crate) const RECEIVE_ONE: &str = "receive one message";
pub(crate) const SEND_ONE: &str = "send one message";
pub(crate) const ECHO_ONE: &str = "echo one message";
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

/// The rows, in the order of the table, and what they measure.
pub(crate) const ROWS: &[(&str, &str)] = &[
    ("mask", "masking in place"),
    ("decode", "binary frames of a read"),
    ("text", "text frames of a read, checked for UTF-8"),
    ("encode", "a server's frame, a header"),
    ("client-frames", "a client's frame with its random key"),
    ("one-message", "one message at a time: receive, send, echo"),
    ("accept-key", "the key of the answer to a handshake"),
    ("tokenise", "the fields of a request"),
    ("handshake", "a server's whole handshake"),
    ("utf8", "validating UTF-8"),
    ("idle", "memory of an idle connection"),
    ("python-decode", "Python: frames of a read"),
    ("python-echo", "Python: messages in, their echoes out"),
    ("compress", "permessage-deflate: time and memory"),
];

/// Something of ours, and what it is compared with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Subject {
    pub(crate) row: String,
    pub(crate) quantity: String,
    /// Bytes of a payload, a head, a text.
    pub(crate) size: usize,
    pub(crate) ours: String,
    pub(crate) unit: Unit,
    #[serde(skip)]
    pub(crate) floor: Option<&'static str>,
    #[serde(skip)]
    pub(crate) peers: Vec<Peer>,
}

/// A peer, and the aims beside it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Peer {
    pub(crate) name: String,
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

impl Subject {
    /// What ours is compared with.
    pub(crate) fn others(&self) -> impl Iterator<Item = &str> {
        self.floor.into_iter().chain(self.peers.iter().map(|peer| &*peer.name))
    }

    pub(crate) fn needs(&self, side: &str) -> bool {
        self.ours == side || self.others().any(|other| other == side)
    }
}

const TUNGSTENITE: &str = "tungstenite";
const FASTWEBSOCKETS: &str = "fastwebsockets";
const TOKIO_WEBSOCKETS: &str = "tokio-websockets";
const YAWC: &str = "yawc";
const WEB_SOCKET: &str = "web-socket";
const SOKETTO: &str = "soketto";
const SANS_IO: &str = "websocket-sans-io";
const UWEBSOCKETS: &str = "uWebSockets";
const WSLAY: &str = "wslay";
const NEXUS_WEB: &str = "nexus-web";
const SOCKUDO_WS: &str = "sockudo-ws";

/// Some comparisons: row, quantity, our function, peers, aims for each size.
type Entry =
    (&'static str, &'static str, &'static str, &'static [&'static str], &'static [Aim]);

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    ("mask", MASK, "ws_mask", &[UWEBSOCKETS],
        &[aim(8, 1.15, 1.0), aim(20, 1.15, 1.0), aim(64, 1.15, 1.0), aim(125, 1.15, 1.0)]),
    ("mask", MASK, "ws_mask", &[TUNGSTENITE, FASTWEBSOCKETS],
        &[aim(KIB, 0.60, 0.47), aim(16 * KIB, 0.45, 0.33), aim(64 * KIB, 0.55, 0.47), aim(MIB, 0.70, 0.60)]),
    ("mask", MASK, "ws_mask", &[UWEBSOCKETS],
        &[aim(KIB, 0.55, 0.42), aim(16 * KIB, 0.33, 0.25), aim(64 * KIB, 0.45, 0.35), aim(MIB, 0.60, 0.48)]),
    ("mask", MASK, "ws_mask", &[NEXUS_WEB, SOCKUDO_WS],
        &[info(20), info(125), info(KIB), info(16 * KIB), info(64 * KIB), info(MIB)]),
    ("mask", MASK, "ws_mask", &[TUNGSTENITE, FASTWEBSOCKETS, UWEBSOCKETS], &[must(64 * MIB, 1.05)]),
    ("mask", MASK_OFFSET, "1 off", &["aligned"],
        &[aim(16 * KIB, 1.15, 1.07), aim(64 * KIB, 1.15, 1.07), aim(MIB, 1.15, 1.07)]),
    ("decode", DECODE, "ws_frame_decode", &[UWEBSOCKETS],
        &[aim(0, 0.75, 0.55), aim(20, 0.75, 0.55), aim(125, 0.75, 0.55), aim(KIB, 0.90, 0.75), aim(64 * KIB, 0.45, 0.36)]),
    ("decode", DECODE, "ws_frame_decode", &[SANS_IO], FOUR_SIZES),
    ("decode", DECODE, "ws_decoder_feed", &[UWEBSOCKETS],
        &[info(0), info(20), info(125), info(KIB), info(64 * KIB)]),
    ("decode", DECODE, "ws_decoder_feed", &[SANS_IO], FOUR_SIZES),
    ("decode", DECODE, "ws_conn_recv", &[UWEBSOCKETS, NEXUS_WEB, SOCKUDO_WS, TOKIO_WEBSOCKETS, YAWC, WEB_SOCKET, SOKETTO],
        FOUR_SIZES),
    ("decode", DECODE, "ws_conn_recv", &[TUNGSTENITE],
        &[aim(20, 0.30, 0.20), info(125), aim(KIB, 0.45, 0.35), aim(64 * KIB, 0.50, 0.42)]),
    ("decode", DECODE, "ws_conn_recv", &[FASTWEBSOCKETS],
        &[aim(20, 0.25, 0.18), info(125), aim(KIB, 0.50, 0.40), aim(64 * KIB, 0.70, 0.60)]),
    ("decode", DECODE, "ws_conn_recv", &[WSLAY],
        &[aim(20, 0.15, 0.10), info(125), aim(KIB, 0.06, 0.05), aim(64 * KIB, 0.06, 0.05)]),
    ("text", TEXT_OR_BINARY, "text", &["binary"],
        &[must(20, 1.35), aim(125, 1.35, 1.10), aim(KIB, 1.35, 1.10), aim(64 * KIB, 1.35, 1.10)]),
    ("text", DECODE_ASCII, "ws_conn_recv", &[UWEBSOCKETS],
        &[aim(20, 0.80, 0.55), info(125), aim(KIB, 0.65, 0.50), aim(64 * KIB, 0.40, 0.30)]),
    ("text", DECODE_ASCII, "ws_conn_recv", &[FASTWEBSOCKETS, NEXUS_WEB, SOCKUDO_WS, TOKIO_WEBSOCKETS, YAWC],
        FOUR_SIZES),
    ("text", DECODE_MULTIBYTE, "ws_conn_recv", &[TOKIO_WEBSOCKETS, YAWC], FOUR_SIZES),
    ("text", DECODE_MULTIBYTE, "ws_conn_recv", &[UWEBSOCKETS],
        &[aim(KIB, 0.20, 0.13), aim(64 * KIB, 0.20, 0.13)]),
    ("text", DECODE_MULTIBYTE, "ws_conn_recv", &[FASTWEBSOCKETS, NEXUS_WEB, SOCKUDO_WS],
        &[must(KIB, 0.70), must(64 * KIB, 0.70)]),
    ("text", DECODE_MULTIBYTE, "ws_conn_recv", &[UWEBSOCKETS, FASTWEBSOCKETS, NEXUS_WEB, SOCKUDO_WS],
        &[info(20), info(125)]),
    ("encode", ENCODE, "ws_frame_encode", &[UWEBSOCKETS],
        &[aim(0, 1.5, 1.1), aim(20, 1.5, 1.1), aim(125, 1.5, 1.1), aim(KIB, 1.05, 1.0), aim(64 * KIB, 1.05, 1.0)]),
    ("encode", ENCODE, "ws_frame_encode", &[NEXUS_WEB, SOCKUDO_WS, YAWC],
        &[info(0), info(20), info(125), info(KIB), info(64 * KIB)]),
    // The peer writes a payload too, of this length.
    ("encode", ENCODE_HEADER, "ws_frame_header", &[UWEBSOCKETS], &[aim(125, 1.5, 1.1)]),
    ("client-frames", ENCODE_CLIENT, "ws_conn_send", &[TUNGSTENITE],
        &[aim(20, 0.35, 0.27), info(125), aim(KIB, 0.35, 0.25), aim(64 * KIB, 0.45, 0.36)]),
    ("client-frames", ENCODE_CLIENT, "ws_conn_send", &[NEXUS_WEB],
        &[must(20, 1.0), info(125), must(KIB, 1.0), must(64 * KIB, 1.0)]),
    ("client-frames", ENCODE_CLIENT, "ws_conn_send", &[SOCKUDO_WS, TOKIO_WEBSOCKETS, YAWC, WEB_SOCKET],
        FOUR_SIZES),
    ("one-message", RECEIVE_ONE, "ws_conn_recv", &[NEXUS_WEB], &[must(20, 0.60)]),
    ("one-message", RECEIVE_ONE, "ws_conn_recv", &[UWEBSOCKETS], &[must(20, 0.80)]),
    ("one-message", RECEIVE_ONE, "ws_conn_recv",
        &[SOCKUDO_WS, TUNGSTENITE, FASTWEBSOCKETS, TOKIO_WEBSOCKETS, YAWC, WSLAY], &[info(20)]),
    ("one-message", SEND_ONE, "ws_conn_send", &[NEXUS_WEB], &[must(20, 0.60)]),
    ("one-message", SEND_ONE, "ws_conn_send", &[UWEBSOCKETS], &[must(20, 0.80)]),
    ("one-message", SEND_ONE, "ws_conn_send", &[SOCKUDO_WS, TUNGSTENITE, YAWC], &[info(20)]),
    ("one-message", ECHO_ONE, "recv, output, send", &[NEXUS_WEB], &[must(20, 0.60)]),
    ("one-message", ECHO_ONE, "recv, output, send", &[UWEBSOCKETS], &[must(20, 0.80)]),
    ("one-message", ECHO_ONE, "recv, output, send", &[SOCKUDO_WS, TUNGSTENITE], &[info(20)]),
    ("accept-key", ACCEPT_KEY, "ws_accept_key", &["sha1 + base64", "OpenSSL"], &[aim(24, 1.10, 0.55)]),
    ("accept-key", ACCEPT_KEY, "ws_accept_key", &[TUNGSTENITE, UWEBSOCKETS], &[info(24)]),
    ("tokenise", TOKENISE, "ws_next_header", &["picohttpparser"], &[must(REQUEST, 1.0)]),
    ("tokenise", TOKENISE, "ws_next_header", &["httparse"], &[aim(REQUEST, 1.1, 1.0)]),
    ("tokenise", TOKENISE, "ws_parse_handshake", &["picohttpparser", "httparse"], &[info(REQUEST)]),
    ("tokenise", BYTE_BY_BYTE, "ws_parse_handshake", &["httparse"], &[info(LONGEST_HEAD)]),
    ("handshake", UPGRADE, "parse + build", &[TUNGSTENITE], &[aim(REQUEST, 0.30, 0.20)]),
    ("handshake", UPGRADE, "parse + build", &[UWEBSOCKETS], &[aim(REQUEST, 1.5, 1.0)]),
    ("handshake", UPGRADE, "ws_conn_accept", &[UWEBSOCKETS], &[must(REQUEST, 0.80)]),
    ("handshake", UPGRADE, "ws_conn_accept", &[TUNGSTENITE], &[info(REQUEST)]),
    ("utf8", UTF8_MULTIBYTE, "ws_utf8_validate", &["simdutf"],
        &[must(KIB, 1.05), must(64 * KIB, 1.05)]),
    ("utf8", UTF8_MULTIBYTE, "ws_utf8_validate", &["simdutf8", "std"], &[info(KIB), info(64 * KIB)]),
    ("utf8", UTF8_ASCII, "ws_utf8_validate", &["simdutf8"],
        &[must(KIB, 1.0), aim(64 * KIB, 1.15, 1.05)]),
    ("utf8", UTF8_ASCII, "ws_utf8_validate", &["simdutf", "std"], &[info(KIB), info(64 * KIB)]),
    ("idle", IDLE, "ws_decoder", &["the limit"], &[aim(0, 1.0, 0.25)]),
    ("idle", IDLE, "ws_conn", &["the limit"], &[aim(0, 1.0, 0.25)]),
    ("idle", IDLE, "ws_conn", &[UWEBSOCKETS, WSLAY, TUNGSTENITE, FASTWEBSOCKETS], &[info(0)]),
    ("python-decode", PYTHON_BATCH, "ws_decoder_feed", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("python-decode", PYTHON_BATCH, "ws_decoder_feed", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("python-decode", PYTHON_BATCH, "Decoder.feed", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("python-decode", PYTHON_BATCH, "Decoder.feed", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("python-decode", PYTHON_BATCH, "Decoder.feed", &["wsproto"], &[info(20), info(KIB)]),
    ("python-decode", PYTHON_BATCH, "Decoder.feed_tuples", &["websockets"],
        &[aim(20, 0.15, 0.10), aim(KIB, 0.15, 0.10)]),
    ("python-decode", PYTHON_BATCH, "Decoder.feed_tuples", &["aiohttp"],
        &[aim(20, 1.0, 0.75), aim(KIB, 1.0, 0.75)]),
    ("python-decode", PYTHON_SINGLE, "ws_frame_decode", &["websockets"],
        &[must(20, 0.40), must(KIB, 0.40)]),
    ("python-decode", PYTHON_SINGLE, "frame_decode", &["websockets"],
        &[aim(20, 0.75, 0.60), aim(KIB, 0.75, 0.60)]),
    ("python-echo", PYTHON_ECHO, "Connection", &["websockets"],
        &[aim(20, 0.60, 0.45), aim(KIB, 0.60, 0.45)]),
    ("python-echo", PYTHON_ECHO, "Connection", &["wsproto"], &[info(20), info(KIB)]),
    ("python-echo", PYTHON_ECHO_16, "Connection", &["websockets"],
        &[aim(20, 0.40, 0.30), aim(KIB, 0.40, 0.30)]),
    ("python-echo", PYTHON_ECHO_16, "Connection", &["wsproto"], &[info(20), info(KIB)]),
    ("compress", COMPRESS, "ws_conn_send", DEFLATES, &[info(KIB)]),
    ("compress", COMPRESS_ALONE, "ws_conn_send", DEFLATES, &[info(KIB)]),
    ("compress", DECOMPRESS, "ws_conn_recv", DEFLATES, &[info(KIB)]),
    ("compress", DECOMPRESS_ALONE, "ws_conn_recv", DEFLATES, &[info(KIB)]),
    ("compress", RESIDENT, "ws_conn", &["npm ws", "websockets"], &[info(KIB)]),
    ("compress", RESIDENT_ALONE, "ws_conn", &["npm ws", "websockets"], &[info(KIB)]),
    ("compress", HELD_TO_COMPRESS, "window 15, level 8", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_COMPRESS, "window 15, level 1", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_COMPRESS, "window 12, level 5", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_COMPRESS, "window 9, level 1", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_COMPRESS, "no takeover", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_DECOMPRESS, "window 15, level 8", NOBODY, &[info(KIB)]),
    ("compress", HELD_TO_DECOMPRESS, "no takeover", NOBODY, &[info(KIB)]),
];

/// Not zlib-rs, which is the library's own engine, and so the floor.
const DEFLATES: &[&str] = &["zlib", "npm ws", "websockets"];
const NOBODY: &[&str] = &[];
const FOUR_SIZES: &[Aim] = &[info(20), info(125), info(KIB), info(64 * KIB)];

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

/// Everything that is measured, row by row.
pub(crate) fn all() -> Vec<Subject> {
    let mut all: Vec<Subject> = Vec::new();
    for entry @ (.., aims) in TABLE {
        for aim in *aims {
            let peers = peers_of(entry, aim);
            match all.iter_mut().find(|subject| is_of(subject, entry, aim.size)) {
                Some(subject) => subject.peers.extend(peers),
                None => all.push(subject(entry, aim.size, peers.collect())),
            }
        }
    }
    all
}

fn peers_of((.., peers, _): &Entry, aim: &Aim) -> impl Iterator<Item = Peer> {
    let peer =
        |name: &&str| Peer { name: (*name).into(), must: aim.must, stretch: aim.stretch };
    peers.iter().map(peer)
}

fn is_of(subject: &Subject, &(_, quantity, ours, ..): &Entry, size: usize) -> bool {
    subject.quantity == quantity && subject.ours == ours && subject.size == size
}

fn subject(&(row, quantity, ours, ..): &Entry, size: usize, peers: Vec<Peer>) -> Subject {
    Subject {
        row: row.into(),
        quantity: quantity.into(),
        size,
        ours: ours.into(),
        unit: unit(quantity),
        floor: floors::of(quantity),
        peers,
    }
}

/// The subjects of these rows, or of all if there are none.
pub(crate) fn of_rows(rows: &[String]) -> Result<Vec<Subject>, String> {
    let names: Vec<_> = ROWS.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = rows.iter().find(|row| !names.contains(&&***row)) {
        return Err(format!("there is no row {unknown}; rows: {}", names.join(", ")));
    }
    let is_wanted = |subject: &Subject| rows.is_empty() || rows.contains(&subject.row);
    Ok(all().into_iter().filter(is_wanted).collect())
}

fn unit(quantity: &str) -> Unit {
    match quantity {
        IDLE | RESIDENT | RESIDENT_ALONE | HELD_TO_COMPRESS | HELD_TO_DECOMPRESS => {
            Unit::Bytes
        }
        _ => Unit::Ns,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_a_name_and_no_name_is_without_row() {
        let mut rows: Vec<_> = all().into_iter().map(|subject| subject.row).collect();
        rows.dedup();
        let names: Vec<_> = ROWS.iter().map(|(name, _)| *name).collect();
        assert_eq!(rows, names, "the rows of the table, each in one piece");
    }

    #[test]
    fn a_subject_is_compared_with_a_peer_once() {
        for subject in all() {
            let mut others: Vec<_> = subject.others().collect();
            let count = others.len();
            others.sort_unstable();
            others.dedup();
            assert_eq!(others.len(), count, "{subject:?}");
        }
    }

    #[test]
    fn the_ratio_aimed_for_is_below_the_one_required() {
        for peer in all().into_iter().flat_map(|subject| subject.peers) {
            let Some(stretch) = peer.stretch else { continue };
            assert!(peer.must.is_some_and(|must| stretch < must), "{peer:?}");
        }
    }

    #[test]
    fn rows_are_chosen_by_name() {
        let rows = ["utf8".to_string(), "mask".to_string()];
        let chosen = of_rows(&rows).unwrap();
        assert!(chosen.iter().all(|subject| rows.contains(&subject.row)));
        assert!(rows.iter().all(|row| chosen.iter().any(|subject| subject.row == *row)));
        assert_eq!(of_rows(&[]).unwrap().len(), all().len());
    }

    #[test]
    fn an_unknown_row_is_an_error_that_lists_the_rows() {
        let error = of_rows(&["16".to_string()]).unwrap_err();
        assert!(
            error.starts_with("there is no row 16; rows: mask, decode, text,"),
            "{error}"
        );
    }
}
