//! The shared library, and two sides timed in turns.

use std::ffi::{CString, c_void};
use std::hint::black_box;
use std::mem::{size_of, transmute_copy, zeroed};
use wscodec::ffi::handshake::ws_handshake;

const ROUNDS: usize = 31;

/// Times both in turns, and prints the medians. Gives ours.
pub(crate) fn row<A, B>(
    name: &str,
    mut ours: impl FnMut() -> A,
    mut theirs: impl FnMut() -> B,
) -> f64 {
    let calls = (2e6 / time(1, &mut ours).max(1.0)).clamp(1.0, 1e6) as usize;
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        a.push(time(calls, &mut ours));
        b.push(time(calls, &mut theirs));
    }
    let (a, b) = (median(a), median(b));
    println!("{name:<44} {a:>12.1} {b:>12.1} {:>7.2}", a / b);
    a
}

pub(crate) fn time<T>(calls: usize, call: &mut impl FnMut() -> T) -> f64 {
    let start = cpu_nanoseconds();
    for _ in 0..calls {
        black_box(call());
    }
    (cpu_nanoseconds() - start) / calls as f64
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

pub(crate) fn cpu_nanoseconds() -> f64 {
    let mut time: libc::timespec = unsafe { zeroed() };
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// The shared library that users link.
pub(crate) struct Library(*mut c_void);

pub(crate) type ParseHandshake =
    unsafe extern "C" fn(*const u8, usize, *mut ws_handshake, usize) -> isize;

impl Library {
    pub(crate) fn open() -> Library {
        let path = std::env::var("WSCODEC_LIBRARY")
            .unwrap_or_else(|_| "target/release/libwscodec.so".to_string());
        let name = CString::new(path.clone()).unwrap();
        let handle =
            unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
        assert!(!handle.is_null(), "cannot load {path}: run 'make library' first");
        Library(handle)
    }

    /// `F` must be the type of that function.
    pub(crate) fn function<F>(&self, name: &str) -> F {
        let name = CString::new(name).unwrap();
        let address = unsafe { libc::dlsym(self.0, name.as_ptr()) };
        assert!(!address.is_null(), "the library has no {name:?}");
        assert_eq!(size_of::<F>(), size_of::<*mut c_void>());
        unsafe { transmute_copy(&address) }
    }

    pub(crate) fn parse_handshake(&self) -> ParseHandshake {
        self.function("ws_parse_handshake")
    }
}
