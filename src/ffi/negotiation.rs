//! permessage-deflate (RFC 7692)

use super::result::ws_result;
use super::{ptr, result_of};
use crate::deflate::{Direction, MAX_WINDOW_BITS, Params};
use crate::error::{Error, Result};
use crate::handshake::names::Name;
use crate::handshake::pmd;
use crate::handshake::values::Values;
use crate::output;
use core::ffi::c_void;

/// Parameters of permessage-deflate (RFC 7692, 7.1). All zero: both directions keep their context
/// and have windows of 15 bits. A value out of range is WS_ERR_INVALID_ARGUMENT. Functions that
/// fill it replace zeros by the defaults. Frozen.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub struct ws_pmd_params {
    /// 1: the server compresses each message independently.
    pub server_no_context_takeover: u8,
    /// 1: the client compresses each message independently.
    pub client_no_context_takeover: u8,
    /// The server's window: 8..15; 0 means 15
    pub server_max_window_bits: u8,
    /// The client's window: 8..15; 0 means 15
    pub client_max_window_bits: u8,
    /// zlib's compression level, local: 1 (fastest) to 9 (smallest); 0 means 6
    pub level: u8,
    /// zlib's memory level, local: 1 (least) to 9, of which 6..9 do the same; 0 means 8
    pub mem_level: u8,
    /// 0
    pub reserved: [u8; 2],
}

const _: () = assert!(size_of::<ws_pmd_params>() == 8);
const DEFAULT_LEVEL: u8 = 6;
const DEFAULT_MEM_LEVEL: u8 = 8;

impl ws_pmd_params {
    pub(super) fn read(&self) -> Result<Params> {
        supported()?;
        if self.reserved != [0; 2] {
            return Err(Error::InvalidArgument);
        }
        Params::new(
            direction(self.server_no_context_takeover, self.server_max_window_bits)?,
            direction(self.client_no_context_takeover, self.client_max_window_bits)?,
            or_default(self.level, DEFAULT_LEVEL),
            or_default(self.mem_level, DEFAULT_MEM_LEVEL),
        )
    }

    pub(super) fn of(params: &Params) -> ws_pmd_params {
        let Params { server, client, level, mem_level } = *params;
        ws_pmd_params {
            server_no_context_takeover: server.no_context_takeover.into(),
            client_no_context_takeover: client.no_context_takeover.into(),
            server_max_window_bits: server.window_bits,
            client_max_window_bits: client.window_bits,
            level,
            mem_level,
            reserved: [0; 2],
        }
    }
}

// What the comments below promise.
const _: () = assert!(pmd::MAX_VALUE == 128);

fn direction(no_context_takeover: u8, window_bits: u8) -> Result<Direction> {
    match no_context_takeover {
        flag @ 0..=1 => {
            Direction::new(flag == 1, or_default(window_bits, MAX_WINDOW_BITS))
        }
        _ => Err(Error::InvalidArgument),
    }
}

fn or_default(value: u8, default: u8) -> u8 {
    if value == 0 { default } else { value }
}

/// Whether this build can compress.
pub(super) fn supported() -> Result<()> {
    if cfg!(feature = "deflate") { Ok(()) } else { Err(Error::Unsupported) }
}

/// Server: accepts the first acceptable permessage-deflate offer in the client's head (RFC 7692,
/// 5.1), and writes the value for ws_response_spec.extensions. On entry *params is what you are
/// willing to use, on return what was agreed. Returns the length of the value, or 0 if no offer is
/// acceptable: *params is unchanged, compression stays off. 128 bytes of `out` are always enough.
///
/// An offer is acceptable if it is well-formed: no unknown or repeated parameter, every value in
/// range (7.1). Other offers are skipped. A list that is malformed anywhere is WS_ERR_EXTENSION
/// (RFC 6455, 9.1); other errors as for ws_next_header(). The client's window is limited only if
/// its offer allows that, else it is 15 bits.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_accept(
    head: *const c_void,
    head_len: usize,
    params: *mut ws_pmd_params,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { accept(in_head, head, head_len, params, out, out_cap) }
}

/// Server: accepts an offer as ws_pmd_accept() does, from the value of Sec-WebSocket-Extensions.
/// `offers` is the value, or all values joined with commas; (NULL, 0) if the field is absent. A
/// list that is malformed anywhere is WS_ERR_EXTENSION.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_accept_value(
    offers: *const c_void,
    offers_len: usize,
    params: *mut ws_pmd_params,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { accept(joined, offers, offers_len, params, out, out_cap) }
}

/// Client: writes an offer for ws_request_spec.extensions (RFC 7692, 7.1). Returns the length of
/// the offer, at most 128. The offer always has client_max_window_bits, so the server may limit the
/// client's window.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_offer(
    params: *const ws_pmd_params,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let offer = pmd::offer(&ptr::one(params)?.read()?);
        output::write_all(&[&[offer.as_bytes()]], ptr::output(out, out_cap)?)
    })
}

/// Client: reads from the server's head whether the offer was accepted (RFC 7692, 5.1), and narrows
/// *params, which was passed to ws_pmd_offer(), to what was agreed. Returns 1 if compression is on,
/// or 0 if it is off. WS_ERR_EXTENSION if the response is malformed, repeated, or exceeds the
/// offer; other errors as for ws_next_header(). *params is unchanged unless the result is 1.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_confirm(
    head: *const c_void,
    head_len: usize,
    params: *mut ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { confirm(in_head, head, head_len, params) }
}

/// Client: confirms an offer as ws_pmd_confirm() does, from the value of Sec-WebSocket-Extensions.
/// `response` is the value, or all values joined with commas; (NULL, 0) if the field is absent.
/// WS_ERR_EXTENSION as for ws_pmd_confirm().
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_pmd_confirm_value(
    response: *const c_void,
    response_len: usize,
    params: *mut ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    unsafe { confirm(joined, response, response_len, params) }
}

/// The values of Sec-WebSocket-Extensions in a head.
fn in_head(head: &[u8]) -> Result<Values<'_>> {
    Values::in_head(head, Name::SecWebSocketExtensions)
}

/// The values of a field, already joined.
fn joined(value: &[u8]) -> Result<Values<'_>> {
    Ok(Values::one(Some(value)))
}

/// # Safety
/// The pointer contract.
unsafe fn accept(
    parse: fn(&[u8]) -> Result<Values<'_>>,
    offers: *const c_void,
    offers_len: usize,
    params: *mut ws_pmd_params,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let params = ptr::one_mut(params)?;
        let (offers, out) = (ptr::bytes(offers, offers_len)?, ptr::output(out, out_cap)?);
        let willing = params.read()?;
        let accepted = pmd::accept(parse(offers)?, &willing)?;
        let Some(agreement) = accepted else { return Ok(0) };
        let written = output::write_all(&[&[agreement.response().as_bytes()]], out)?;
        *params = ws_pmd_params::of(&agreement.params);
        Ok(written)
    })
}

/// # Safety
/// The pointer contract.
unsafe fn confirm(
    parse: fn(&[u8]) -> Result<Values<'_>>,
    response: *const c_void,
    response_len: usize,
    params: *mut ws_pmd_params,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract.
    result_of(|| unsafe {
        let params = ptr::one_mut(params)?;
        let response = ptr::bytes(response, response_len)?;
        let offered = params.read()?;
        let confirmed = pmd::confirm(parse(response)?, &offered)?;
        if let Some(agreed) = &confirmed {
            *params = ws_pmd_params::of(agreed);
        }
        Ok(confirmed.is_some().into())
    })
}
