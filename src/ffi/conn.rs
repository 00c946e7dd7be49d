//! Connection

use super::deflate::{supported, ws_pmd_params};
use super::ptr;
use super::result::ws_result;
use super::{answer, frame};
use crate::conn::{Conn, Event, MAX_OUTPUT, Opt, Piece, Side, State};
use crate::deflate::Params;
use crate::error::{Error, Result};
use crate::frame::Opcode;
use crate::memory::{Alloc, Allocator, Free, Resize};
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

/// A WebSocket connection after its opening handshake. Opaque; at most 256 bytes. It owns
/// further memory only while a message or a control frame is incomplete or was collected, while a
/// pong waits, and to compress.
pub struct ws_conn {
    conn: Conn,
}

const _: () = assert!(size_of::<ws_conn>() <= 256);

/// Memory for a handle. Sizes and alignments (a power of two, at most 16) are given back, so an
/// arena needs no headers. resize() may move the memory, and may be NULL. Pass NULL in place of
/// this struct for the C library's. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_allocator {
    /// Gives `size` bytes, or NULL.
    pub alloc: Option<
        unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void,
    >,
    /// Gives as many bytes with what was in the old ones, or NULL and leaves those.
    pub resize: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            ptr: *mut c_void,
            old_size: usize,
            new_size: usize,
            align: usize,
        ) -> *mut c_void,
    >,
    /// Takes the memory back.
    pub free: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            ptr: *mut c_void,
            size: usize,
            align: usize,
        ),
    >,
    /// Passed to each of them.
    pub user: *mut c_void,
}

/// The allocator that C passed, or the C library's.
///
/// # Safety
/// The pointer contract, and that of the functions in it.
pub(super) unsafe fn allocator(ptr: *const ws_allocator) -> Result<Allocator> {
    if ptr.is_null() {
        return Ok(Allocator::SYSTEM);
    }
    // SAFETY: the caller's promise is passed on.
    let given = unsafe { ptr::one(ptr) }?;
    let (Some(alloc), Some(free)) = (given.alloc, given.free) else {
        return Err(Error::InvalidArgument);
    };
    let (alloc, resize, free): (Alloc, Option<Resize>, Free) =
        (alloc, given.resize, free);
    // SAFETY: likewise.
    Ok(unsafe { Allocator::new(alloc, resize, free, given.user) })
}

fn side(number: u32) -> Result<Side> {
    match number {
        frame::WS_SERVER => Ok(Side::Server),
        frame::WS_CLIENT => Ok(Side::Client),
        _ => Err(Error::InvalidArgument),
    }
}

pub(super) fn place(
    side: Side,
    pmd: Option<Params>,
    memory: Allocator,
) -> Result<NonNull<ws_conn>> {
    let mut conn = Conn::new(side, memory);
    if let Some(params) = pmd {
        conn.set_pmd(params)?;
    }
    memory.place(ws_conn { conn })
}

/// side: WS_SERVER or WS_CLIENT. NULL if out of memory or if an argument is invalid. *allocator
/// is copied; what its `user` points to must outlive the handle.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_new(
    side: u32,
    allocator: *const ws_allocator,
) -> *mut ws_conn {
    // SAFETY: the caller keeps the pointer contract, and that of the allocator.
    let placed = self::side(side)
        .and_then(|side| unsafe { place(side, None, self::allocator(allocator)?) });
    placed.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_free(conn: *mut ws_conn) {
    // SAFETY: the caller passes what one of our functions gave it, for the last time.
    unsafe { free(conn) }
}

/// # Safety
/// `conn` is NULL, or from place() and not used any more.
pub(super) unsafe fn free(conn: *mut ws_conn) {
    let Some(mut conn) = NonNull::new(conn) else { return };
    // SAFETY: the caller's promise.
    unsafe {
        let memory = conn.as_ref().conn.memory();
        conn.as_mut().conn.release();
        memory.take_back(conn);
    }
}

/// Switches compression on, as agreed. Before the first byte of input and the first message out,
/// else WS_ERR_INVALID_STATE. Each direction allocates with its first message, and without
/// context takeover gives the memory back after each. With a window of 8 bits we compress without
/// back-references (no engine can do more); whatever window was agreed, we decompress with one of
/// 15.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_set_pmd(
    conn: *mut ws_conn,
    params: *const ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let conn = &mut ptr::one_mut(conn)?.conn;
        conn.set_pmd(ptr::one(params)?.read()?).map(|()| 0)
    })
}

