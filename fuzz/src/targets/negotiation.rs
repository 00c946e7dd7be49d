//! A whole opening handshake between both sides of the library: the client reads from the
//! response exactly what the server agreed to, and messages go both ways.

use crate::c::{self, Request, WS_CLIENT, WS_SERVER, code};
use crate::conn::Conn;
use crate::handshakes::{accept_raw, confirm_raw, spec};
use crate::heads::KEY;
use crate::plain::fields;
use crate::source::Source;
use core::ptr::null;
use wscodec::ffi::accept::*;
use wscodec::ffi::conn::ws_conn_get_pmd;
use wscodec::ffi::negotiation::ws_pmd_params;

pub(crate) fn any_params(source: &mut Source<'_>) -> ws_pmd_params {
    let bits = |choice: u8| if choice % 9 == 8 { 0 } else { 8 + choice % 9 };
    ws_pmd_params {
        server_no_context_takeover: source.byte() & 1,
        client_no_context_takeover: source.byte() & 1,
        server_max_window_bits: bits(source.byte()),
        client_max_window_bits: bits(source.byte()),
        level: 1,
        mem_level: 1,
        reserved: [0; 2],
    }
}

/// The parameters with their defaults.
pub(crate) fn agreement(params: &ws_pmd_params) -> [u8; 4] {
    let bits = |bits: u8| if bits == 0 { 15 } else { bits };
    [
        params.server_no_context_takeover,
        params.client_no_context_takeover,
        bits(params.server_max_window_bits),
        bits(params.client_max_window_bits),
    ]
}

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    let (wanted, willing) = (any_params(&mut source), any_params(&mut source));
    let offers = choice & 1 != 0;
    let accepts = choice & 2 != 0;
    let (protocols, supported) = (source.some_bytes(), source.some_bytes());
    let cut = source.u16();
    let extensions = if offers { c::pmd_offer(wanted).unwrap() } else { Vec::new() };
    let request = Request {
        host: b"example.com",
        target: b"/",
        key: KEY,
        protocols,
        extensions: &extensions,
        ..Request::default()
    };
    let Ok(request) = c::build_request(&request) else {
        let distinct = fields::choose(None, protocols).is_ok();
        assert!(!distinct && !protocols.is_empty(), "a valid request");
        return;
    };
    let chosen = fields::choose(Some(protocols), supported);
    let spec = ws_accept_spec {
        pmd: if accepts { &raw const willing } else { null() },
        flags: if choice & 4 != 0 { WS_ACCEPT_NEED_PROTOCOL } else { 0 },
        ..spec(supported, b"")
    };
    let (response, server) = match accept(&request, &spec) {
        Ok(accepted) => accepted,
        Err(error) => {
            let needs = choice & 4 != 0;
            let expected = match chosen {
                Err(()) => code::INVALID_ARGUMENT,
                Ok(None) if needs && supported.is_empty() => code::INVALID_ARGUMENT,
                Ok(None) if needs => code::PROTOCOL,
                _ => panic!("{error} without a reason"),
            };
            assert_eq!(error, expected);
            return;
        }
    };
    let (mut server, mut client) =
        (server, confirm(&response, &request, offers.then_some(&wanted), cut));
    let (protocol, agreed) = (chosen.unwrap(), pmd_of(&server));
    assert_eq!(c::find_header(&response, b"Sec-WebSocket-Protocol"), Ok(protocol));
    assert_eq!(agreed.is_some(), offers && accepts);
    assert_eq!(pmd_of(&client), agreed, "both sides agree");
    (server.compresses, client.compresses) = (agreed.is_some(), agreed.is_some());
    let message = source.rest();
    for _ in 0..2 {
        exchange(&mut client, &mut server, message);
        exchange(&mut server, &mut client, message);
    }
}

fn exchange(from: &mut Conn, to: &mut Conn, message: &[u8]) {
    let frame = from.send_bytes(2, 0, message).unwrap();
    assert_eq!(to.read(&frame), [crate::conn::binary(message)]);
}

fn accept(request: &[u8], spec: &ws_accept_spec) -> Result<(Vec<u8>, Conn), isize> {
    let room = WS_MAX_REPLY + spec.protocols.len;
    let (result, out, accepted) = accept_raw(request, Some(spec), room);
    if result < 0 {
        return Err(result);
    }
    if accepted.error != 0 {
        return Err(accepted.error);
    }
    assert_eq!(accepted.head_len as usize, request.len());
    Ok((out, Conn::of(accepted.conn, WS_SERVER)))
}

fn confirm(
    response: &[u8],
    request: &[u8],
    offered: Option<&ws_pmd_params>,
    cut: u16,
) -> Conn {
    let confirm = |head| confirm_raw(head, request, offered, null());
    let cut = usize::from(cut) % response.len();
    let (result, conn, _) = confirm(&response[..cut]);
    assert!(result == 0 && conn.is_none(), "it is incomplete");
    let (result, conn, _) = confirm(response);
    assert_eq!(result, response.len() as isize);
    conn.expect("a connection")
}

/// What was agreed, without what is local.
fn pmd_of(conn: &Conn) -> Option<[u8; 4]> {
    let mut params = ws_pmd_params::default();
    // SAFETY: both live during the call.
    let result = unsafe { ws_conn_get_pmd(conn.raw, &mut params) };
    (result == 1).then(|| agreement(&params))
}
