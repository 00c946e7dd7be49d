//! A safe wrapper of a connection: slices in, events and replies out. It checks at every call
//! what must hold for every call.

// All unsafe blocks here pass slices that live during the call, with their own lengths.
#![allow(clippy::undocumented_unsafe_blocks)]

use crate::c::{self, CANARY, WS_CLIENT, WS_SERVER, code};
use crate::wire::{self, KEY};
use core::ffi::c_void;
use core::ptr::{null, null_mut};
pub(crate) use wscodec::ffi::conn::*;
pub(crate) use wscodec::ffi::frame::{
    WS_OPCODE_BINARY, WS_OPCODE_PING, WS_OPCODE_PONG, WS_OPCODE_TEXT,
};
use wscodec::ffi::frame::{WS_RSV1, WS_RSV2, WS_RSV3};

pub(crate) const SIDES: [u32; 2] = [WS_SERVER, WS_CLIENT];

pub(crate) const FIRST: u16 = WS_EVENT_FIRST as u16;
pub(crate) const LAST: u16 = WS_EVENT_LAST as u16;
pub(crate) const BOTH: u16 = FIRST | LAST;
pub(crate) const COLLECTED: u16 = WS_EVENT_COLLECTED as u16;
pub(crate) const FRAME_END: u16 = WS_EVENT_FRAME_END as u16;
const RSV: u16 = (WS_RSV1 | WS_RSV2 | WS_RSV3) as u16;

/// The most pieces in which a compressed message of 64 MiB is reported.
const MOST_PIECES: usize = 4100;

/// An event, a reply or an error of a connection. Tests compare them in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// A message, or with WS_OPT_STREAM a piece of one: opcode, flags, bytes.
    Data(u16, u16, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(u16, Vec<u8>),
    /// A frame of ws_conn_output(): its first byte and its payload.
    Reply(u8, Vec<u8>),
    Error(isize),
}

pub(crate) fn text(payload: impl AsRef<[u8]>) -> Item {
    Item::Data(1, BOTH, payload.as_ref().to_vec())
}

pub(crate) fn binary(payload: impl AsRef<[u8]>) -> Item {
    Item::Data(2, BOTH, payload.as_ref().to_vec())
}

pub(crate) fn ping(payload: impl AsRef<[u8]>) -> Item {
    Item::Ping(payload.as_ref().to_vec())
}

pub(crate) fn pong(payload: impl AsRef<[u8]>) -> Item {
    Item::Pong(payload.as_ref().to_vec())
}

pub(crate) fn close(code: u16, reason: impl AsRef<[u8]>) -> Item {
    Item::Close(code, reason.as_ref().to_vec())
}

/// The connection's reply to a ping.
pub(crate) fn pong_reply(payload: impl AsRef<[u8]>) -> Item {
    Item::Reply(0x8a, payload.as_ref().to_vec())
}

/// The close frame that the connection writes by itself; 1005: an empty one.
pub(crate) fn close_reply(code: u16) -> Item {
    Item::Reply(0x88, close_payload(code, b""))
}

pub(crate) fn close_payload(code: u16, reason: &[u8]) -> Vec<u8> {
    match code {
        1005 => Vec::new(),
        code => [&code.to_be_bytes()[..], reason].concat(),
    }
}

/// The key with which the peer of `side` masks: only the peer of a server does.
pub(crate) fn peer_key(side: u32) -> Option<[u8; 4]> {
    (side == WS_SERVER).then_some(KEY)
}

/// A frame as the peer of `side` sends it.
pub(crate) fn from_peer(side: u32, first: u8, payload: impl AsRef<[u8]>) -> Vec<u8> {
    wire::frame(first, peer_key(side), payload.as_ref())
}

/// First bytes and payloads.
pub(crate) type Frames<'a> = &'a [(u8, &'a [u8])];

pub(crate) fn all_from_peer(side: u32, frames: Frames<'_>) -> Vec<u8> {
    frames.iter().flat_map(|(first, payload)| from_peer(side, *first, payload)).collect()
}

/// Reads whole frames that `side` wrote: first bytes and payloads.
pub(crate) fn frames(side: u32, mut rest: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (first, second) = (rest[0], rest[1]);
        assert_eq!(
            second & 0x80 != 0,
            side == WS_CLIENT,
            "a client masks, a server does not"
        );
        let number = |range: core::ops::Range<usize>| {
            rest[range].iter().fold(0, |number, byte| number << 8 | usize::from(*byte))
        };
        let (len, mut at) = match second & 0x7f {
            126 => (number(2..4), 4),
            127 => (number(2..10), 10),
            short => (short.into(), 2),
        };
        assert_eq!(at, wire::header(first, None, len as u64).len(), "minimal length");
        let mut key = [0; 4];
        if side == WS_CLIENT {
            key.copy_from_slice(&rest[at..at + 4]);
            at += 4;
        }
        all.push((first, wire::masked(&rest[at..at + len], key)));
        rest = &rest[at + len..];
    }
    all
}

/// An event, copied.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) item: Item,
    /// The position of its data in the caller's buffer; None if it is elsewhere or empty.
    pub(crate) place: Option<usize>,
}

