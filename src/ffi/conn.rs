//! Connection

use super::negotiation::{supported, ws_pmd_params};
use super::ptr;
use super::result::ws_result;
use super::{frame, result_of};
use crate::conn::{Conn, Event, Fragment, Info, MAX_OUTPUT, Opt, Side, State};
use crate::deflate::Params;
use crate::error::{Error, Result};
use crate::frame::{Opcode, RSV_BITS};
use crate::memory::Allocator;
use crate::random::Source;
use core::ffi::{c_int, c_void};
use core::ptr::NonNull;

/// A WebSocket connection after its opening handshake. Opaque; at most WS_MAX_CONN bytes. Beyond
/// the handle it holds memory only for a message or control frame that is being assembled or was
/// lent to you, for a pending pong, for WS_OPT_KEEP_BUFFER, and for compression. A client also
/// holds at most 296 bytes for masking keys, from its first frame on.
pub struct ws_conn {
    conn: Conn,
    /// Its memory is the caller's: from ws_conn_init().
    in_place: bool,
}

/// The largest ws_sizeof(WS_TYPE_CONN) within this ABI, in bytes: room for ws_conn_init().
pub const WS_MAX_CONN: usize = 256;
/// The alignment of a connection's memory.
const CONN_ALIGN: usize = 16;

const _: () =
    assert!(size_of::<ws_conn>() <= WS_MAX_CONN && align_of::<ws_conn>() <= CONN_ALIGN);

/// Your allocator. Wherever one is expected, NULL stands for the C library's. free() and resize()
/// receive the size and alignment (a power of two, at most 16) that were requested, so an allocator
/// need not store them. resize() may move the memory, and may be NULL. Every function must return:
/// no exception, no longjmp(). None may call the library with the handle that it allocates for.
/// Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_allocator {
    /// Returns `size` bytes, or NULL.
    pub alloc: Option<
        unsafe extern "C" fn(user: *mut c_void, size: usize, align: usize) -> *mut c_void,
    >,
    /// Like realloc(): returns new_size bytes that start with the old contents; or NULL, and ptr
    /// stays valid. ptr is never NULL.
    pub resize: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            ptr: *mut c_void,
            old_size: usize,
            new_size: usize,
            align: usize,
        ) -> *mut c_void,
    >,
    /// Frees the memory. ptr is never NULL.
    pub free: Option<
        unsafe extern "C" fn(
            user: *mut c_void,
            ptr: *mut c_void,
            size: usize,
            align: usize,
        ),
    >,
    /// Passed to each function.
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
    // SAFETY: the caller promises that the functions keep the contract in ws_allocator, which is
    // that of Allocator::new().
    Ok(unsafe { Allocator::new(alloc, given.resize, free, given.user) })
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

/// Creates a connection. side: WS_SERVER or WS_CLIENT. *allocator is copied; its `user` must
/// outlive the handle. Returns NULL if out of memory or if an argument is invalid.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_new(
    side: u32,
    allocator: *const ws_allocator,
) -> *mut ws_conn {
    // SAFETY: the caller keeps the pointer contract, and the contract of the allocator.
    let placed = self::side(side)
        .and_then(|side| unsafe { place(side, None, self::allocator(allocator)?) });
    placed.map_or(core::ptr::null_mut(), NonNull::as_ptr)
}

/// Creates a connection in memory that you provide: `mem` is at least ws_sizeof(WS_TYPE_CONN)
/// bytes, aligned to 16. Arguments as for ws_conn_new(). Returns mem, which is the handle: do not
/// move or copy it. Returns NULL if mem_size is too small, mem is not aligned, or an argument is
/// invalid. After ws_conn_free() you may reuse mem, also for another ws_conn_init().
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
    // SAFETY: the caller keeps the pointer contract, and the contract of the allocator. mem is
    // aligned, and large enough.
    let placed = self::side(side).and_then(|side| unsafe {
        let conn = Conn::new(side, self::allocator(allocator)?);
        handle.write(ws_conn { conn, in_place: true });
        Ok(handle)
    });
    placed.unwrap_or(core::ptr::null_mut())
}

/// Frees all memory of the connection, and the handle itself unless it is from ws_conn_init(). NULL
/// is allowed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_free(conn: *mut ws_conn) {
    // SAFETY: the caller passes NULL, or a handle that it does not use again.
    unsafe { free(conn) }
}