/// What compression was agreed on. Returns 1, or 0 if there is none.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_get_pmd(
    conn: *const ws_conn,
    params: *mut ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let params = ptr::output_one(params)?.write(ws_pmd_params::NONE);
        supported()?;
        let agreed = ptr::one(conn)?.conn.pmd();
        if let Some(agreed) = &agreed {
            *params = ws_pmd_params::of(agreed);
        }
        Ok(agreed.is_some().into())
    })
}

// Options. One that this build does not know is WS_ERR_UNSUPPORTED; a switch that is neither
// 0 nor 1, WS_ERR_INVALID_ARGUMENT; one that comes too late, WS_ERR_INVALID_STATE.

/// Bytes, decompressed, 0 for no limit; default 1 MiB; also with WS_OPT_STREAM. Checked when the
/// header of an uncompressed frame announces more, and while decompressing; nothing is ever
/// allocated for an announcement.
pub const WS_OPT_MAX_MESSAGE: i32 = 1;
/// Report messages in pieces as they arrive, and collect nothing; a piece may end inside a
/// character; default 0; before any input.
pub const WS_OPT_STREAM: i32 = 2;
/// Answer pings; default 1.
pub const WS_OPT_AUTO_PONG: i32 = 3;
/// Incoming text must be UTF-8; fails at the first wrong byte, even if its message is
/// incomplete; default 1; before any input.
pub const WS_OPT_CHECK_UTF8: i32 = 4;
/// Bytes of message memory to keep between messages; default 0.
pub const WS_OPT_KEEP_BUFFER: i32 = 5;

fn option(number: c_int) -> Result<Opt> {
    match number {
        WS_OPT_MAX_MESSAGE => Ok(Opt::MaxMessage),
        WS_OPT_STREAM => Ok(Opt::Stream),
        WS_OPT_AUTO_PONG => Ok(Opt::AutoPong),
        WS_OPT_CHECK_UTF8 => Ok(Opt::CheckUtf8),
        WS_OPT_KEEP_BUFFER => Ok(Opt::KeepBuffer),
        _ => Err(Error::Unsupported),
    }
}

/// Sets an option.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_set(
    conn: *mut ws_conn,
    option: c_int,
    value: u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let conn = &mut ptr::one_mut(conn)?.conn;
        conn.set(self::option(option)?, value).map(|()| 0)
    })
}

/// Reads an option.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_get(
    conn: *const ws_conn,
    option: c_int,
    value: *mut u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let value = ptr::output_one(value)?.write(0);
        *value = ptr::one(conn)?.conn.get(self::option(option)?);
        Ok(0)
    })
}

/// The message starts with this piece.
pub const WS_EVENT_FIRST: u32 = 0x1;
/// The message ends with this piece.
pub const WS_EVENT_LAST: u32 = 0x2;

/// Its data is in the connection's memory, not in your buffer.
pub const WS_EVENT_COLLECTED: u32 = 0x4;
/// With WS_OPT_STREAM: a frame of the wire ends with this piece. Whole messages and control
/// frames always have it.
pub const WS_EVENT_FRAME_END: u32 = 0x8;

/// A message, a piece of one (with WS_OPT_STREAM), or a control frame. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_event {
    /// Where its data starts: in the buf that this call was given, or, with
    /// WS_EVENT_COLLECTED, in the connection's memory.
    pub off: u64,
    /// In bytes.
    pub len: u64,
    /// WS_OPCODE_TEXT, _BINARY, _PING, _PONG or _CLOSE
    pub opcode: u16,
    /// WS_EVENT_*: both, for a message and for control.
    pub flags: u16,
    /// Of a close; its data is the reason.
    pub close_code: u16,
    /// 0
    pub reserved: u16,
}

impl From<Event> for ws_event {
    #[inline]
    fn from(event: Event) -> ws_event {
        ws_event {
            off: event.off as u64,
            len: event.len as u64,
            opcode: u16::from(event.opcode as u8),
            flags: event.flags,
            close_code: event.close_code,
            reserved: 0,
        }
    }
}

