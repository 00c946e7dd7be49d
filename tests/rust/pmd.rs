//! Connections that compress.

// All unsafe blocks here pass values that live during the call.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::WS_SERVER;
use crate::conn::*;
use wscodec::conn::Side;
use wscodec::deflate::{Direction, Params};
use wscodec::ffi::conn::ws_conn_set_pmd;
use wscodec::ffi::negotiation::ws_pmd_params;

pub(crate) const USUAL: ws_pmd_params = ws_pmd_params {
    server_no_context_takeover: 0,
    client_no_context_takeover: 0,
    server_max_window_bits: 0,
    client_max_window_bits: 0,
    level: 0,
    mem_level: 0,
    reserved: [0; 2],
};

impl Conn {
    /// The same connection with compression.
    pub(crate) fn pmd(mut self, params: ws_pmd_params) -> Conn {
        assert_eq!(unsafe { ws_conn_set_pmd(self.raw, &params) }, 0);
        self.compresses = true;
        self
    }

    /// The payload of the one compressed frame that ws_conn_send() writes for a whole message.
    pub(crate) fn compress(&mut self, message: &[u8]) -> Vec<u8> {
        let (first, payload) = self.send(WS_OPCODE_BINARY, 0, message).unwrap();
        assert_eq!(first, 0xc2);
        payload
    }
}

/// Parameters for the direction in which `side` sends: window bits, and whether it resets its
/// window after each message.
pub(crate) fn ours(side: u32, window_bits: u8, resets: bool) -> ws_pmd_params {
    match side {
        WS_SERVER => ws_pmd_params {
            server_max_window_bits: window_bits,
            server_no_context_takeover: resets.into(),
            ..USUAL
        },
        _ => ws_pmd_params {
            client_max_window_bits: window_bits,
            client_no_context_takeover: resets.into(),
            ..USUAL
        },
    }
}

#[test]
fn parameters_tell_what_each_side_does() {
    let said =
        |direction: Direction| (direction.no_context_takeover(), direction.window_bits());
    let server = Direction::new(true, 9).unwrap();
    let client = Direction::new(false, 15).unwrap();
    let params = Params::new(server, client, 6, 8).unwrap();
    for (side, sent, received) in
        [(Side::Server, (true, 9), (false, 15)), (Side::Client, (false, 15), (true, 9))]
    {
        assert_eq!(said(params.sent_by(side)), sent);
        assert_eq!(said(params.received_by(side)), received);
    }
}
