//! Connection

use super::deflate::{supported, ws_pmd_params};
use super::ptr;
use super::result::ws_result;
use super::{answer, frame};
use crate::conn::{Conn, Event, Fragment, Info, MAX_OUTPUT, Opt, Side, State};
use crate::deflate::Params;
use crate::error::{Error, Result};
use crate::frame::{Opcode, RSV_BITS};
use crate::memory::{Alloc, Allocator, Free, Resize};
use crate::random::Source;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

/// A WebSocket connection after its opening handshake. Opaque; WS_MAX_CONN bytes at most. It owns
/// further memory only while a message or a control frame is incomplete or was collected, while a
/// pong waits, for WS_OPT_KEEP_BUFFER, and for the contexts of compression. A client owns 260 bytes
/// more from its first frame on, for its masking keys.
pub struct ws_conn {
    conn: Conn,
    /// Its memory is the caller's: from ws_conn_init().
    in_place: bool,
}

/// The most bytes of memory that a connection in ws_conn_init() ever needs, within this ABI.
pub const WS_MAX_CONN: usize = 256;
/// What the memory of a connection must be aligned to.
const CONN_ALIGN: usize = 16;

const _: () =
    assert!(size_of::<ws_conn>() <= WS_MAX_CONN && align_of::<ws_conn>() <= CONN_ALIGN);

/// Memory for a handle. free() and resize() get the size and the alignment (a power of two, at most
/// 16) that were asked for, so that an allocator need not store them. resize() may move the memory,
/// and may be NULL. Each function must
/// return: no exception, no longjmp(). None may call the library with the handle that it gives
/// memory to. Pass NULL in place of this struct for the C library's. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_allocator {
    /// Gives `size` bytes, or NULL.
    pub alloc: Option<
        unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void,
    >,
    /// Gives new_size bytes that begin with what was in the old ones, or NULL with the old ones
    /// intact. ptr is never NULL.
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
    // SAFETY: the caller keeps the pointer contract.
    let given = unsafe { ptr::one(ptr) }?;
    let (Some(alloc), Some(free)) = (given.alloc, given.free) else {
        return Err(Error::InvalidArgument);
    };
    let (alloc, resize, free): (Alloc, Option<Resize>, Free) =
        (alloc, given.resize, free);
    // SAFETY: the caller promises that the functions keep the contract in ws_allocator, which is that of
    // Allocator::new().
    Ok(unsafe { Allocator::new(alloc, resize, free, given.user) })
}

pub(super) fn side(number: u32) -> Result<Side> {
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
    memory.place(ws_conn { conn, in_place: false })
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

/// The same in memory of your own: ws_sizeof(WS_TYPE_CONN) bytes, at most WS_MAX_CONN, aligned to
/// 16. The handle is mem: do not move or copy it. NULL if mem_size is too small, mem is not aligned
/// or an argument is invalid. After ws_conn_free() mem is yours again, also for another
/// ws_conn_init().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_init(
    mem: *mut c_void,
    mem_size: usize,
    side: u32,
    allocator: *const ws_allocator,
) -> *mut ws_conn {
    let (room, handle) = (size_of::<ws_conn>(), mem.cast::<ws_conn>());
    if mem.is_null() || mem_size < room || mem.addr() % CONN_ALIGN != 0 {
        return core::ptr::null_mut();
    }
    // SAFETY: the caller keeps the pointer contract, and that of the allocator; mem is aligned, and
    // large enough.
    let placed = self::side(side).and_then(|side| unsafe {
        let conn = Conn::new(side, self::allocator(allocator)?);
        handle.write(ws_conn { conn, in_place: true });
        Ok(handle)
    });
    placed.unwrap_or(core::ptr::null_mut())
}

/// Gives back all that the connection owns, and the handle itself unless it came from
/// ws_conn_init(). NULL is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_free(conn: *mut ws_conn) {
    // SAFETY: the caller passes NULL, or a handle that it does not use again.
    unsafe { free(conn) }
}

/// # Safety
/// `conn` is NULL, or a valid handle that is not used again.
pub(super) unsafe fn free(conn: *mut ws_conn) {
    let Some(handle) = NonNull::new(conn) else { return };
    // SAFETY: by the caller's promise the handle is valid, and this is its last use. One that is not in
    // place is from place(), which uses the connection's allocator.
    unsafe {
        let ws_conn { conn, in_place } = handle.as_ref();
        let memory = *conn.memory();
        if *in_place { handle.drop_in_place() } else { memory.remove(handle) }
    }
}