/// # Safety
/// `conn` is NULL, or a valid handle that is not used again.
pub(super) unsafe fn free(conn: *mut ws_conn) {
    let Some(handle) = NonNull::new(conn) else { return };
    // SAFETY: by the caller's promise the handle is valid, and this is its last use. One that is
    // not in place is from place(), which uses the connection's allocator.
    unsafe {
        let ws_conn { conn, in_place } = handle.as_ref();
        let memory = *conn.allocator();
        if *in_place { handle.drop_in_place() } else { memory.remove(handle) }
    }
}

/// Enables compression with the parameters that were negotiated (RFC 7692). Returns WS_OK;
/// WS_ERR_INVALID_STATE after the first byte of input or the first message sent, or with
/// WS_OPT_ALLOW_RSV; WS_ERR_INVALID_ARGUMENT; or WS_ERR_UNSUPPORTED without WS_FEATURE_DEFLATE.
///
/// Each direction allocates memory with its first compressed message, and without context takeover
/// frees it after each message. With a window of 8 bits, messages are compressed without
/// back-references, since deflate libraries do not support windows of 256 bytes. Messages are
/// always decompressed with a window of 15 bits, whatever was agreed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_set_pmd(
    conn: *mut ws_conn,
    params: *const ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        conn.set_pmd(ptr::one(params)?.read()?).map(|()| 0)
    })
}

/// Reads the compression parameters that were agreed. Returns 1 and fills *params, or 0 without
/// compression. WS_ERR_UNSUPPORTED without WS_FEATURE_DEFLATE.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_get_pmd(
    conn: *const ws_conn,
    params: *mut ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let params = ptr::output_one(params)?.write(ws_pmd_params::default());
        supported()?;
        let agreed = ptr::handle(conn)?.conn.pmd();
        if let Some(agreed) = &agreed {
            *params = ws_pmd_params::of(agreed);
        }
        Ok(agreed.is_some().into())
    })
}

// Options of ws_conn_set(). A switch is 0 or 1. WS_ERR_UNSUPPORTED: this build does not know the
// option. WS_ERR_INVALID_STATE: it is too late to set it, whatever the value.
// WS_ERR_INVALID_ARGUMENT: the option cannot have this value.

/// Most bytes of an incoming message, after decompression; 0: no limit; default 1 MiB (1,048,576).
/// Applies with WS_OPT_STREAM too. Enforced when the header of an uncompressed frame announces
/// more, and during decompression; memory is allocated only for bytes that have arrived. A lower
/// limit also applies to the message being received: if it is already longer, its next frame header
/// or payload byte causes WS_ERR_TOO_BIG. A compressed message is also WS_ERR_TOO_BIG once
/// the headers of its frames have announced, in total, more than (16 * limit + 65,536) bytes.
pub const WS_OPT_MAX_MESSAGE: i32 = 1;
/// Switch: report messages in chunks as they arrive, and collect none; default 0; can only be set
/// before any input. A chunk may end inside a character. Chunks of a compressed message, of at most
/// 16 KiB, and control frames that arrive in parts are still in the connection's memory
/// (WS_EVENT_COLLECTED).
pub const WS_OPT_STREAM: i32 = 2;
/// Switch: reply to pings; default 1.
pub const WS_OPT_AUTO_PONG: i32 = 3;
/// Switch: incoming text must be valid UTF-8, and fails at the first invalid byte, even while its
/// message is incomplete; default 1; can only be set before any input.
pub const WS_OPT_CHECK_UTF8: i32 = 4;
/// Most bytes of message memory to keep between messages; a larger buffer is freed; default 0.
pub const WS_OPT_KEEP_BUFFER: i32 = 5;
/// Most bytes of payload that the header of one data frame may announce, before decompression; more
/// is WS_ERR_TOO_BIG; 0: no limit; default 0.
pub const WS_OPT_MAX_FRAME: i32 = 6;
/// Switch: accept masked and unmasked frames, on either side; default 0; can only be set before any
/// input. It does not affect sending: a client still masks.
pub const WS_OPT_ANY_MASK: i32 = 7;
/// Switch: send a close frame in reply to a close, or to report an error; default 1; can only be
/// set before any input. With 0 you send it, once, with ws_conn_close(), and ws_conn_output()
/// writes only pongs. Until then ws_conn_send() works, and the state is CLOSING, or FAILED after an
/// error.
pub const WS_OPT_AUTO_CLOSE: i32 = 8;
/// Those of WS_RSV1, WS_RSV2 and WS_RSV3 that may be set on the first frame of a message, for an
/// extension of your own; default 0; can only be set before any input. Such a message is reported
/// unchanged, with its bits in event.flags: its text is not checked, limits apply. ws_conn_send()
/// accepts the same bits in its flags. The option excludes compression: whichever of it and
/// ws_conn_set_pmd() comes second returns WS_ERR_INVALID_STATE (use the decoder and ws_pmd).
pub const WS_OPT_ALLOW_RSV: i32 = 9;
/// Bytes: shorter messages are sent uncompressed; default 0. The first fragment decides, and one
/// with WS_SEND_MORE counts as long enough.
pub const WS_OPT_COMPRESS_FROM: i32 = 10;

