//! An allocator that fails at random: every call succeeds as it does with memory, or returns
//! WS_ERR_NO_MEMORY; a call that may be repeated succeeds with memory; nothing leaks, and
//! everything is freed with its size and alignment.

use crate::c::{WS_CLIENT, WS_SERVER, code};
use crate::conn::*;
use crate::conn_allocator::{Fail, Recorder};
use crate::source::Source;
use crate::targets::conn::{CHEAP, params};
use crate::zlib::Deflate;
use wscodec::ffi::conn::WS_SEND_MORE;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    let recorder = Recorder::new();
    let allocator = if choice & 1 == 0 {
        recorder.allocator()
    } else {
        recorder.allocator_without_resize()
    };
    let side = if choice & 2 == 0 { WS_SERVER } else { WS_CLIENT };
    recorder.fail(schedule(&mut source));
    let Some(mut conn) = Conn::with(side, &allocator) else {
        assert!(recorder.refused() > 0, "refused without a reason");
        return;
    };
    if choice & 4 != 0 {
        conn = conn.pmd(params(source.byte()));
    }
    let mut conn = conn
        .option(WS_OPT_STREAM, (choice >> 3 & 1).into())
        .option(WS_OPT_KEEP_BUFFER, u64::from(choice >> 4 & 1) << 10);
    let mut run = Run { recorder: &recorder, deflate: choice & 4 != 0, zlib: None };
    while !source.is_empty() && run.step(&mut conn, &mut source) {}
    recorder.fail(Fail::Never);
    if conn.state() == WS_STATE_FAILED {
        let latched = conn.recv(&mut [], 1).map(|_| ());
        assert_eq!(latched, Err(conn.finish()), "the error is final");
    }
    conn.output();
    // Dropping the connection, then the recorder, checks that nothing is left.
}

fn schedule(source: &mut Source<'_>) -> Fail {
    let number = 1 + source.below(12);
    *source.pick(&[Fail::Never, Fail::Only(number), Fail::From(number)])
}

struct Run<'a> {
    recorder: &'a Recorder,
    deflate: bool,
    zlib: Option<Deflate>,
}

impl Run<'_> {
    /// One call. False: the connection has failed.
    fn step(&mut self, conn: &mut Conn, source: &mut Source<'_>) -> bool {
        match source.below(8) {
            0 => self.recorder.fail(schedule(source)),
            1 | 2 => self.send(conn, source),
            3 => drop(conn.output()),
            _ => return self.read(conn, source),
        }
        true
    }

    fn send(&mut self, conn: &mut Conn, source: &mut Source<'_>) {
        let opcode = *source.pick(&[2, 1, 9, 10]);
        let flags = if source.flag() && opcode <= 2 { WS_SEND_MORE } else { 0 };
        let payload = source.some_bytes();
        let payload = &payload[..payload.len().min(125)];
        match conn.send(opcode, flags, payload) {
            Ok(_) | Err(code::INVALID_STATE) => {}
            Err(error) => {
                assert_eq!(error, code::NO_MEMORY);
                self.recorder.fail(Fail::Never);
                assert!(conn.send(opcode, flags, payload).is_ok(), "it may be repeated");
            }
        }
    }

    fn read(&mut self, conn: &mut Conn, source: &mut Source<'_>) -> bool {
        let first =
            *source.pick(&[0x82, 0x81, 0x02, 0x80, 0x00, 0x89, 0xc2, 0x42, 0x8a, 0x88]);
        let choice = source.byte();
        let mut payload = source.bytes(usize::from(choice & 0x7f)).to_vec();
        if choice & 0x80 != 0 {
            payload = payload.repeat(20);
        }
        if self.deflate && first & 0x40 != 0 {
            let zlib = self.zlib.get_or_insert_with(|| Deflate::new(CHEAP));
            payload = zlib.message(&payload);
        }
        let bytes = from_peer(conn.side, first, payload);
        let piece = 1 + source.below(100);
        let refused = self.recorder.refused();
        for piece in bytes.chunks(piece) {
            for item in conn.read_in(piece, 1 + choice as usize % 3, true) {
                if let Item::Error(code::NO_MEMORY) = item {
                    assert!(
                        self.recorder.refused() > refused,
                        "no allocation has failed"
                    );
                }
            }
            if conn.state() == WS_STATE_FAILED {
                return false;
            }
        }
        true
    }
}
