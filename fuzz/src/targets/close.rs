//! The payload of a close frame: read as the plain reader reads it, written as the plain writer
//! writes it, and read again as it was written.

use crate::c::{self, code};
use crate::plain::close;
use crate::source::Source;
use wscodec::ffi::text::ws_close_code_valid;

pub fn run(data: &[u8]) {
    let (result, number) = c::close_parse(data);
    match close::read(data) {
        Ok((expected, reason)) => {
            assert_eq!((result, number), (reason.len() as isize, expected));
            assert_eq!(c::close_build(number, reason).as_deref(), Ok(data));
        }
        Err(error) => assert_eq!((result, number), (error, 0)),
    }
    let mut source = Source::new(data);
    let number = source.u16();
    let reason = source.rest();
    assert_eq!(ws_close_code_valid(number) == 1, close::is_valid(number));
    let expected = close::write(number, reason).ok_or(code::INVALID_ARGUMENT);
    assert_eq!(c::close_build(number, reason), expected);
}
