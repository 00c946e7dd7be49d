//! Each allocation fails in the life of a connection that compresses, however it was made, and of a
//! ws_pmd: that is reported or makes no difference, and nothing leaks.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::conn_accept::accept_into;
use crate::conn_allocator::{Fail, Recorder};
use crate::conn_confirm::request_with;
use crate::conn_outstanding::{Room, conn_in};
use crate::handshakes::{confirm_raw, spec};
use crate::heads::Head;
use crate::pmd::ours;
use crate::pmd_alone::Pmd;
use crate::zlib::{Deflate, Inflate, Settings};
use wscodec::ffi::accept::ws_accept_spec;
use wscodec::ffi::negotiation::ws_pmd_params;

const EXTENSION: (&str, &str) = ("Sec-WebSocket-Extensions", "permessage-deflate");

/// How a connection is made.
#[derive(Clone, Copy, Debug)]
enum Origin {
    New(u32),
    Init(u32),
    Accept,
    Confirm,
}

const ORIGINS: [Origin; 6] = [
    Origin::New(WS_SERVER),
    Origin::New(WS_CLIENT),
    Origin::Init(WS_SERVER),
    Origin::Init(WS_CLIENT),
    Origin::Accept,
    Origin::Confirm,
];

impl Origin {
    fn side(self) -> u32 {
        match self {
            Origin::New(side) | Origin::Init(side) => side,
            Origin::Accept => WS_SERVER,
            Origin::Confirm => WS_CLIENT,
        }
    }

    /// None if there was no memory.
    fn make(
        self,
        params: ws_pmd_params,
        recorder: &Recorder,
        room: &mut Room,
    ) -> Option<Conn> {
        let allocator = recorder.allocator();
        let mut conn = match self {
            Origin::New(side) => Conn::with(side, &allocator)?.pmd(params),
            Origin::Init(side) => conn_in(room, side, &allocator).pmd(params),
            Origin::Accept => {
                let head = Head::request().add(EXTENSION.0, EXTENSION.1).bytes();
                let spec = ws_accept_spec {
                    pmd: &params,
                    allocator: &allocator,
                    ..spec(b"", b"")
                };
                let accepted = accept_into(&head, &spec, 4096);
                accepted.map_err(|error| assert_eq!(error, code::NO_MEMORY)).ok()?.1?
            }
            Origin::Confirm => {
                let head = Head::response().add(EXTENSION.0, EXTENSION.1).bytes();
                let request = request_with(&params);
                let (result, conn, _) =
                    confirm_raw(&head, &request, Some(&params), &allocator);
                assert!(result > 0 || result == code::NO_MEMORY);
                conn?
            }
        };
        conn.compresses = true;
        Some(conn)
    }
}

fn message() -> String {
    "añ€😀".repeat(2000)
}

/// Sends and receives a message twice. A send that fails is repeated once. Returns what was
/// received, and how many of the sends succeeded.
fn live(mut conn: Conn) -> (Vec<Item>, usize) {
    let (message, side) = (message(), conn.side);
    let (mut theirs, mut ours) = (Deflate::new(Settings::USUAL), Inflate::new(15));
    let (mut items, mut sent) = (Vec::new(), 0);
    for _ in 0..2 {
        let mut send = || conn.send(WS_OPCODE_TEXT, 0, message.as_bytes());
        match send().or_else(|_| send()) {
            Ok((_, payload)) => {
                let read = ours.message(&payload);
                assert!(read.as_deref() == Some(message.as_bytes()), "sent");
                sent += 1;
            }
            Err(error) => assert_eq!(error, code::NO_MEMORY),
        }
        let payload = theirs.message(message.as_bytes());
        let (head, tail) = payload.split_at(payload.len() / 2);
        let frames: Frames<'_> = &[(0x41, head), (0x89, b"p"), (0x80, tail)];
        for piece in all_from_peer(side, frames).chunks(50) {
            items.extend(conn.read(piece));
            if conn.state() == WS_STATE_FAILED {
                return (items, sent);
            }
        }
    }
    (items, sent)
}

/// Fails each allocation in turn, alone and with all after it, until none is left to fail. Returns
/// how many there are.
fn each_failure(mut check: impl FnMut(&Recorder)) -> usize {
    for number in 1.. {
        for fail in [Fail::Only(number), Fail::From(number)] {
            let recorder = Recorder::failing(fail);
            check(&recorder);
            assert_eq!(recorder.blocks(), 0, "{fail:?}: a leak");
            if recorder.refused() == 0 {
                return number - 1;
            }
        }
    }
    0
}

#[test]
fn a_failed_allocation_in_the_life_of_a_connection_is_an_error_or_makes_no_difference() {
    for origin in ORIGINS {
        for resets in [false, true] {
            let params = ours(origin.side(), 15, resets);
            let make = |recorder: &Recorder, room: &mut Room| {
                origin.make(params, recorder, room)
            };
            let (expected, sends) = {
                let (recorder, mut room) = (Recorder::new(), Room([0; 256]));
                live(make(&recorder, &mut room).unwrap())
            };
            assert_eq!(sends, 2);
            let mut errors = 0;
            let allocations = each_failure(|recorder| {
                let mut room = Room([0; 256]);
                let Some(conn) = make(recorder, &mut room) else { return };
                let (items, sent) = live(conn);
                let failed = items.iter().position(|item| matches!(item, Item::Error(_)));
                let until = failed.unwrap_or(items.len());
                assert_eq!(items[..until], expected[..until], "{origin:?}");
                if let Some(at) = failed {
                    assert_eq!(items[at], Item::Error(code::NO_MEMORY));
                } else {
                    assert_eq!(items.len(), expected.len(), "{origin:?}");
                }
                errors += usize::from(failed.is_some() || sent < sends);
            });
            assert!(allocations > 5 && errors > 5, "{allocations}, {errors} errors");
        }
    }
}

#[test]
fn a_failed_allocation_of_a_ws_pmd_is_an_error_or_makes_no_difference() {
    let message = message();
    for side in SIDES {
        for resets in [false, true] {
            let mut errors = 0;
            let allocations = each_failure(|recorder| {
                let params = ours(side, 15, resets);
                let Some(mut pmd) = Pmd::with(side, params, &recorder.allocator()) else {
                    return;
                };
                let (mut theirs, mut ours) =
                    (Deflate::new(Settings::USUAL), Inflate::new(15));
                for _ in 0..2 {
                    match pmd.compress(message.as_bytes(), 0) {
                        Ok(payload) => {
                            let read = ours.message(&payload);
                            assert!(read.as_deref() == Some(message.as_bytes()));
                        }
                        Err(error) => assert_eq!(error, code::NO_MEMORY),
                    }
                    let payload = theirs.message(message.as_bytes());
                    match pmd.decompress(&payload, 0, 1000) {
                        Ok(read) => assert!(read == message.as_bytes()),
                        Err(error) => {
                            assert_eq!(error, code::NO_MEMORY);
                            errors += 1;
                        }
                    }
                }
            });
            assert!(allocations > 2 && errors > 0, "{allocations}, {errors} errors");
        }
    }
}