impl Event {
    fn of(conn: &Conn, event: &ws_event, buf: &[u8]) -> Event {
        let data = conn.data_of(event, buf);
        let (opcode, flags) =
            (event.opcode, event.flags & !(COLLECTED | FRAME_END | RSV));
        let collected = event.flags & COLLECTED != 0;
        let frame_end = event.flags & FRAME_END != 0;
        assert!(frame_end || flags & LAST == 0, "a message ends with a frame");
        assert_eq!(event.reserved, 0);
        assert!(flags & !BOTH == 0, "unknown flags");
        assert!(opcode < 8 || flags == BOTH, "a control frame is whole");
        assert!(opcode == 8 || event.close_code == 0, "only a close has a code");
        let from = usize::try_from(event.off).unwrap();
        let inside = !data.is_empty() && !collected;
        assert!(collected || from + data.len() <= buf.len(), "not in the buffer");
        let item = match opcode {
            1 | 2 => Item::Data(opcode, flags, data),
            8 => Item::Close(event.close_code, data),
            9 => Item::Ping(data),
            10 => Item::Pong(data),
            other => panic!("an event with opcode {other}"),
        };
        Event { item, place: inside.then_some(from) }
    }
}

pub(crate) const NO_EVENT: ws_event =
    ws_event { off: 77, len: 77, opcode: 77, flags: 77, close_code: 77, reserved: 77 };

pub(crate) struct Conn {
    pub(crate) raw: *mut ws_conn,
    pub(crate) side: u32,
    /// Its output may use the rest of the buffer as scratch space.
    pub(crate) compresses: bool,
}

impl Drop for Conn {
    fn drop(&mut self) {
        unsafe { ws_conn_free(self.raw) }
    }
}

impl Conn {
    /// Takes ownership: dropping it frees the connection.
    pub(crate) fn of(raw: *mut ws_conn, side: u32) -> Conn {
        Conn { raw, side, compresses: false }
    }

    pub(crate) fn new(side: u32) -> Conn {
        Conn::with(side, null()).unwrap()
    }

    /// A copy of the data of an event of the last call.
    pub(crate) fn data_of(&self, event: &ws_event, buf: &[u8]) -> Vec<u8> {
        let buf = if event.flags & COLLECTED == 0 { buf.as_ptr() } else { null() };
        let data = unsafe { ws_event_data(self.raw, buf.cast(), event) };
        assert!(!data.is_null(), "no data");
        let len = usize::try_from(event.len).unwrap();
        unsafe { core::slice::from_raw_parts(data.cast(), len) }.to_vec()
    }

    /// None if it was refused.
    pub(crate) fn with(side: u32, allocator: *const ws_allocator) -> Option<Conn> {
        let raw = unsafe { ws_conn_new(side, allocator) };
        (!raw.is_null()).then_some(Conn::of(raw, side))
    }

    pub(crate) fn set(&mut self, option: i32, value: u64) -> isize {
        unsafe { ws_conn_set(self.raw, option, value) }
    }

    /// The same connection with an option that must be accepted.
    pub(crate) fn option(mut self, option: i32, value: u64) -> Conn {
        assert_eq!(self.set(option, value), 0);
        self
    }

    pub(crate) fn get(&self, option: i32) -> Result<u64, isize> {
        let mut value = 77;
        match unsafe { ws_conn_get(self.raw, option, &mut value) } {
            0 => Ok(value),
            error => Err(error),
        }
    }

    pub(crate) fn state(&self) -> i32 {
        unsafe { ws_conn_state(self.raw) }
    }

    pub(crate) fn finish(&mut self) -> isize {
        unsafe { ws_conn_finish(self.raw) }
    }

