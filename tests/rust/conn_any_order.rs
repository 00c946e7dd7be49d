//! Calls in every order, after errors and after closes, too: what is reported, what is on the wire,
//! and that all memory is freed.

use crate::c::code;
use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::pmd::USUAL;

#[derive(Clone, Copy, Debug)]
enum Call {
    /// A frame of the peer: its first byte and its payload.
    Recv(u8, &'static [u8]),
    Send(u32),
    Close,
    Output,
    Finish,
}

const CALLS: [Call; 11] = [
    Call::Recv(0x81, b"whole"),
    Call::Recv(0x01, b"first fragment"),
    Call::Recv(0xc1, b"\xf2\x48\xcd\xc9\xc9\x07\x00"),
    Call::Recv(0x89, b"ping"),
    Call::Recv(0x88, b"\x03\xe8"),
    Call::Recv(0x83, b"reserved opcode"),
    Call::Send(0),
    Call::Send(WS_SEND_MORE),
    Call::Close,
    Call::Output,
    Call::Finish,
];

/// The calls of a sequence of this number.
fn sequence(number: usize, len: u32) -> impl Iterator<Item = Call> {
    (0..len).map(move |at| CALLS[number / CALLS.len().pow(at) % CALLS.len()])
}

struct Session {
    conn: Conn,
    /// What the peer sent, as it was reported.
    reported: Vec<Item>,
    /// The first bytes of the frames that we sent.
    sent: Vec<u8>,
    error: Option<isize>,
}

impl Session {
    fn new(conn: Conn) -> Session {
        Session { conn, reported: Vec::new(), sent: Vec::new(), error: None }
    }

    /// An error is reported again by every later call that reads.
    fn fail(&mut self, error: isize) {
        assert_eq!(*self.error.get_or_insert(error), error);
        assert_eq!(self.conn.state(), WS_STATE_FAILED);
    }

    fn make(&mut self, call: Call) {
        let had_failed = self.error.is_some();
        match call {
            Call::Recv(first, payload) => {
                let frame = from_peer(self.conn.side, first, payload);
                for item in self.conn.read_only(&frame) {
                    match item {
                        Item::Error(error) => self.fail(error),
                        item => {
                            assert!(!had_failed, "{item:?} after an error");
                            self.reported.push(item);
                        }
                    }
                }
            }
            Call::Send(flags) => match self.conn.send(WS_OPCODE_TEXT, flags, b"ours") {
                Ok((first, _)) => self.sent.push(first),
                Err(error) => assert_eq!(error, code::INVALID_STATE),
            },
            Call::Close => match self.conn.close(1000, b"") {
                Ok(frame) => self.sent.extend(frame.map(|_| 0x88)),
                Err(error) => assert_eq!(error, code::INVALID_STATE),
            },
            Call::Output => {
                for reply in self.conn.output() {
                    let Item::Reply(first, _) = reply else { panic!("{reply:?}") };
                    self.sent.push(first);
                }
            }
            Call::Finish => match self.conn.finish() {
                0 => assert!(matches!(self.reported.last(), Some(Item::Close(..)))),
                error => self.fail(error),
            },
        }
    }

    fn reports_nothing_after_a_close(&self) -> bool {
        let closed =
            self.reported.iter().position(|item| matches!(item, Item::Close(..)));
        closed.is_none_or(|at| at + 1 == self.reported.len())
    }

    /// RFC 6455, 5.4 and 5.5.1.
    fn sends_whole_messages_and_none_after_a_close(&self) -> bool {
        let (mut in_message, mut closed) = (false, false);
        self.sent.iter().all(|first| {
            let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
            let valid = match opcode {
                0 | 1 => !closed && in_message == (opcode == 0),
                8 => !closed,
                _ => true,
            };
            in_message = if opcode < 8 { !fin } else { in_message };
            closed |= opcode == 8;
            valid
        })
    }
}

fn check_every_sequence(len: u32, new: impl Fn(u32, &Recorder) -> Conn) {
    for side in SIDES {
        for number in 0..CALLS.len().pow(len) {
            let recorder = Recorder::new();
            let mut session = Session::new(new(side, &recorder));
            sequence(number, len).for_each(|call| session.make(call));
            let calls = || sequence(number, len).collect::<Vec<_>>();
            assert!(session.reports_nothing_after_a_close(), "{:?}", calls());
            let valid = session.sends_whole_messages_and_none_after_a_close();
            assert!(valid, "{:02x?} by {:?}", session.sent, calls());
            drop(session);
            assert_eq!(recorder.blocks(), 0, "{:?}", calls());
        }
    }
}

#[test]
fn calls_in_any_order_obey_the_rules_of_the_wire_and_free_all_memory() {
    check_every_sequence(4, |side, recorder| {
        Conn::with(side, &recorder.allocator()).unwrap()
    });
}

#[test]
fn calls_in_any_order_with_compression_do_so_too() {
    check_every_sequence(3, |side, recorder| {
        Conn::with(side, &recorder.allocator()).unwrap().pmd(USUAL)
    });
}
