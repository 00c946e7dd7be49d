//! Shared libraries, opened at run time: ours, as its users have it, and those of the peers that
//! are written in C and C++. So a call costs the same for both.
//!
//! A caller of their functions must keep the contract as in C: it passes its own slices, structs
//! and handles, which outlive the call.

use std::ffi::{CStr, CString, c_int, c_void};
use std::mem::{size_of, transmute_copy};
use wscodec::ffi;
use wscodec::ffi::accept::{ws_accept_spec, ws_accepted};
use wscodec::ffi::conn::{ws_allocator, ws_conn, ws_event};
use wscodec::ffi::decoder::ws_decoder;
use wscodec::ffi::frame::ws_frame;
use wscodec::ffi::handshake::{ws_handshake, ws_response_spec, ws_span};
use wscodec::ffi::negotiation::ws_pmd_params;

/// A shared library that stays open.
#[derive(Clone, Copy)]
pub(crate) struct SharedLibrary(*mut c_void);

impl SharedLibrary {
    pub(crate) fn open(path: &str) -> Result<SharedLibrary, String> {
        let name = CString::new(path).map_err(|error| error.to_string())?;
        let handle =
            unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        if handle.is_null() {
            let message = unsafe { CStr::from_ptr(libc::dlerror()) };
            return Err(message.to_string_lossy().into_owned());
        }
        Ok(SharedLibrary(handle))
    }

    /// A function, or the reason why it is missing. `F` must be the type of a pointer to it.
    pub(crate) fn function<F>(self, name: &str) -> Result<F, String> {
        const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
        let symbol = CString::new(name).map_err(|error| error.to_string())?;
        let address = unsafe { libc::dlsym(self.0, symbol.as_ptr()) };
        if address.is_null() {
            return Err(format!("there is no {name}"));
        }
        Ok(unsafe { transmute_copy(&address) })
    }
}

/// A function of a library, with the type of another function: the declaration.
macro_rules! functions {
    ($($module:ident::$name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions of wscodec.h that are measured.
        pub(crate) struct Abi {
            $(pub(crate) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Abi {
            pub(crate) fn of(library: SharedLibrary) -> Result<Abi, String> {
                // The sources of the library prove that the types match.
                $(const _: unsafe extern "C" fn($($argument),*) $(-> $result)? =
                    ffi::$module::$name;)*
                Ok(Abi { $($name: library.function(stringify!($name))?,)* })
            }
        }
    };
}

functions! {
    handshake::ws_accept_key(*const c_void, usize, *mut c_void, usize) -> isize;
    handshake::ws_parse_handshake(*const c_void, usize, *mut ws_handshake, usize) -> isize;
    handshake::ws_next_header(
        *const c_void, usize, *mut usize, *mut ws_span, *mut ws_span) -> isize;
    handshake::ws_build_response(
        *const ws_response_spec, usize, *mut c_void, usize) -> isize;
    frame::ws_frame_decode(*mut c_void, usize, u32, *mut ws_frame) -> isize;
    frame::ws_frame_encode(
        c_int, u32, *const c_void, *const c_void, usize, *mut c_void, usize) -> isize;
    frame::ws_frame_header(c_int, u32, *const c_void, u64, *mut c_void, usize) -> isize;
    frame::ws_mask(*mut c_void, usize, *const c_void, u64);
    decoder::ws_decoder_feed(
        *mut ws_decoder, *mut c_void, usize, *mut ws_frame, usize, *mut usize) -> isize;
    text::ws_utf8_validate(*mut u32, *const c_void, usize) -> isize;
    conn::ws_conn_new(u32, *const ws_allocator) -> *mut ws_conn;
    conn::ws_conn_free(*mut ws_conn);
    accept::ws_conn_accept(
        *const c_void, usize, *const ws_accept_spec, usize,
        *mut ws_accepted, usize, *mut c_void, usize) -> isize;
    conn::ws_conn_set_pmd(*mut ws_conn, *const ws_pmd_params) -> isize;
    conn::ws_conn_recv(
        *mut ws_conn, *mut c_void, usize, *mut ws_event, usize, *mut usize) -> isize;
    conn::ws_event_data(*const ws_conn, *const c_void, *const ws_event) -> *const c_void;
    conn::ws_conn_output(*mut ws_conn, *mut c_void, usize) -> isize;
    conn::ws_conn_send(
        *mut ws_conn, c_int, u32, *const c_void, usize, *mut c_void, usize) -> isize;
    version::ws_features() -> u32;
    version::ws_sizeof(c_int) -> usize;
}

impl Abi {
    /// The bare call of a function of a shared library: this one returns a constant.
    pub(crate) fn nothing(&self) -> u32 {
        unsafe { (self.ws_features)() }
    }

    /// The data of an event of the last `ws_conn_recv`, whose buffer was `buf`.
    pub(crate) fn event_data(
        &self,
        conn: *const ws_conn,
        buf: *const u8,
        event: &ws_event,
    ) -> *const [u8] {
        let data = unsafe { (self.ws_event_data)(conn, buf.cast(), event) };
        std::ptr::slice_from_raw_parts(data.cast(), event.len as usize)
    }
}