    /// One call of ws_conn_recv(): the raw events, and how many bytes were consumed.
    pub(crate) fn recv_raw(
        &mut self,
        buf: &mut [u8],
        cap: usize,
    ) -> Result<(Vec<ws_event>, usize), isize> {
        let mut events = vec![NO_EVENT; cap];
        let mut consumed = usize::MAX;
        let as_given = buf.to_vec();
        let (to, len) = (buf.as_mut_ptr().cast(), buf.len());
        let result = unsafe {
            ws_conn_recv(self.raw, to, len, events.as_mut_ptr(), cap, &mut consumed)
        };
        let Ok(count) = usize::try_from(result) else {
            assert_eq!(consumed, 0, "nothing is consumed with an error");
            return Err(result);
        };
        assert!(count <= cap && consumed <= len);
        assert!(count > 0 || consumed == len, "no events although bytes are left");
        assert_eq!(
            buf[consumed..],
            as_given[consumed..],
            "bytes beyond *consumed have changed"
        );
        let collected = |event: &ws_event| event.flags & COLLECTED != 0;
        assert!(
            events[..count.saturating_sub(1)].iter().all(|e| !collected(e)),
            "not last"
        );
        events.truncate(count);
        Ok((events, consumed))
    }

    /// One call of ws_conn_recv().
    pub(crate) fn recv(
        &mut self,
        buf: &mut [u8],
        cap: usize,
    ) -> Result<(Vec<Event>, usize), isize> {
        let (events, consumed) = self.recv_raw(buf, cap)?;
        Ok((events.iter().map(|event| Event::of(self, event, buf)).collect(), consumed))
    }

    /// Whether output is pending.
    pub(crate) fn has_output(&mut self) -> bool {
        match unsafe { ws_conn_output(self.raw, null_mut(), 0) } {
            0 => false,
            error => {
                assert_eq!(error, code::BUFFER_TOO_SMALL);
                true
            }
        }
    }

    /// The bytes that ws_conn_output() writes into `cap` bytes.
    pub(crate) fn output_bytes(&mut self, cap: usize) -> Result<Vec<u8>, isize> {
        let raw = self.raw;
        written(cap, |out, cap| unsafe { ws_conn_output(raw, out, cap) })
    }

    /// Collects all pending output.
    pub(crate) fn output(&mut self) -> Vec<Item> {
        let pending = self.has_output();
        let bytes = self.output_bytes(WS_MAX_OUTPUT).unwrap();
        assert_eq!(bytes.is_empty(), !pending);
        assert!(!self.has_output(), "all of it is written at once");
        let frames = frames(self.side, &bytes).into_iter();
        frames.map(|(first, payload)| Item::Reply(first, payload)).collect()
    }

    /// The bytes that ws_conn_send() writes into ws_conn_send_bound() bytes.
    pub(crate) fn send_bytes(
        &mut self,
        opcode: i32,
        flags: u32,
        payload: &[u8],
    ) -> Result<Vec<u8>, isize> {
        self.send_into(opcode, flags, payload, self.bound(payload.len()))
    }

    pub(crate) fn send_into(
        &mut self,
        opcode: i32,
        flags: u32,
        payload: &[u8],
        cap: usize,
    ) -> Result<Vec<u8>, isize> {
        let (raw, from, len) = (self.raw, payload.as_ptr().cast(), payload.len());
        let write =
            |out, cap| unsafe { ws_conn_send(raw, opcode, flags, from, len, out, cap) };
        if self.compresses { written_loosely(cap, write) } else { written(cap, write) }
    }

    /// The one frame that ws_conn_send() writes.
    pub(crate) fn send(
        &mut self,
        opcode: i32,
        flags: u32,
        payload: &[u8],
    ) -> Result<(u8, Vec<u8>), isize> {
        let mut frames = frames(self.side, &self.send_bytes(opcode, flags, payload)?);
        assert_eq!(frames.len(), 1, "each call writes one frame");
        Ok(frames.remove(0))
    }

    pub(crate) fn bound(&self, len: usize) -> usize {
        unsafe { ws_conn_send_bound(self.raw, len) }
    }

    pub(crate) fn close_into(
        &mut self,
        code: u16,
        reason: &[u8],
        cap: usize,
    ) -> Result<Vec<u8>, isize> {
        let (raw, from, len) = (self.raw, reason.as_ptr().cast(), reason.len());
        written(cap, |out, cap| unsafe { ws_conn_close(raw, code, from, len, out, cap) })
    }

    /// The payload of the close frame that ws_conn_close() writes; None: it wrote nothing.
    pub(crate) fn close(
        &mut self,
        code: u16,
        reason: &[u8],
    ) -> Result<Option<Vec<u8>>, isize> {
        let mut frames = frames(self.side, &self.close_into(code, reason, 131)?);
        assert!(frames.len() <= 1);
        Ok(frames.pop().map(|(first, payload)| {
            assert_eq!(first, 0x88);
            payload
        }))
    }

    /// The loop of the header: reads all of `bytes`, and collects the output after every call.
    pub(crate) fn read(&mut self, bytes: &[u8]) -> Vec<Item> {
        self.read_in(bytes, 64, true)
    }

    /// Reads all of `bytes` and leaves the output uncollected.
    pub(crate) fn read_only(&mut self, bytes: &[u8]) -> Vec<Item> {
        self.read_in(bytes, 64, false)
    }

