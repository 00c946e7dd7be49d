//! What is encoded and what is refused. (The vectors have single frames.)

use crate::c::{self, WS_CLIENT, WS_SERVER, code};
use crate::wire::{KEY, frame};

#[test]
fn control_frames_have_at_most_125_bytes() {
    for opcode in [8, 9, 10] {
        assert!(c::frame_encode(opcode, 0x80, None, &[0; 125]).is_ok());
        let refused = Err(code::INVALID_ARGUMENT);
        assert_eq!(c::frame_encode(opcode, 0x80, None, &[0; 126]), refused);
        assert_eq!(c::frame_encode(opcode, 0, None, b""), refused);
        assert_eq!(c::frame_header(opcode, 0x80, None, 126), refused);
        assert_eq!(c::frame_header(opcode, 0x70, None, 0), refused);
    }
}

#[test]
fn only_defined_opcodes_and_flags_are_encoded() {
    let opcodes = [0, 1, 2, 8, 9, 10];
    for opcode in (-300..300).chain([i32::MIN, i32::MAX]) {
        let expected = opcodes.contains(&opcode);
        assert_eq!(c::frame_header(opcode, 0x80, None, 0).is_ok(), expected, "{opcode}");
        assert_eq!(c::frame_encode(opcode, 0x80, None, b"").is_ok(), expected);
    }
    for flags in 0..0x400 {
        let result = c::frame_header(2, flags, None, 0);
        if flags & !0xf0 == 0 {
            assert_eq!(result.unwrap(), [flags as u8 | 2, 0]);
        } else {
            assert_eq!(result, Err(code::INVALID_ARGUMENT), "{flags:x}");
        }
    }
    for bit in 8..32 {
        let result = c::frame_header(2, 0x80 | 1 << bit, None, 0);
        assert_eq!(result, Err(code::INVALID_ARGUMENT));
    }
}

#[test]
fn an_encoded_frame_decodes_to_its_payload() {
    for len in (0..300).chain([65_535, 65_536, 70_000]) {
        let payload: Vec<u8> = (0..len).map(|i| (i * 7) as u8).collect();
        for (key, flags) in [(None, WS_CLIENT), (Some(KEY), WS_SERVER)] {
            let mut wire = c::frame_encode(2, 0x80, key, &payload).unwrap();
            assert_eq!(wire, frame(0x82, key, &payload));
            let (result, decoded) = c::frame_decode(&mut wire, flags);
            assert_eq!(result, wire.len() as isize);
            assert_eq!(wire[decoded.chunk_off as usize..], payload);
        }
    }
}