/// Where the data of an event is: buf + off, or, if it was collected, in the connection's memory
/// (valid until the next ws_conn_recv() or ws_conn_free()). buf is what that ws_conn_recv() was
/// given; of a collected event it may be NULL. NULL if the event is not of the last call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_event_data(
    conn: *const ws_conn,
    buf: *const c_void,
    event: *const ws_event,
) -> *const c_void {
    // SAFETY: the caller keeps the pointer contract.
    let Ok(event) = (unsafe { ptr::one(event) }) else { return core::ptr::null() };
    let (Ok(off), Ok(len)) = (usize::try_from(event.off), usize::try_from(event.len))
    else {
        return core::ptr::null();
    };
    if u32::from(event.flags) & WS_EVENT_COLLECTED == 0 {
        return buf.wrapping_byte_add(off);
    }
    // SAFETY: likewise.
    let conn = unsafe { ptr::one(conn) };
    let opcode = u8::try_from(event.opcode).ok().and_then(Opcode::from_number);
    let (Ok(conn), Some(opcode)) = (conn, opcode) else { return core::ptr::null() };
    let data = conn.conn.collected(opcode, off, len);
    data.map_or(core::ptr::null(), |data| data.as_ptr().cast())
}

/// Takes bytes from the network. Returns how many events were filled, and in *consumed how many
/// bytes of buf are done. A message that lies whole and uncompressed in buf is unmasked and
/// reported there, without a copy; any other is collected in the connection's memory. The call
/// may return early: when `events` is full (events_cap must not be 0), when something collected
/// must be handed over, when it made a reply. So call again with the rest, as it lies there,
/// until the result is 0: only then is all of buf done.
///
///     do {
///         n = ws_conn_recv(c, p, end - p, ev, 64, &used);
///         for (i = 0; i < n; i++) handle(&ev[i]);
///         collect(ws_conn_output(c, out, sizeof out));
///         p += used;
///     } while (n > 0);
///
/// Handle the events first (sending answers is fine), then collect the output: that keeps the
/// order of the wire. A close or an error of the peer takes effect late enough for it: until
/// ws_conn_output() has handed out the close frame, ws_conn_send() works. Events before an error
/// are reported first, and nothing of the error shows before the call that returns it, with
/// *consumed 0. That call's close frame waits in ws_conn_output(); every later call returns the
/// same error, also if it is WS_ERR_NO_MEMORY. A close is the last event: what follows it is
/// done and ignored.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_recv(
    conn: *mut ws_conn,
    buf: *mut c_void,
    len: usize,
    events: *mut ws_event,
    events_cap: usize,
    consumed: *mut usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let consumed = ptr::output_one(consumed)?.write(0);
        let conn = &mut ptr::one_mut(conn)?.conn;
        let (input, events) =
            (ptr::bytes_mut(buf, len)?, ptr::output_array(events, events_cap)?);
        if events.is_empty() {
            return Err(Error::InvalidArgument);
        }
        let room = events.len();
        let mut slots = events.iter_mut();
        let received = conn.recv(input, room, |event| {
            if let Some(slot) = slots.next() {
                slot.write(event.into());
            }
        })?;
        *consumed = received.consumed;
        Ok(received.events)
    })
}

/// The most that ws_conn_output() ever writes, in bytes.
pub const WS_MAX_OUTPUT: usize = 139;

const _: () = assert!(WS_MAX_OUTPUT == MAX_OUTPUT);

/// Writes what the connection itself has to say: a pong, and the close frame that answers the
/// peer's (with its code) or an error. Call it after every ws_conn_recv(). Whoever does so
/// answers every ping; for whoever does not, a pong that still waits gives way to the next (RFC
/// 6455, 5.5.3), so that a flood of pings takes no memory. Returns the bytes written; 0 if there
/// is nothing to say. (NULL, 0) as `out` asks whether there is: WS_ERR_BUFFER_TOO_SMALL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_output(
    conn: *mut ws_conn,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe { ptr::one_mut(conn)?.conn.output(ptr::output(out, out_cap)?) })
}

/// Further pieces of this message follow.
pub const WS_SEND_MORE: u32 = 0x1;
/// Do not compress; said with the first piece.
pub const WS_SEND_PLAIN: u32 = 0x2;

