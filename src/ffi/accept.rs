//! Accepting and confirming

use super::conn::{allocator, free, place, ws_allocator, ws_conn};
use super::handshake::{span_u32, ws_bytes, ws_response, ws_span};
use super::negotiation::ws_pmd_params;
use super::result::ws_result;
use super::{ptr, result_of};
use crate::conn::Side;
use crate::deflate::Params;
use crate::error::{Error, Result};
use crate::handshake::client::confirm;
use crate::handshake::reply::{self, MAX_REPLY};
use crate::handshake::server::{Acceptance, Policy, Refusal};
use crate::memory::Allocator;
use core::ffi::c_void;
use core::mem::MaybeUninit;

/// In ws_accept_spec: reject a client that offers none of your subprotocols.
pub const WS_ACCEPT_NEED_PROTOCOL: u32 = 0x1;

/// How to accept a client. Zero it, then set the members you need. Extensible.
///
/// `origins` is a list as for ws_origin_allowed(). {NULL, 0} accepts pages of every origin, which
/// is safe only where nothing depends on cookies or on the network that the browser is in. With a
/// list, a request whose Origin is not in it is rejected; so is one whose Origin is empty, "null"
/// or malformed. A request without Origin is not from a browser and is accepted.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_accept_spec {
    /// "chat, superchat": most preferred first.
    pub protocols: ws_bytes,
    /// Additional complete "Name: value\r\n" lines for the 101.
    pub headers: ws_bytes,
    /// The compression you are willing to use; NULL: none.
    pub pmd: *const ws_pmd_params,
    /// NULL: the C library's.
    pub allocator: *const ws_allocator,
    /// "https://a.example https://b.example:8443", or {NULL, 0}
    pub origins: ws_bytes,
    /// WS_ACCEPT_NEED_PROTOCOL, or 0
    pub flags: u32,
    /// 0
    pub reserved: u32,
}

impl ws_accept_spec {
    /// # Safety
    /// The pointer contract, for its own pointers.
    unsafe fn policy<'a>(&self) -> Result<Policy<'a>> {
        if self.flags & !WS_ACCEPT_NEED_PROTOCOL != 0 || self.reserved != 0 {
            return Err(Error::InvalidArgument);
        }
        // SAFETY: the caller keeps the pointer contract.
        unsafe {
            Ok(Policy {
                protocols: self.protocols.get()?,
                headers: self.headers.get()?,
                pmd: read_params(self.pmd)?,
                origins: self.origins.value()?,
                need_protocol: self.flags & WS_ACCEPT_NEED_PROTOCOL != 0,
            })
        }
    }
}

/// # Safety
/// The pointer contract; NULL stands for no compression.
unsafe fn read_params(params: *const ws_pmd_params) -> Result<Option<Params>> {
    if params.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller keeps the pointer contract.
    unsafe { ptr::one(params) }?.read().map(Some)
}

/// The result of ws_conn_accept(). Zeroed unless it returns a value above 0. Extensible.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct ws_accepted {
    /// The connection; NULL if the request was rejected.
    pub conn: *mut ws_conn,
    /// Why the request was rejected, else WS_OK.
    pub error: ws_result,
    /// Length of the request's head: the first frames start there. 0 with WS_ERR_HTTP_SYNTAX and
    /// WS_ERR_HTTP_TOO_LARGE.
    pub head_len: u32,
    /// The chosen subprotocol: a range of spec->protocols.
    pub protocol: ws_span,
    /// 0
    pub reserved: u32,
}

/// Upper bound of what ws_conn_accept() writes, not counting spec->headers and the chosen protocol.
pub const WS_MAX_REPLY: usize = 512;

const _: () = assert!(WS_MAX_REPLY == MAX_REPLY);