// Facts for ws_conn_get(); setting one is WS_ERR_INVALID_ARGUMENT.

/// The code of the close frame that ws_conn_close() or ws_conn_output() wrote, WS_CLOSE_NO_STATUS
/// if it has none; 0: none was written.
pub const WS_INFO_CLOSE_SENT: i32 = 100;
/// The code of the peer's close, once it was reported, WS_CLOSE_NO_STATUS if it has none; 0: none.
pub const WS_INFO_CLOSE_RECEIVED: i32 = 101;
/// 1 if the peer's close arrived before yours was written, else 0.
pub const WS_INFO_CLOSED_BY_PEER: i32 = 102;
/// Opcode of the message being sent in fragments; 0: none.
pub const WS_INFO_SENDING: i32 = 103;
/// Opcode of the message being received; 0: none.
pub const WS_INFO_RECEIVING: i32 = 104;
/// After WS_ERR_TOO_BIG: the length that exceeds the limit, announced or reached, in bytes: of the
/// message, or of the frame for WS_OPT_MAX_FRAME. Else 0.
pub const WS_INFO_ANNOUNCED: i32 = 105;
/// Bytes held of an incomplete message.
pub const WS_INFO_BUFFERED: i32 = 106;

/// An option or a fact, as its number says.
#[derive(Clone, Copy)]
enum Setting {
    Option(Opt),
    Info(Info),
}

fn setting(number: c_int) -> Result<Setting> {
    Ok(match number {
        WS_OPT_MAX_MESSAGE => Setting::Option(Opt::MaxMessage),
        WS_OPT_STREAM => Setting::Option(Opt::Stream),
        WS_OPT_AUTO_PONG => Setting::Option(Opt::AutoPong),
        WS_OPT_CHECK_UTF8 => Setting::Option(Opt::CheckUtf8),
        WS_OPT_KEEP_BUFFER => Setting::Option(Opt::KeepBuffer),
        WS_OPT_MAX_FRAME => Setting::Option(Opt::MaxFrame),
        WS_OPT_ANY_MASK => Setting::Option(Opt::AnyMask),
        WS_OPT_AUTO_CLOSE => Setting::Option(Opt::AutoClose),
        WS_OPT_ALLOW_RSV => Setting::Option(Opt::AllowRsv),
        WS_OPT_COMPRESS_FROM => Setting::Option(Opt::CompressFrom),
        WS_INFO_CLOSE_SENT => Setting::Info(Info::CloseSent),
        WS_INFO_CLOSE_RECEIVED => Setting::Info(Info::CloseReceived),
        WS_INFO_CLOSED_BY_PEER => Setting::Info(Info::ClosedByPeer),
        WS_INFO_SENDING => Setting::Info(Info::Sending),
        WS_INFO_RECEIVING => Setting::Info(Info::Receiving),
        WS_INFO_ANNOUNCED => Setting::Info(Info::Announced),
        WS_INFO_BUFFERED => Setting::Info(Info::Buffered),
        _ => return Err(Error::Unsupported),
    })
}