/// Switches compression on, as agreed. Before the first byte of input and the first message out,
/// and not with WS_OPT_ALLOW_RSV, else WS_ERR_INVALID_STATE. Each direction allocates with its first message, and without
/// context takeover gives the memory back after each. With a window of 8 bits we compress without
/// back-references (no engine can do more); whatever window was agreed, we decompress with one of
/// 15.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_set_pmd(
    conn: *mut ws_conn,
    params: *const ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
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
        let agreed = ptr::handle(conn)?.conn.pmd();
        if let Some(agreed) = &agreed {
            *params = ws_pmd_params::of(agreed);
        }
        Ok(agreed.is_some().into())
    })
}

// Options. One that this build does not know is WS_ERR_UNSUPPORTED; a value that an option cannot
// have, WS_ERR_INVALID_ARGUMENT; one that comes too late, WS_ERR_INVALID_STATE. A switch is 0 or 1.

/// Bytes of a message, decompressed; 0: no limit; default 1 MiB (1,048,576); also with WS_OPT_STREAM. Checked
/// when the header of an uncompressed frame announces more, and while decompressing; nothing is
/// ever allocated for an announcement. A lower limit holds for the message under way, too: if that
/// is beyond it, its next frame header or payload byte is WS_ERR_TOO_BIG. A compressed message whose
/// frames announce more than 16 * limit + 65,536 bytes in total is WS_ERR_TOO_BIG at the header that
/// does so.
pub const WS_OPT_MAX_MESSAGE: i32 = 1;
/// Switch: report messages in pieces as they arrive, and hold none back; a piece may end inside a
/// character; default 0; before any input. Pieces of a compressed message, of at most 16 KiB, and
/// control frames that arrive in parts still lie in the connection's memory (WS_EVENT_COLLECTED).
pub const WS_OPT_STREAM: i32 = 2;
/// Switch: answer pings; default 1.
pub const WS_OPT_AUTO_PONG: i32 = 3;
/// Switch: incoming text must be UTF-8; fails at the first wrong byte, even if its message is
/// incomplete; default 1; before any input.
pub const WS_OPT_CHECK_UTF8: i32 = 4;
/// Bytes of message memory to keep between messages; default 0.
pub const WS_OPT_KEEP_BUFFER: i32 = 5;
/// Bytes of payload that the header of one data frame may announce, compressed if it is; beyond it
/// WS_ERR_TOO_BIG; 0: no limit; default 0.
pub const WS_OPT_MAX_FRAME: i32 = 6;
/// Switch: accept masked and unmasked frames, on either side. What we send is masked by a client as
/// always. Default 0; before any input.
pub const WS_OPT_ANY_MASK: i32 = 7;
/// Switch: answer a close, and tell the peer of an error; default 1; before any input. With 0 you do
/// so, once, with ws_conn_close(), and ws_conn_output() writes pongs alone. Until then
/// ws_conn_send() works, and the state is CLOSING, or FAILED after an error.
pub const WS_OPT_AUTO_CLOSE: i32 = 8;
/// WS_RSV1, WS_RSV2, WS_RSV3: those that may be set on the first frame of a message, for an extension
/// of your own; default 0; before any input. Such a message is handed over as it came, with its bits
/// in event.flags: its text is not checked, limits hold. ws_conn_send() takes the same bits with the
/// first piece. Not together with compression: the second of ws_conn_set_pmd() and this is
/// WS_ERR_INVALID_STATE (use the decoder and ws_pmd).
pub const WS_OPT_ALLOW_RSV: i32 = 9;
/// Bytes: messages shorter than this are sent uncompressed; default 0. The first piece decides, and
/// one with WS_SEND_MORE counts as long enough.
pub const WS_OPT_COMPRESS_FROM: i32 = 10;

// What can be asked with ws_conn_get(); to set it is WS_ERR_INVALID_ARGUMENT.

/// The code of our close, written by ws_conn_close() or handed out by ws_conn_output();
/// WS_CLOSE_NO_STATUS too; 0: none.
pub const WS_INFO_CLOSE_SENT: i32 = 100;
/// The code of the peer's close, reported; WS_CLOSE_NO_STATUS too; 0: none.
pub const WS_INFO_CLOSE_RECEIVED: i32 = 101;
/// 1 if the peer's close came before ours was written, else 0.
pub const WS_INFO_CLOSED_BY_PEER: i32 = 102;
/// Opcode of the message that is being sent in pieces; 0: none.
pub const WS_INFO_SENDING: i32 = 103;
/// Opcode of the message that is arriving; 0: none.
pub const WS_INFO_RECEIVING: i32 = 104;
/// After WS_ERR_TOO_BIG: the length in bytes that exceeds the limit, announced or reached, of the
/// message, or of the frame for WS_OPT_MAX_FRAME; else 0.
pub const WS_INFO_ANNOUNCED: i32 = 105;
/// Bytes of an incomplete message that are held.
pub const WS_INFO_BUFFERED: i32 = 106;