    pub(crate) fn read_in(
        &mut self,
        bytes: &[u8],
        cap: usize,
        collects: bool,
    ) -> Vec<Item> {
        let (mut buf, mut start, mut items) = (bytes.to_vec(), 0, Vec::new());
        for _ in 0..2 * bytes.len() + MOST_PIECES {
            let before = self.state();
            let outcome = self.recv(&mut buf[start..], cap);
            let (count, consumed) = match outcome {
                Ok((events, consumed)) => {
                    let count = events.len();
                    items.extend(events.into_iter().map(|event| event.item));
                    assert!(self.state() != WS_STATE_FAILED || before == WS_STATE_FAILED);
                    (count, consumed)
                }
                Err(error) => {
                    items.push(Item::Error(error));
                    assert_eq!(self.state(), WS_STATE_FAILED);
                    (0, 0)
                }
            };
            if collects {
                items.extend(self.output());
            }
            start += consumed;
            let done = count == 0;
            if done {
                return items;
            }
        }
        panic!("it does not terminate: {bytes:02x?}");
    }

    /// Calls `read` for consecutive pieces of `bytes`, until the connection fails.
    pub(crate) fn read_pieces(
        &mut self,
        bytes: &[u8],
        pieces: &[usize],
        mut read: impl FnMut(&mut Conn, &[u8]) -> Vec<Item>,
    ) -> Vec<Item> {
        let (mut items, mut rest) = (Vec::new(), bytes);
        for len in pieces {
            let (piece, after) = rest.split_at(*len);
            rest = after;
            items.extend(read(self, piece));
            if self.state() == WS_STATE_FAILED {
                break;
            }
        }
        items
    }

    /// Reads until all bytes are consumed; each call gets a fresh copy of those that are left.
    /// After that, nothing may be outstanding.
    pub(crate) fn read_by_bytes(&mut self, bytes: &[u8], cap: usize) -> Vec<Item> {
        let (mut left, mut items) = (bytes, Vec::new());
        for _ in 0..2 * bytes.len() + MOST_PIECES {
            if left.is_empty() {
                if self.state() != WS_STATE_FAILED {
                    let (events, _) = self.recv(&mut [], cap).unwrap();
                    assert!(
                        events.is_empty(),
                        "{events:?} although all bytes were consumed"
                    );
                }
                return items;
            }
            let mut copy = left.to_vec();
            let outcome = self.recv(&mut copy, cap);
            let (events, consumed) = match outcome {
                Ok(done) => done,
                Err(error) => {
                    items.push(Item::Error(error));
                    items.extend(self.output());
                    return items;
                }
            };
            let may_reply = events
                .iter()
                .any(|event| matches!(event.item, Item::Ping(_) | Item::Close(..)));
            items.extend(events.into_iter().map(|event| event.item));
            let output = self.output();
            assert!(may_reply || output.is_empty(), "{output:?} without a reason");
            items.extend(output);
            left = &left[consumed..];
        }
        panic!("it does not terminate: {bytes:02x?}");
    }
}

/// Calls `write` once, since a connection changes with what it writes. It must leave the rest of
/// the `cap` bytes alone.
fn written(
    cap: usize,
    write: impl Fn(*mut c_void, usize) -> isize,
) -> Result<Vec<u8>, isize> {
    let (result, rest) = write_into(cap, write);
    let clean = rest.iter().all(|byte| *byte == CANARY);
    assert!(clean, "wrote more than it reported");
    result
}

/// As `written`, but a successful call may use the rest of the `cap` bytes as scratch space.
fn written_loosely(
    cap: usize,
    write: impl Fn(*mut c_void, usize) -> isize,
) -> Result<Vec<u8>, isize> {
    let (result, rest) = write_into(cap, write);
    let clean = rest.iter().all(|byte| *byte == CANARY);
    assert!(clean || result.is_ok(), "wrote although it failed");
    result
}

/// The result with the bytes written, and the rest of the `cap` bytes.
fn write_into(
    cap: usize,
    write: impl Fn(*mut c_void, usize) -> isize,
) -> (Result<Vec<u8>, isize>, Vec<u8>) {
    let mut room = vec![CANARY; cap + 32];
    let result = c::count(write(room[16..].as_mut_ptr().cast(), cap));
    let len = result.unwrap_or(0);
    assert!(len <= cap, "reported more than the capacity");
    assert_eq!(room[..16], [CANARY; 16], "wrote before the buffer");
    assert_eq!(room[16 + cap..], [CANARY; 16], "wrote beyond the buffer");
    let rest = room[16 + len..16 + cap].to_vec();
    (result.map(|len| room[16..16 + len].to_vec()), rest)
}