/// Sets an option (WS_OPT_*). Returns WS_OK or one of the errors described with the options.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_set(
    conn: *mut ws_conn,
    option: c_int,
    value: u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        match setting(option)? {
            Setting::Option(option) => conn.set(option, value).map(|()| 0),
            Setting::Info(_) => Err(Error::InvalidArgument),
        }
    })
}

/// Reads an option (WS_OPT_*) or a fact (WS_INFO_*). Returns WS_OK and fills *value;
/// WS_ERR_UNSUPPORTED, with *value 0, if this build does not know it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_get(
    conn: *const ws_conn,
    option: c_int,
    value: *mut u64,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let value = ptr::output_one(value)?.write(0);
        let conn = &ptr::handle(conn)?.conn;
        *value = match setting(option)? {
            Setting::Option(option) => conn.get(option),
            Setting::Info(info) => conn.info(info),
        };
        Ok(0)
    })
}

/// Client: replaces the operating system as the source of masking keys, e.g. where it has no random
/// bytes, or for reproducible tests. fill() writes len unpredictable bytes (RFC 6455, 10.3) to
/// `out` and returns 0; after any other result, the call that needed them returns WS_ERR_RANDOM,
/// and nothing has changed. It is called for 256 bytes at once, or for 4 if there is no memory for
/// more; the keys are used in order. The rules of ws_allocator apply to it; fill() and `user` must
/// outlive the handle. NULL restores the operating system. Returns WS_OK, or WS_ERR_INVALID_STATE
/// once keys were drawn, at the latest for the first frame. No effect on a server.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_set_random(
    conn: *mut ws_conn,
    fill: Option<
        unsafe extern "C" fn(user: *mut c_void, out: *mut c_void, len: usize) -> c_int,
    >,
    user: *mut c_void,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, and the contract of the function.
    result_of(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        let source = fill.map_or(Source::SYSTEM, |fill| Source::new(fill, user));
        conn.set_random(source).map(|()| 0)
    })
}

/// This event starts its message.
pub const WS_EVENT_FIRST: u32 = 0x1;
/// This event ends its message.
pub const WS_EVENT_LAST: u32 = 0x2;
/// The data is in the connection's memory, not in your buffer. At most one event of a call has this
/// flag, and it is the last one.
pub const WS_EVENT_COLLECTED: u32 = 0x4;
/// This event ends a frame. Always set on whole messages and control frames. With WS_OPT_STREAM
/// exactly one chunk of every data frame has it, if necessary an empty one.
pub const WS_EVENT_FRAME_END: u32 = 0x8;

/// A whole message, a chunk of one (with WS_OPT_STREAM), or a control frame. 24 bytes without
/// padding on every platform. Frozen.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_event {
    /// Where the data starts in the buf of this call. For a collected event, meaningful only to
    /// ws_event_data().
    pub off: u64,
    /// Length of the data in bytes.
    pub len: u64,
    /// WS_OPCODE_*, but never WS_OPCODE_CONTINUATION.
    pub opcode: u16,
    /// WS_EVENT_*; and the bits of WS_RSV* that WS_OPT_ALLOW_RSV accepted, on every event of their
    /// message.
    pub flags: u16,
    /// For a close, whose data is the reason: its code, or WS_CLOSE_NO_STATUS. Else 0.
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

/// Returns the address of an event's data: buf + off, or, for a collected event, in the
/// connection's memory. There it is valid until the next ws_conn_recv() or ws_conn_free(); other
/// calls do not affect it. buf is the buffer that was passed to that ws_conn_recv(); it may be NULL
/// for a collected event. Returns NULL for invalid arguments. For a collected event of the last
/// call the result is never NULL. Do not pass a collected event of an earlier call: the result is
/// NULL, or other data.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_event_data(
    conn: *const ws_conn,
    buf: *const c_void,
    event: *const ws_event,
) -> *const c_void {
    // SAFETY: the caller keeps the pointer contract.
    let data = || unsafe {
        let (conn, event) = (ptr::handle(conn).ok()?, ptr::one(event).ok()?);
        let (off, len) =
            (usize::try_from(event.off).ok()?, usize::try_from(event.len).ok()?);
        if u32::from(event.flags) & WS_EVENT_COLLECTED == 0 {
            return (!buf.is_null()).then(|| buf.wrapping_byte_add(off));
        }
        let opcode = u8::try_from(event.opcode).ok().and_then(Opcode::from_number)?;
        let data = conn.conn.collected(opcode, off, len)?;
        Some(data.as_ptr().cast())
    };
    data().unwrap_or(core::ptr::null())
}