/// What a number stands for.
#[derive(Clone, Copy)]
enum Knob {
    Option(Opt),
    Info(Info),
}

fn knob(number: c_int) -> Result<Knob> {
    Ok(match number {
        WS_OPT_MAX_MESSAGE => Knob::Option(Opt::MaxMessage),
        WS_OPT_STREAM => Knob::Option(Opt::Stream),
        WS_OPT_AUTO_PONG => Knob::Option(Opt::AutoPong),
        WS_OPT_CHECK_UTF8 => Knob::Option(Opt::CheckUtf8),
        WS_OPT_KEEP_BUFFER => Knob::Option(Opt::KeepBuffer),
        WS_OPT_MAX_FRAME => Knob::Option(Opt::MaxFrame),
        WS_OPT_ANY_MASK => Knob::Option(Opt::AnyMask),
        WS_OPT_AUTO_CLOSE => Knob::Option(Opt::AutoClose),
        WS_OPT_ALLOW_RSV => Knob::Option(Opt::AllowRsv),
        WS_OPT_COMPRESS_FROM => Knob::Option(Opt::CompressFrom),
        WS_INFO_CLOSE_SENT => Knob::Info(Info::CloseSent),
        WS_INFO_CLOSE_RECEIVED => Knob::Info(Info::CloseReceived),
        WS_INFO_CLOSED_BY_PEER => Knob::Info(Info::ClosedByPeer),
        WS_INFO_SENDING => Knob::Info(Info::Sending),
        WS_INFO_RECEIVING => Knob::Info(Info::Receiving),
        WS_INFO_ANNOUNCED => Knob::Info(Info::Announced),
        WS_INFO_BUFFERED => Knob::Info(Info::Buffered),
        _ => return Err(Error::Unsupported),
    })
}

/// Sets an option (WS_OPT_*). Returns WS_OK or an error.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_set(
    conn: *mut ws_conn,
    option: c_int,
    value: u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        match knob(option)? {
            Knob::Option(option) => conn.set(option, value).map(|()| 0),
            Knob::Info(_) => Err(Error::InvalidArgument),
        }
    })
}

/// Reads an option (WS_OPT_*), or what else can be asked (WS_INFO_*). Returns WS_OK and fills *value,
/// or an error, and *value is 0.
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
        let conn = &ptr::handle(conn)?.conn;
        *value = match knob(option)? {
            Knob::Option(option) => conn.get(option),
            Knob::Info(info) => conn.info(info),
        };
        Ok(0)
    })
}

/// Takes masking keys from elsewhere: where the operating system has no random bytes, and for
/// reproducible tests. fill() writes len bytes that the peer cannot foresee (RFC 6455, 10.3) and
/// returns 0; anything else is WS_ERR_RANDOM for the call that needed them, and nothing has changed.
/// It is asked for 256 bytes at once, or for 4 where there was no memory for more; the keys are used
/// in their order. The rules of ws_allocator hold for it; it and `user` must outlive the handle. NULL:
/// the operating system's. Before the
/// first frame out, else WS_ERR_INVALID_STATE. It has no effect on a server.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_set_random(
    conn: *mut ws_conn,
    fill: Option<
        unsafe extern "C" fn(user: *mut c_void, out: *mut c_void, len: usize) -> c_int,
    >,
    user: *mut c_void,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, and that of the function.
    answer(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        let source = fill.map_or(Source::System, |fill| Source::new(fill, user));
        conn.set_random(source).map(|()| 0)
    })
}

/// The message starts with this piece.
pub const WS_EVENT_FIRST: u32 = 0x1;
/// The message ends with this piece.
pub const WS_EVENT_LAST: u32 = 0x2;
/// Its data is in the connection's memory, not in your buffer. At most one event of a call has it,
/// and that is the last one.
pub const WS_EVENT_COLLECTED: u32 = 0x4;
/// A frame ends with this piece. Whole messages and control frames always have it. With
/// WS_OPT_STREAM every data frame has exactly one piece with it, if need be an empty one.
pub const WS_EVENT_FRAME_END: u32 = 0x8;