/// Server: does everything after the arrival of a request in one call (RFC 6455, 4.2). Checks the
/// head at the start of `buf`, which may hold more; selects the subprotocol and the compression;
/// writes the response to `out`. To accept the request it writes a 101 with spec->headers, and
/// creates accepted->conn. To reject it, it writes the matching error response (ws_http_status()),
/// and sets accepted->error. Returns the number of bytes written, or 0 if the head is incomplete.
/// After WS_ERR_INVALID_ARGUMENT, WS_ERR_UNSUPPORTED, WS_ERR_BUFFER_TOO_SMALL and WS_ERR_NO_MEMORY
/// nothing was written, no connection was created, and the call may be repeated.
///
/// A whole connection, with a blocking socket; send_all() and handle() are yours:
///
///     void serve(int fd)
///     {
///         unsigned char buf[WS_MAX_HEAD], out[WS_MAX_REPLY], *p;
///         size_t len = 0, used;
///         ssize_t got;
///         ws_accepted a;
///         ws_event ev[64];
///         ws_result i, n;
///
///         do {
///             got = recv(fd, buf + len, sizeof buf - len, 0);
///             if (got <= 0) { close(fd); return; }
///             len += (size_t)got;
///             n = ws_conn_accept(buf, len, NULL, 0, &a, sizeof a,
///                                out, sizeof out);
///         } while (n == 0);
///         send_all(fd, out, n); // nothing if n < 0
///         p = buf + a.head_len, len -= a.head_len;
///         while (n >= 0 && ws_conn_state(a.conn) < WS_STATE_CLOSED) {
///             if (len == 0) {
///                 got = recv(fd, p = buf, sizeof buf, 0);
///                 if (got <= 0) { ws_conn_finish(a.conn); break; }
///                 len = (size_t)got;
///             }
///             n = ws_conn_recv(a.conn, p, len, ev, 64, &used);
///             for (i = 0; i < n; i++)
///                 handle(fd, a.conn, &ev[i], ws_event_data(a.conn, p, &ev[i]));
///             send_all(fd, out, ws_conn_output(a.conn, out, sizeof out));
///             p += used, len -= used;
///         }
///         shutdown(fd, SHUT_WR);
///         while (recv(fd, buf, sizeof buf, 0) > 0) // or until a timer fires
///             continue;
///         close(fd);
///         ws_conn_free(a.conn);
///     }
///
/// accepted->error is the first failure of:
///
///     1. the checks of ws_parse_handshake(), in their order
///     2. WS_ERR_HANDSHAKE_ORIGIN
///     3. WS_ERR_HANDSHAKE_PROTOCOL
///
/// With WS_ERR_NOT_UPGRADE `out` holds a 426. If you serve ordinary requests too, discard it and
/// read the head with ws_parse_handshake().
///
/// Give `buf` room for WS_MAX_HEAD bytes: then it never fills without a response. Each call parses
/// from the start, so if a head arrives in many reads, call ws_head_length() first. After a 101 the
/// first frames are at buf + accepted.head_len: pass them to ws_conn_recv(), then everything you
/// read, until ws_conn_state() is WS_STATE_CLOSED or above.
///
/// `spec` may be (NULL, 0) for the defaults. An invalid spec is WS_ERR_INVALID_ARGUMENT at every
/// call, whatever the head is: invalid headers, protocols, pmd, allocator or flags;
/// WS_ACCEPT_NEED_PROTOCOL without protocols; a list of origins that is empty but not NULL, or with
/// an entry that can never match (a trailing slash, a comma, a wildcard, no scheme, "null"). So you
/// can check a configuration at the start; 0 means that it is valid:
///
///     ws_accepted a;
///     n = ws_conn_accept(NULL, 0, &spec, sizeof spec, &a, sizeof a, NULL, 0);
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_accept(
    buf: *const c_void,
    len: usize,
    spec: *const ws_accept_spec,
    spec_size: usize,
    accepted: *mut ws_accepted,
    accepted_size: usize,
    out: *mut c_void,
    out_cap: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, also for the pointers in the spec.
    result_of(|| unsafe {
        let filled = ptr::extensible_output(accepted, accepted_size)?;
        let spec: ws_accept_spec = match (spec.is_null(), spec_size) {
            (true, 0) => ptr::zeroed(),
            _ => ptr::extensible(spec, spec_size)?,
        };
        let (buf, out) = (ptr::bytes(buf, len)?, ptr::output(out, out_cap)?);
        let (policy, memory) = (spec.policy()?, allocator(spec.allocator)?);
        policy.check()?;
        let (written, outcome) = match policy.judge(buf) {
            Ok(None) => return Ok(0),
            Err(Refusal { error, head_len }) => {
                let (written, head_len) =
                    (reply::refuse(error, out)?, span_u32(head_len)?);
                let error = error.code() as ws_result;
                (written, ws_accepted { error, head_len, ..ptr::zeroed() })
            }
            Ok(Some(acceptance)) => {
                let head_len = span_u32(acceptance.head_len)?;
                let protocol = ws_span::of(acceptance.protocol, policy.protocols)?;
                let (written, conn) = accept(&acceptance, memory, out)?;
                (written, ws_accepted { conn, head_len, protocol, ..ptr::zeroed() })
            }
        };
        filled.write(outcome);
        Ok(written)
    })
}

