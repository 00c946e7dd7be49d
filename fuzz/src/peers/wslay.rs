//! wslay, the C library, through `wslay.c`.

use core::ffi::{c_int, c_void};

type OnMessage = unsafe extern "C" fn(u8, *const u8, usize, *mut c_void);

unsafe extern "C" {
    fn fuzz_wslay_read(
        client: c_int,
        max_message: u64,
        data: *const u8,
        len: usize,
        each: OnMessage,
        user: *mut c_void,
    ) -> c_int;
}

/// A message or control frame: opcode and bytes.
pub(crate) type Message = (u8, Vec<u8>);

unsafe extern "C" fn each(opcode: u8, data: *const u8, len: usize, user: *mut c_void) {
    // An empty message has no data.
    let data = if len == 0 { [].as_ptr() } else { data };
    // SAFETY: `user` is the vector that read() passed, and wslay passes a buffer with its length.
    unsafe {
        let messages = &mut *user.cast::<Vec<Message>>();
        messages.push((opcode, core::slice::from_raw_parts(data, len).to_vec()));
    }
}

/// All messages of a stream, and the code with which wslay refuses its rest; 0: it does not.
pub(crate) fn read(client: bool, max_message: u64, stream: &[u8]) -> (Vec<Message>, u16) {
    let mut messages = Vec::new();
    // SAFETY: the stream and the vector live during the call.
    let code = unsafe {
        let (at, len) = (stream.as_ptr(), stream.len());
        let user = (&raw mut messages).cast();
        fuzz_wslay_read(client.into(), max_message, at, len, each, user)
    };
    (messages, u16::try_from(code).expect("enough memory"))
}