/// A message, a piece of one (with WS_OPT_STREAM), or a control frame. 24 bytes without padding on
/// every platform. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_event {
    /// Where its data starts in the buf of this call. Of a collected event, a value for
    /// ws_event_data() alone.
    pub off: u64,
    /// In bytes.
    pub len: u64,
    /// WS_OPCODE_TEXT, _BINARY, _PING, _PONG or _CLOSE
    pub opcode: u16,
    /// WS_EVENT_*; and WS_RSV1, WS_RSV2, WS_RSV3, on every piece of a message that has them, where
    /// WS_OPT_ALLOW_RSV let them pass.
    pub flags: u16,
    /// Of a close, whose data is the reason; WS_CLOSE_NO_STATUS if it has none. Else 0.
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
/// (valid until the next ws_conn_recv() or ws_conn_free(); other calls leave it alone). buf is what
/// that ws_conn_recv() was given; it may be NULL for a collected event. NULL for invalid arguments
/// and for a collected event of an earlier call that does not lie in that memory any more; never NULL
/// for a collected event of the last call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_event_data(
    conn: *const ws_conn,
    buf: *const c_void,
    event: *const ws_event,
) -> *const c_void {
    // SAFETY: the caller keeps the pointer contract.
    let data = unsafe { event_data(conn, buf, event) };
    data.unwrap_or(core::ptr::null())
}

/// # Safety
/// The pointer contract.
unsafe fn event_data(
    conn: *const ws_conn,
    buf: *const c_void,
    event: *const ws_event,
) -> Result<*const c_void> {
    // SAFETY: the caller keeps the pointer contract.
    let (conn, event) = unsafe { (ptr::handle(conn)?, ptr::one(event)?) };
    let off = usize::try_from(event.off).map_err(|_| Error::InvalidArgument)?;
    let len = usize::try_from(event.len).map_err(|_| Error::InvalidArgument)?;
    if u32::from(event.flags) & WS_EVENT_COLLECTED == 0 {
        return if buf.is_null() {
            Err(Error::InvalidArgument)
        } else {
            Ok(buf.wrapping_byte_add(off))
        };
    }
    let opcode = u8::try_from(event.opcode).ok().and_then(Opcode::from_number);
    let opcode = opcode.ok_or(Error::InvalidArgument)?;
    let data = conn.conn.collected(opcode, off, len).ok_or(Error::InvalidArgument)?;
    Ok(data.as_ptr().cast())
}

/// Takes bytes from the network. Returns how many events were filled, and in *consumed how many
/// bytes of buf are done. A message that lies whole and uncompressed in buf is unmasked and
/// reported there, without a copy; any other is collected in the connection's memory. buf must be
/// writable, since payloads are unmasked in place. The call may stop early: when `events` is full (events_cap must not be 0), when something collected
/// must be handed over, when it made a reply. It has then reported something: a result of 0 means
/// that all of buf is done.
///
/// If *consumed == len, nothing is outstanding: no event and no error can come of these bytes, and
/// you need not call again. If *consumed < len, call again with the rest; mostly there is more,
/// sometimes that call finds nothing, consumes it and returns 0. So a loop over the result and a
/// loop over the bytes left are both correct. Bytes from *consumed on are as they were given,
/// unless the result is an error. So a caller with a chained buffer may pass copies, and later pass
/// the originals. Do not free the connection while its events are handled.
///
///     while (len > 0) {
///         n = ws_conn_recv(c, p, len, ev, 64, &used);
///         for (i = 0; i < n; i++) handle(&ev[i], ws_event_data(c, p, &ev[i]));
///         collect(ws_conn_output(c, out, sizeof out)); // after an error, too
///         if (n < 0) break;
///         p += used, len -= used;
///     }
///
/// Handle the events first (sending answers is fine), then take the output: that keeps the order of
/// the wire. After the peer's close, or an error, you can still send: ws_conn_send() works until
/// ws_conn_output() has written our close frame.
///
/// Events before an error are reported first. Until the error was returned, *consumed is below len,
/// so that a loop over the bytes cannot miss it. What is left starts with the wrong byte, or, if only
/// the end is wrong (a text that stops in mid-character) or the message is compressed, it is the last
/// byte, which may have been decompressed into an event that was reported.
/// The next call returns the error with *consumed 0,
/// whatever it is given, nothing included; so does every later call, also if it is
/// WS_ERR_NO_MEMORY. While one compressed input yields several pieces, its last byte stays until
/// the last piece is out; such a call may report a piece and consume nothing. A call without bytes
/// reports no event, and gives back the memory of what was collected. The payload of a close is judged when its frame is complete. A close is the
/// last event: all bytes after it are consumed and ignored.
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
        let conn = &mut ptr::handle_mut(conn)?.conn;
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
/// peer's (with its code) or an error. Call it after every ws_conn_recv(); where a call is dear,
/// only after one that reported a PING or a CLOSE or returned an error: there is nothing to say
/// after any other. A pong that still waits gives way to the next (RFC 6455, 5.5.3), so that a
/// flood of pings takes no memory. Returns the number of bytes written; 0 if there is nothing to
/// say; WS_ERR_RANDOM if a client got no masking key, and the same call may be repeated. (NULL, 0)
/// as `out` asks whether there is something to say: WS_ERR_BUFFER_TOO_SMALL.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_output(
    conn: *mut ws_conn,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe { ptr::handle_mut(conn)?.conn.output(ptr::output(out, out_cap)?) })
}

