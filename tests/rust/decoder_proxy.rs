//! The decoder in a proxy: WS_ANY_RSV, and the opcode of the message of a chunk.

use crate::c::{self, WS_ANY_RSV, WS_SERVER, code};
use crate::conn::{Frames, SIDES, all_from_peer, from_peer};

#[test]
fn any_rsv_reports_the_reserved_bits_of_data_frames() {
    for side in SIDES {
        for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
            let first = bits | 0x01;
            let frames: Frames<'_> =
                &[(first, b"a"), (bits, b"b"), (0x89, b"p"), (0x80 | bits, b"c")];
            let mut bytes = all_from_peer(side, frames);
            let mut decoder = c::decoder(side | WS_ANY_RSV, 0);
            let (chunks, _) = c::feed(&mut decoder, &mut bytes, 64).unwrap();
            let seen: Vec<_> = chunks.iter().map(|chunk| chunk.flags & 0x70).collect();
            assert_eq!(seen, [bits, bits, 0, bits]);
            let opcodes: Vec<_> =
                chunks.iter().map(|chunk| chunk.message_opcode).collect();
            assert_eq!(opcodes, [1, 1, 9, 1]);
            for wrong in [0x89, 0x8a, 0x88] {
                let mut bytes = from_peer(side, wrong | bits, "");
                let mut decoder = c::decoder(side | WS_ANY_RSV, 0);
                let result = c::feed(&mut decoder, &mut bytes, 64).map(|_| ());
                assert_eq!(result, Err(code::RESERVED_BITS), "of a control frame");
            }
            let mut one = from_peer(side, 0x80 | first, "a");
            let (result, frame) = c::frame_decode(&mut one, side | WS_ANY_RSV);
            assert!(result > 0);
            assert_eq!(frame.flags & 0x70, bits);
            let mut strict = from_peer(side, 0x80 | first, "a");
            assert_eq!(c::frame_decode(&mut strict, side).0, code::RESERVED_BITS);
        }
    }
}

#[test]
fn any_rsv_reports_other_faults_as_usual() {
    for (bytes, error) in [
        (&b"\xf3"[..], code::RESERVED_BITS),
        (b"\x70", code::FRAGMENTATION),
        (b"\x83", code::OPCODE),
        (b"\xc1\x01", code::MASK),
    ] {
        let mut decoder = c::decoder(WS_SERVER | WS_ANY_RSV, 0);
        let result = c::feed(&mut decoder, &mut bytes.to_vec(), 64).map(|_| ());
        assert_eq!(result, Err(error), "{bytes:x?}");
    }
}

#[test]
fn frame_decode_does_not_know_the_message_of_a_continuation() {
    for side in SIDES {
        for (first, message_opcode) in
            [(0x80, 0), (0x81, 1), (0x82, 2), (0x89, 9), (0x00, 0)]
        {
            let mut bytes = from_peer(side, first, "abc");
            let (result, frame) = c::frame_decode(&mut bytes, side);
            assert!(result > 0);
            assert_eq!(frame.message_opcode, message_opcode);
        }
    }
}