/// Processes bytes from the network (RFC 6455, 5). Returns the number of events that were filled,
/// and in *consumed the number of bytes of buf that were consumed. A message that is entirely in
/// buf, in one uncompressed frame, is unmasked and reported there, without a copy; any other is
/// collected in the connection's memory, unless WS_OPT_STREAM reports it in chunks. buf must be
/// writable, since payloads are unmasked in place. events_cap must not be 0.
///
///     while (len > 0) {
///         n = ws_conn_recv(c, p, len, ev, 64, &used);
///         for (i = 0; i < n; i++) handle(&ev[i], ws_event_data(c, p, &ev[i]));
///         collect(ws_conn_output(c, out, sizeof out)); // after an error, too
///         if (n < 0) break;
///         p += used, len -= used;
///     }
///
/// It may return before all of buf is consumed: when `events` is full, to hand out a collected
/// event, or after a frame that needs a reply. It has then reported at least one event. Call again
/// with the unconsumed rest until *consumed == len, or until the result is 0; both loops are
/// correct. If *consumed == len, nothing is outstanding: these bytes cause no further event or
/// error. If the result is 0, all of buf was consumed. A call with the rest may also find nothing,
/// consume it and return 0.
///
/// First handle the events (you may send replies while you do), then collect the output: that keeps
/// the order of the wire. Do not free the connection while you handle its events. You can still
/// reply to earlier messages after the peer's close or an error: ws_conn_send() works until
/// ws_conn_output() has written the close frame.
///
/// WS_ERR_INVALID_ARGUMENT leaves the connection as it was. Every other error is final:
/// WS_ERR_NO_MEMORY; those that the peer caused, which are those listed at ws_frame_decode(),
/// WS_ERR_CLOSE_PAYLOAD, WS_ERR_UTF8 and WS_ERR_COMPRESSION; and WS_ERR_EOF after ws_conn_finish().
/// The events before an error are reported first. Then the next call, even one without bytes,
/// returns the error with *consumed 0, and so does every later call. Until the error is returned,
/// *consumed stays below len, so a loop over the bytes cannot miss it. (Of a compressed message, at
/// least the last byte is left, even if it was decompressed into a reported event.)
///
/// The payload of a close is checked once its frame is complete. A close is the last event: all
/// bytes after it are consumed and ignored.
///
/// The bytes from *consumed on are unchanged unless the result is an error, so a caller with a
/// chained buffer may pass copies, and later pass the originals. While one compressed input yields
/// several chunks, its last byte is not consumed until the last chunk is reported; such a call may
/// report a chunk and consume nothing. A call without bytes reports no event, and takes back the
/// data of a collected one. Its memory is freed unless WS_OPT_KEEP_BUFFER keeps it or, with
/// WS_OPT_STREAM, its message continues.
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
    result_of(|| unsafe {
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

/// Writes the connection's own frames: a pong, and the close frame that replies to the peer's (with
/// its code) or reports an error. Returns the number of bytes written, or 0 if nothing is pending.
/// Call it after every ws_conn_recv(), and after ws_conn_finish(); if a call is expensive, only
/// after one that reported a PING or a CLOSE or returned an error, since any other makes nothing
/// pending. If you do, every ping gets its pong. If you do not, the pong to the next ping replaces
/// the pending one (RFC 6455, 5.5.3), so a flood of pings takes no memory.
///
/// WS_ERR_RANDOM: a client had no masking key; the same call may be repeated. With (NULL, 0) as
/// `out` it returns WS_ERR_BUFFER_TOO_SMALL if something is pending, else 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_output(
    conn: *mut ws_conn,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        ptr::handle_mut(conn)?.conn.output(ptr::output(out, out_cap)?)
    })
}

/// More fragments of this message follow.
pub const WS_SEND_MORE: u32 = 0x1;
/// Do not compress. Only the first fragment's flag counts.
pub const WS_SEND_PLAIN: u32 = 0x2;

