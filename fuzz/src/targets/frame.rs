//! One frame: decoded as the plain reader reads it, and encoded again to the same bytes.

use crate::c::{self, code};
use crate::plain::frames::{Header, Place, Rules, read_header};
use crate::source::Source;
use crate::wire;
use wscodec::ffi::frame::{WS_KEEP_MASKED, ws_frame, ws_frame_size};

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    if choice & 0x80 == 0 {
        decode(source.rest(), u32::from(choice & 0x1f));
    } else {
        encode(&mut source);
    }
}

fn decode(bytes: &[u8], flags: u32) {
    let mut buf = bytes.to_vec();
    let (result, frame) = c::frame_decode(&mut buf, flags);
    let expected = read_header(bytes, &Rules::of_flags(flags, 0), Place::Unknown);
    let header = match expected {
        Ok(Some(header)) => header,
        Ok(None) | Err(_) => {
            assert_eq!(result, expected.err().unwrap_or(0));
            assert_eq!(frame.header_len, 0, "a header that is not complete and valid");
            assert_eq!(buf, bytes, "it has changed");
            return;
        }
    };
    check_header(&frame, header);
    let total = header.payload_len.saturating_add(header.len as u64);
    if total > bytes.len() as u64 {
        assert_eq!((result, &buf[..]), (0, bytes), "the frame is incomplete");
        return;
    }
    assert_eq!(result as u64, total);
    let total = total as usize;
    assert_eq!((frame.chunk_pos, frame.chunk_off), (0, header.len as u64));
    assert_eq!((frame.chunk_len, frame.flags & 0x06), (frame.payload_len, 0x06));
    let payload: Vec<u8> = bytes[header.len..total]
        .iter()
        .enumerate()
        .map(|(at, byte)| header.unmask(*byte, at as u64))
        .collect();
    let keeps = flags & WS_KEEP_MASKED != 0;
    let in_buf = if keeps { &bytes[header.len..total] } else { &payload[..] };
    assert_eq!(&buf[header.len..total], in_buf);
    assert_eq!(
        (&buf[..header.len], &buf[total..]),
        (&bytes[..header.len], &bytes[total..])
    );
    encodes_to(&bytes[..total], header, &payload);
}

fn check_header(frame: &ws_frame, header: Header) {
    assert_eq!(usize::from(frame.header_len), header.len);
    assert_eq!(frame.payload_len, header.payload_len);
    assert_eq!(frame.opcode, header.opcode());
    assert_eq!(frame.message_opcode, header.opcode());
    assert_eq!(frame.flags & 0xf0, header.first & 0xf0);
    assert_eq!(frame.flags & 0x01 != 0, header.key.is_some());
    assert_eq!(frame.flags & 0x08, 0);
    assert_eq!(frame.mask_key, header.key.unwrap_or_default());
}

/// The only encoding of a valid frame is the one that was decoded.
fn encodes_to(bytes: &[u8], header: Header, payload: &[u8]) {
    let (opcode, flags) = (header.opcode().into(), u32::from(header.first & 0xf0));
    assert_eq!(c::frame_encode(opcode, flags, header.key, payload).as_deref(), Ok(bytes));
    let alone = c::frame_header(opcode, flags, header.key, header.payload_len);
    assert_eq!(alone.as_deref(), Ok(&bytes[..header.len]));
}

fn encode(source: &mut Source<'_>) {
    let opcode = i32::from(source.byte()) - 16;
    let flags = u32::from(source.u16()).rotate_right(8);
    let key = source.flag().then(|| source.key());
    let len = source.u64() >> source.below(64);
    let valid = |len: u64| {
        let control = (8..=10).contains(&opcode);
        (control || (0..=2).contains(&opcode))
            && flags & !0xf0 == 0
            && (!control || flags & 0x80 != 0 && len <= 125)
            && len >> 63 == 0
    };
    let first = flags as u8 | opcode as u8;
    let header = c::frame_header(opcode, flags, key, len);
    if valid(len) {
        let expected = wire::header(first, key, len);
        assert_eq!(ws_frame_size(len, key.is_some().into()), expected.len() as u64 + len);
        assert_eq!(header, Ok(expected));
    } else {
        assert_eq!(header, Err(code::INVALID_ARGUMENT));
    }
    let payload = source.rest();
    let frame = c::frame_encode(opcode, flags, key, payload);
    if valid(payload.len() as u64) {
        assert_eq!(frame, Ok(wire::frame(first, key, payload)));
    } else {
        assert_eq!(frame, Err(code::INVALID_ARGUMENT));
    }
}