/// Writes a message, or with WS_SEND_MORE a piece of one: each piece becomes a frame. opcode:
/// WS_OPCODE_TEXT or WS_OPCODE_BINARY, the same for every piece; or WS_OPCODE_PING or
/// WS_OPCODE_PONG, also between pieces. out_cap must be at least ws_conn_send_bound(). Returns
/// the bytes written. What would be illegal on the wire now is WS_ERR_INVALID_STATE. Text is not
/// checked. `payload` must not overlap `out`. Where compression is on, bytes of `out` behind those
/// that were written may have been used.
///
/// Between messages, frames from ws_frame_encode() may be sent as well. And what a server with
/// server_no_context_takeover compressed is valid for every client that agreed on it, and on as
/// wide a window: compress once, send to all.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_send(
    conn: *mut ws_conn,
    opcode: c_int,
    flags: u32,
    payload: *const c_void,
    payload_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract; payload and output share no byte.
    answer(|| unsafe {
        let conn = &mut ptr::one_mut(conn)?.conn;
        let opcode = u8::try_from(opcode).ok().and_then(Opcode::from_number);
        let opcode = opcode.ok_or(Error::InvalidArgument)?;
        if flags & !(WS_SEND_MORE | WS_SEND_PLAIN) != 0
            || ptr::overlap(payload, payload_len, out, out_cap)
        {
            return Err(Error::InvalidArgument);
        }
        let payload = ptr::bytes(payload, payload_len)?;
        let more = flags & WS_SEND_MORE != 0;
        let piece = Piece { opcode, more, plain: flags & WS_SEND_PLAIN != 0, payload };
        conn.send(&piece, ptr::output(out, out_cap)?)
    })
}

/// Room that ws_conn_send() needs for a payload of this length; 0 if the length is absurd.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_send_bound(
    conn: *const ws_conn,
    payload_len: usize,
) -> usize {
    // SAFETY: the caller keeps the pointer contract.
    let conn = unsafe { ptr::one(conn) };
    conn.ok().and_then(|conn| conn.conn.send_bound(payload_len)).unwrap_or(0)
}

/// Writes a close frame, which starts the closing handshake, or takes the place of one (the
/// answer to the peer's, or to an error) that was not collected yet. A pong that waits is
/// dropped. The reason is UTF-8, at most 123 bytes. Messages that are still arriving are
/// reported as before; pings are no longer answered. Once a close was sent there is no other: 0
/// is written.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_close(
    conn: *mut ws_conn,
    code: u16,
    reason: *const c_void,
    reason_len: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let conn = &mut ptr::one_mut(conn)?.conn;
        conn.close(code, ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?)
    })
}

/// The peer will send nothing more. WS_OK after a close from both sides, or if a close came and
/// only its answer was not collected; the error, if there was one; else WS_ERR_EOF: the state is
/// FAILED, nothing waits, nothing can be sent.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_finish(conn: *mut ws_conn) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe { ptr::one_mut(conn)?.conn.finish().map(|()| 0) })
}

/// Messages go both ways.
pub const WS_STATE_OPEN: i32 = 0;
/// A close was sent, or has arrived.
pub const WS_STATE_CLOSING: i32 = 1;
/// A close has arrived and ours was handed out.
pub const WS_STATE_CLOSED: i32 = 2;
/// An error was returned.
pub const WS_STATE_FAILED: i32 = 3;

/// CLOSED or FAILED: send what you collected; then shut down your sending side, read and discard
/// until the peer hangs up or your timer fires, and close the socket (RFC 6455, 7.1.1). Closing
/// it at once can destroy the close frame on its way. A client gives the server a moment to
/// close first. (NULL is FAILED.)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_state(conn: *const ws_conn) -> c_int {
    // SAFETY: the caller keeps the pointer contract.
    match unsafe { ptr::one(conn) }.map(|conn| conn.conn.state()) {
        Ok(State::Open) => WS_STATE_OPEN,
        Ok(State::Closing) => WS_STATE_CLOSING,
        Ok(State::Closed) => WS_STATE_CLOSED,
        Ok(State::Failed) | Err(_) => WS_STATE_FAILED,
    }
}