/// Writes a message as one frame, or with WS_SEND_MORE a fragment of one (RFC 6455, 5.4); or a ping
/// or pong, also between fragments. Returns the number of bytes written. ws_conn_send_bound() bytes
/// of `out` are always enough; with compression, `out` beyond the result may have served as scratch
/// space.
///
/// opcode: WS_OPCODE_TEXT or WS_OPCODE_BINARY, the same for every fragment of a message;
/// WS_OPCODE_PING or WS_OPCODE_PONG. flags: WS_SEND_*, and the bits of WS_OPT_ALLOW_RSV, where only
/// the first fragment's count. `payload` must not overlap `out`. Outgoing text is not checked: see
/// ws_utf8_validate().
///
/// WS_ERR_INVALID_STATE for a frame that the protocol does not allow now: data after your close was
/// written, a message of a different opcode inside a fragmented one, a PING or PONG once your close
/// was written and the peer's has arrived or an error was returned, anything after the stream has
/// ended. WS_ERR_INVALID_ARGUMENT for any opcode but these four, for reserved bits that are not
/// allowed, for a payload that overlaps `out` or for which ws_conn_send_bound() returns 0, and for
/// a PING or PONG with more than WS_MAX_CONTROL bytes, reserved bits or WS_SEND_MORE. After
/// WS_ERR_NO_MEMORY (compression) and WS_ERR_RANDOM (a client's masking key) the same call may be
/// repeated.
///
/// Between messages you may also send frames from ws_frame_encode(). A frame that a server with
/// server_no_context_takeover compressed is valid for every client that has a window at least as
/// wide, if all of the server's connections have server_no_context_takeover set, whether it was
/// agreed or not: compress once, send to all.
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
    result_of(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        let opcode = frame::opcode(opcode)?;
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

/// Returns the bytes of `out` that ws_conn_send() may need for a payload of this length; 0 if no
/// buffer can be that large, or conn is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_send_bound(
    conn: *const ws_conn,
    payload_len: usize,
) -> usize {
    // SAFETY: the caller keeps the pointer contract.
    let conn = unsafe { ptr::handle(conn) };
    conn.ok().and_then(|conn| conn.conn.send_bound(payload_len)).unwrap_or(0)
}

/// Writes a close frame (RFC 6455, 7.1.2). It starts the closing handshake, or replaces a pending
/// close frame that ws_conn_output() has not written yet. code and reason as for ws_close_build().
/// WS_MAX_OUTPUT bytes of `out` are always enough. Returns the number of bytes written; 0, and
/// writes nothing, if a close was written before or the stream has ended. WS_ERR_INVALID_ARGUMENT
/// as for ws_close_build(); WS_ERR_RANDOM as for ws_conn_output().
///
/// Messages that are still arriving are reported as before, and pings get their pongs until the
/// peer's close arrives (5.5.2): ws_conn_output() writes a pending pong, but none once both sides
/// have closed.
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
    result_of(|| unsafe {
        let conn = &mut ptr::handle_mut(conn)?.conn;
        conn.close(code, ptr::bytes(reason, reason_len)?, ptr::output(out, out_cap)?)
    })
}

/// Tells the connection that the peer's stream has ended. Returns WS_OK if the peer's close has
/// arrived; while yours is not written yet (see ws_conn_output()), the state stays CLOSING. Returns
/// the error that stopped the connection, if any; call ws_conn_output() then, since a close frame
/// may be pending. Otherwise returns WS_ERR_EOF: the state is FAILED, nothing is pending, and
/// nothing more can be sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ws_conn_finish(conn: *mut ws_conn) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe { ptr::handle_mut(conn)?.conn.finish().map(|()| 0) })
}

/// Messages can be sent and received.
pub const WS_STATE_OPEN: i32 = 0;
/// A close was written, or has arrived.
pub const WS_STATE_CLOSING: i32 = 1;
/// A close has arrived, and yours was written.
pub const WS_STATE_CLOSED: i32 = 2;
/// An error was returned.
pub const WS_STATE_FAILED: i32 = 3;

/// Returns the state of a connection: one of WS_STATE_*; WS_STATE_FAILED if conn is NULL. When it
/// is CLOSED or FAILED, end the connection: see End in the rules for every connection (RFC 6455,
/// 7.1.1).
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
