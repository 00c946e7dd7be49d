//! Whole frames: the examples of RFC 6455, 5.7, and frames that broke other libraries.

use crate::c::{self, BEGIN, END, FIN, MASKED, WS_CLIENT, WS_SERVER, code};
use crate::wire::{KEY, frame, hex};

struct Example {
    wire: Vec<u8>,
    opcode: u8,
    fin: bool,
    key: Option<[u8; 4]>,
    payload: Vec<u8>,
}

fn example(wire: &str, opcode: u8, fin: bool, masked: bool, payload: &[u8]) -> Example {
    let key = masked.then_some(KEY);
    Example { wire: hex(wire), opcode, fin, key, payload: payload.to_vec() }
}

/// The examples of 5.7, in order.
fn examples() -> Vec<Example> {
    let mut examples = vec![
        example("81 05 48656c6c6f", 1, true, false, b"Hello"),
        example("81 85 37fa213d 7f9f4d5158", 1, true, true, b"Hello"),
        example("01 03 48656c", 1, false, false, b"Hel"),
        example("80 02 6c6f", 0, true, false, b"lo"),
        example("89 05 48656c6c6f", 9, true, false, b"Hello"),
        example("8a 85 37fa213d 7f9f4d5158", 10, true, true, b"Hello"),
    ];
    for (header, len) in [("82 7e 0100", 256), ("82 7f 0000000000010000", 65536)] {
        let payload: Vec<u8> = (0..len).map(|i| (i % 251) as u8).collect();
        let mut long = example(header, 2, true, false, &payload);
        long.wire.extend(&payload);
        examples.push(long);
    }
    examples
}

#[test]
fn the_examples_of_rfc_6455_are_decoded() {
    for example in examples() {
        let mut buf = example.wire.clone();
        buf.extend(b"next");
        let flags = if example.key.is_some() { WS_SERVER } else { WS_CLIENT };
        let (result, decoded) = c::frame_decode(&mut buf, flags);
        assert_eq!(result, example.wire.len() as isize);
        let off = example.wire.len() - example.payload.len();
        assert_eq!(buf[off..example.wire.len()], example.payload);
        assert_eq!(buf[example.wire.len()..], *b"next");
        assert_eq!(decoded.opcode, example.opcode);
        let fin = if example.fin { FIN } else { 0 };
        let masked = if example.key.is_some() { MASKED } else { 0 };
        assert_eq!(decoded.flags, fin | masked | BEGIN | END);
        assert_eq!(decoded.mask_key, example.key.unwrap_or_default());
        let len = example.payload.len() as u64;
        assert_eq!(
            (decoded.payload_len, decoded.chunk_len, decoded.chunk_pos),
            (len, len, 0)
        );
        assert_eq!(
            (decoded.chunk_off, usize::from(decoded.header_len)),
            (off as u64, off)
        );
        assert_eq!(decoded.message_opcode, example.opcode, "0 for a continuation");
    }
}

#[test]
fn the_examples_of_rfc_6455_are_encoded() {
    for example in examples() {
        let fin = if example.fin { 0x80 } else { 0 };
        let opcode = i32::from(example.opcode);
        let wire = c::frame_encode(opcode, fin, example.key, &example.payload);
        assert_eq!(wire.unwrap(), example.wire);
    }
}

#[test]
fn an_incomplete_frame_is_not_decoded_and_not_unmasked() {
    for example in examples() {
        let flags = if example.key.is_some() { WS_SERVER } else { WS_CLIENT };
        let header_len = example.wire.len() - example.payload.len();
        for cut in 0..example.wire.len().min(400) {
            let mut buf = example.wire[..cut].to_vec();
            let (result, decoded) = c::frame_decode(&mut buf, flags);
            assert_eq!(result, 0);
            assert_eq!(buf, example.wire[..cut], "nothing was unmasked");
            let complete = if cut >= header_len { header_len } else { 0 };
            assert_eq!(usize::from(decoded.header_len), complete);
            if complete > 0 {
                assert_eq!(decoded.payload_len, example.payload.len() as u64);
            }
        }
    }
}

#[test]
fn keep_masked_leaves_the_payload_masked() {
    let wire = frame(0x82, Some(KEY), b"Hello");
    let mut buf = wire.clone();
    let (result, decoded) = c::frame_decode(&mut buf, WS_SERVER | c::WS_KEEP_MASKED);
    assert_eq!((result, buf), (11, wire));
    assert_eq!(decoded.mask_key, KEY);
}

#[test]
fn any_mask_reads_masked_and_unmasked_frames() {
    for flags in [WS_SERVER, WS_CLIENT] {
        for key in [None, Some(KEY)] {
            let mut buf = frame(0x82, key, b"Hello");
            let (result, decoded) = c::frame_decode(&mut buf, flags | c::WS_ANY_MASK);
            assert_eq!(result, buf.len() as isize);
            assert_eq!(buf[decoded.chunk_off as usize..], *b"Hello");
            assert_eq!(decoded.flags & MASKED != 0, key.is_some());
        }
    }
}

#[test]
fn an_unmasked_frame_to_a_server_and_a_masked_one_to_a_client_are_refused() {
    let (mut unmasked, mut masked) =
        (hex("81 05 48656c6c6f"), hex("81 85 37fa213d 7f9f4d5158"));
    assert_eq!(c::frame_decode(&mut unmasked, WS_SERVER).0, code::MASK);
    assert_eq!(c::frame_decode(&mut masked, WS_CLIENT).0, code::MASK);
    assert_eq!(masked, hex("81 85 37fa213d 7f9f4d5158"), "nothing was unmasked");
}

/// These lengths wrapped around in other libraries.
#[test]
fn absurd_lengths_never_make_a_complete_frame() {
    for (wire, flags, expected) in [
        ("82ff fffffffffffffffc 00000000", WS_SERVER, code::LENGTH),
        ("82ff fffffffffffffff2 00000000", WS_SERVER, code::LENGTH),
        ("827f fffffffffffffff6", WS_CLIENT, code::LENGTH),
        ("827f ffffffffffffffff", WS_CLIENT, code::LENGTH),
        ("82ff ffffffffffffffff 00000000", WS_SERVER, code::LENGTH),
        ("82ff ffffff00fffff000 00000000", WS_SERVER, code::LENGTH),
        ("81ff ffffffffffffffff 00000000", WS_SERVER, code::LENGTH),
        ("82ff 8000000000000000 00000000", WS_SERVER, code::LENGTH),
        ("82ff 7fffffffffffffff 00000000", WS_SERVER, 0),
        ("827f 7fffffffffffffff", WS_CLIENT, 0),
        ("82ff 7ffffffffffffff2 00000000", WS_SERVER, 0),
        ("82ff 0000000100000005 00000000 0102030405", WS_SERVER, 0),
        ("82ff 0000000100000000 00000000", WS_SERVER, 0),
        ("80ff ffffffffffffff7f", WS_SERVER, code::LENGTH),
    ] {
        let mut buf = hex(wire);
        assert_eq!(c::frame_decode(&mut buf, flags).0, expected, "{wire}");
    }
}

#[test]
fn control_frames_have_at_most_125_bytes() {
    let longest = frame(0x89, Some([0; 4]), &[0; 125]);
    assert_eq!(
        c::frame_decode(&mut longest.clone(), WS_SERVER).0,
        longest.len() as isize
    );
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