/// Further pieces of this message follow.
pub const WS_SEND_MORE: u32 = 0x1;
/// Do not compress. The first piece decides.
pub const WS_SEND_PLAIN: u32 = 0x2;

/// Writes a message, or with WS_SEND_MORE a piece of one: each piece becomes a frame. opcode:
/// WS_OPCODE_TEXT or WS_OPCODE_BINARY, the same for every piece; or WS_OPCODE_PING or
/// WS_OPCODE_PONG, also between pieces. An out_cap of ws_conn_send_bound() is always enough. Returns
/// the number of bytes written. What would be illegal on the wire now is WS_ERR_INVALID_STATE: data
/// after our close was written, another opcode inside a message, PING and PONG once both closes are
/// there, anything once the stream has ended. A PING or PONG above WS_MAX_CONTROL bytes or with
/// WS_SEND_MORE, and another opcode, are WS_ERR_INVALID_ARGUMENT. After WS_ERR_NO_MEMORY (compression)
/// and WS_ERR_RANDOM (a client's masking key) the same call may be repeated. With WS_OPT_ALLOW_RSV,
/// flags may hold the bits that it allows; the first piece decides. Outgoing text is not checked:
/// ws_utf8_validate() does that. `payload` must not overlap `out`. Where compression is on, bytes of `out` behind those
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
        let conn = &mut ptr::handle_mut(conn)?.conn;
        let opcode = u8::try_from(opcode).ok().and_then(Opcode::from_number);
        let opcode = opcode.ok_or(Error::InvalidArgument)?;
        let [bits, ..] = flags.to_le_bytes();
        let rsv = bits & RSV_BITS;
        if flags & !(WS_SEND_MORE | WS_SEND_PLAIN | u32::from(rsv)) != 0
            || ptr::overlap(payload, payload_len, out, out_cap)
        {
            return Err(Error::InvalidArgument);
        }
        let payload = ptr::bytes(payload, payload_len)?;
        let (more, plain) = (flags & WS_SEND_MORE != 0, flags & WS_SEND_PLAIN != 0);
        let fragment = Fragment { opcode, more, plain, rsv, payload };
        conn.send(&fragment, ptr::output(out, out_cap)?)
    })
}

/// Room in bytes that ws_conn_send() needs for a payload of this length; 0 if that is above
/// PTRDIFF_MAX, or conn is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_send_bound(
    conn: *const ws_conn,
    payload_len: usize,
) -> usize {
    // SAFETY: the caller keeps the pointer contract.
    let conn = unsafe { ptr::handle(conn) };
    conn.ok().and_then(|conn| conn.conn.send_bound(payload_len)).unwrap_or(0)
}

/// Writes a close frame, which starts the closing handshake, or takes the place of one (the answer
/// to the peer's, or to an error) that ws_conn_output() has not written yet. code and reason are as
/// for ws_close_build(); WS_MAX_OUTPUT bytes of room are always enough. Returns the number of bytes
/// written; 0 if a close was written before, or the stream has ended. Messages that are still arriving are reported as before, and pings are answered until the
/// peer's close comes (RFC 6455, 5.5.2): a pong that waits comes with ws_conn_output(), but none
/// once both sides have closed.
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
        let conn = &mut ptr::handle_mut(conn)?.conn;
        conn.close(code, ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?)
    })
}

/// The peer will send nothing more: its stream has ended. WS_OK after a close from both sides, or if
/// a close came and only its answer was not sent: that waits in ws_conn_output() as before, and the
/// state stays CLOSING. The error, if there was one; else WS_ERR_EOF: the state is FAILED, nothing
/// waits, nothing can be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_finish(conn: *mut ws_conn) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    answer(|| unsafe { ptr::handle_mut(conn)?.conn.finish().map(|()| 0) })
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
    match unsafe { ptr::handle(conn) }.map(|conn| conn.conn.state()) {
        Ok(State::Open) => WS_STATE_OPEN,
        Ok(State::Closing) => WS_STATE_CLOSING,
        Ok(State::Closed) => WS_STATE_CLOSED,
        Ok(State::Failed) | Err(_) => WS_STATE_FAILED,
    }
}