/// Writes the 101 and places the connection: both, or neither.
fn accept(
    acceptance: &Acceptance<'_>,
    memory: Allocator,
    out: &mut [MaybeUninit<u8>],
) -> Result<(usize, *mut ws_conn)> {
    let placed = place(Side::Server, acceptance.pmd(), memory)?.as_ptr();
    match acceptance.write(out) {
        Ok(written) => Ok((written, placed)),
        Err(error) => {
            // SAFETY: it was just placed, and nothing else refers to it.
            unsafe { free(placed) };
            Err(error)
        }
    }
}

/// Client: does everything after ws_build_request() in one call (RFC 6455, 4.1): parses the
/// response, checks it against the request that was sent, reads which compression was agreed, and
/// creates *conn. `offered` is what was passed to ws_pmd_offer(); NULL if the request offers no
/// permessage-deflate. It is not changed: ws_conn_get_pmd() reads what was agreed.
///
/// Result and errors as for ws_parse_response(); also WS_ERR_NO_MEMORY, WS_ERR_EXTENSION if the
/// parameters of the compression are invalid or not those of the offer (see ws_pmd_confirm()), and
/// WS_ERR_INVALID_ARGUMENT if `offered` is NULL although the request offers permessage-deflate, or
/// the reverse. *conn is NULL unless the result is above 0.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn ws_conn_confirm(
    buf: *const c_void,
    len: usize,
    request: *const c_void,
    request_len: usize,
    offered: *const ws_pmd_params,
    allocator: *const ws_allocator,
    conn: *mut *mut ws_conn,
    response: *mut ws_response,
    response_size: usize,
) -> ws_result {
    // SAFETY: the caller keeps the pointer contract, and the contract of the allocator.
    result_of(|| unsafe {
        let conn = ptr::output_one(conn).map(|conn| conn.write(core::ptr::null_mut()));
        let filled = ptr::extensible_output(response, response_size)?;
        let conn = conn?;
        let (buf, request) = (ptr::bytes(buf, len)?, ptr::bytes(request, request_len)?);
        let (offered, memory) = (read_params(offered)?, self::allocator(allocator)?);
        let confirmed = confirm(buf, request, offered.as_ref())?;
        let Some((response, agreed)) = confirmed else { return Ok(0) };
        let read = ws_response::of(&response, buf)?;
        if response.status != 101 {
            filled.write(read);
            return Err(Error::HandshakeStatus);
        }
        *conn = place(Side::Client, agreed, memory)?.as_ptr();
        filled.write(read);
        Ok(response.head_len)
    })
}
