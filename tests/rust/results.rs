//! The numbers of the ABI: results with their names, close codes and HTTP statuses; constants;
//! sizes and offsets of structs.

use crate::c;
use std::collections::HashSet;
use wscodec::error::Error;
use wscodec::ffi::accept::*;
use wscodec::ffi::conn::*;
use wscodec::ffi::decoder::*;
use wscodec::ffi::fields::*;
use wscodec::ffi::frame::*;
use wscodec::ffi::handshake::*;
use wscodec::ffi::result::*;
use wscodec::ffi::version::*;

const TABLE: &[(isize, &str, u16, u16)] = &[
    (-1, "WS_ERR_INVALID_ARGUMENT", 1011, 500),
    (-2, "WS_ERR_BUFFER_TOO_SMALL", 1011, 500),
    (-3, "WS_ERR_INVALID_STATE", 1011, 500),
    (-4, "WS_ERR_NO_MEMORY", 1011, 500),
    (-5, "WS_ERR_UNSUPPORTED", 1011, 500),
    (-6, "WS_ERR_RANDOM", 1011, 500),
    (-20, "WS_ERR_HTTP_SYNTAX", 1002, 400),
    (-21, "WS_ERR_HTTP_TOO_LARGE", 1002, 431),
    (-22, "WS_ERR_NOT_UPGRADE", 1002, 426),
    (-23, "WS_ERR_HTTP_METHOD", 1002, 405),
    (-24, "WS_ERR_HTTP_VERSION", 1002, 505),
    (-25, "WS_ERR_HANDSHAKE_HOST", 1002, 400),
    (-26, "WS_ERR_HANDSHAKE_KEY", 1002, 400),
    (-27, "WS_ERR_HANDSHAKE_VERSION", 1002, 426),
    (-28, "WS_ERR_HANDSHAKE_STATUS", 1002, 400),
    (-29, "WS_ERR_HANDSHAKE_ACCEPT", 1002, 400),
    (-30, "WS_ERR_HANDSHAKE_PROTOCOL", 1002, 400),
    (-31, "WS_ERR_EXTENSION", 1002, 400),
    (-32, "WS_ERR_HANDSHAKE_ORIGIN", 1002, 403),
    (-40, "WS_ERR_RESERVED_BITS", 1002, 400),
    (-41, "WS_ERR_OPCODE", 1002, 400),
    (-42, "WS_ERR_LENGTH", 1002, 400),
    (-43, "WS_ERR_MASK", 1002, 400),
    (-44, "WS_ERR_CONTROL_FRAME", 1002, 400),
    (-45, "WS_ERR_FRAGMENTATION", 1002, 400),
    (-46, "WS_ERR_CLOSE_PAYLOAD", 1002, 400),
    (-47, "WS_ERR_UTF8", 1007, 400),
    (-48, "WS_ERR_TOO_BIG", 1009, 400),
    (-49, "WS_ERR_COMPRESSION", 1007, 400),
    (-50, "WS_ERR_EOF", 1002, 400),
];

#[test]
fn every_error_has_its_name_close_code_and_status() {
    for (number, name, close, http) in TABLE {
        assert_eq!(c::text(ws_errname(*number)), *name);
        assert_eq!(ws_close_code_for(*number), *close, "{name}");
        assert_eq!(ws_http_status(*number), *http, "{name}");
    }
}

#[test]
fn no_other_number_is_an_error() {
    let known: HashSet<isize> = TABLE.iter().map(|row| row.0).collect();
    assert_eq!(Error::ALL.len(), TABLE.len());
    // Only where isize has 64 bits.
    let below_i32 = isize::try_from(i64::from(i32::MIN) - 1);
    for number in (-100_000..0).chain([isize::MIN, isize::MIN + 1]).chain(below_i32) {
        let named = c::text(ws_errname(number)) != "WS_ERR_UNKNOWN";
        assert_eq!(named, known.contains(&number), "{number}");
    }
    // Not mistaken for a known one with the same lower 32 bits.
    if let Ok(number) = isize::try_from(i64::MIN | 0x7fff_ffff) {
        assert_eq!(c::text(ws_errname(number)), "WS_ERR_UNKNOWN");
    }
}

#[test]
fn every_error_has_its_own_text() {
    let texts: HashSet<&str> =
        TABLE.iter().map(|row| c::text(ws_strerror(row.0))).collect();
    assert_eq!(texts.len(), TABLE.len());
    assert!(texts.iter().all(|text| text.len() > 8 && text.is_ascii()));
}

#[test]
fn an_error_displays_its_text() {
    let error: Box<dyn std::error::Error> = Box::new(Error::Utf8);
    assert_eq!(error.to_string(), "the text is not UTF-8");
}

#[test]
fn a_count_is_not_an_error_and_an_unknown_error_is_a_failure() {
    for count in [0, 1, 14, isize::MAX] {
        assert_eq!(c::text(ws_errname(count)), "WS_OK");
        assert_eq!(ws_close_code_for(count), 1000);
        assert!(!c::text(ws_strerror(count)).is_empty());
    }
    for unknown in [-7, -19, -33, -39, -51, -1000, isize::MIN] {
        assert_eq!(ws_close_code_for(unknown), 1011);
        assert!(ws_http_status(unknown) >= 400);
        let text = c::text(ws_strerror(unknown));
        assert_ne!(text, c::text(ws_strerror(0)));
    }
}

#[test]
fn the_version_is_that_of_the_package() {
    assert_eq!(c::text(ws_version_string()), env!("CARGO_PKG_VERSION"));
    let parts: Vec<u32> =
        env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
    assert_eq!(ws_version(), parts[0] * 10_000 + parts[1] * 100 + parts[2]);
}

#[test]
fn the_features_are_those_of_the_build() {
    let deflate = if cfg!(feature = "deflate") { WS_FEATURE_DEFLATE } else { 0 };
    assert_eq!(ws_features(), deflate);
}

#[test]
fn the_numbers_of_the_abi_never_change() {
    assert_eq!(
        [
            WS_OPCODE_CONTINUATION,
            WS_OPCODE_TEXT,
            WS_OPCODE_BINARY,
            WS_OPCODE_CLOSE,
            WS_OPCODE_PING,
            WS_OPCODE_PONG,
        ],
        [0, 1, 2, 8, 9, 10]
    );
    assert_eq!([WS_SERVER, WS_CLIENT, WS_DEFLATE, WS_ANY_MASK], [0, 1, 2, 4]);
    assert_eq!([WS_KEEP_MASKED, WS_ANY_RSV], [8, 16]);
    assert_eq!([WS_FIN, WS_RSV1, WS_RSV2, WS_RSV3], [0x80, 0x40, 0x20, 0x10]);
    assert_eq!([WS_MASKED, WS_BEGIN, WS_END], [1, 2, 4]);
    assert_eq!([WS_OPT_MAX_MESSAGE, WS_OPT_STREAM, WS_OPT_AUTO_PONG], [1, 2, 3]);
    assert_eq!([WS_OPT_CHECK_UTF8, WS_OPT_KEEP_BUFFER, WS_OPT_MAX_FRAME], [4, 5, 6]);
    assert_eq!([WS_OPT_ANY_MASK, WS_OPT_AUTO_CLOSE, WS_OPT_ALLOW_RSV], [7, 8, 9]);
    assert_eq!(WS_OPT_COMPRESS_FROM, 10);
    assert_eq!([WS_INFO_CLOSE_SENT, WS_INFO_CLOSE_RECEIVED], [100, 101]);
    assert_eq!([WS_INFO_CLOSED_BY_PEER, WS_INFO_SENDING], [102, 103]);
    assert_eq!([WS_INFO_RECEIVING, WS_INFO_ANNOUNCED, WS_INFO_BUFFERED], [104, 105, 106]);
    assert_eq!([WS_EVENT_FIRST, WS_EVENT_LAST], [1, 2]);
    assert_eq!([WS_EVENT_COLLECTED, WS_EVENT_FRAME_END], [4, 8]);
    assert_eq!([WS_SEND_MORE, WS_SEND_PLAIN], [1, 2]);
    assert_eq!([WS_STATE_OPEN, WS_STATE_CLOSING, WS_STATE_CLOSED], [0, 1, 2]);
    assert_eq!(WS_STATE_FAILED, 3);
    // A pong of 125 bytes and a close with a code, both masked.
    assert_eq!(WS_MAX_OUTPUT, (2 + 4 + 125) + (2 + 4 + 2));
    assert_eq!((WS_MAX_REPLY, WS_MAX_HEAD), (512, 65_536));
}

#[test]
fn the_sizes_of_structs_never_change() {
    let pointer = size_of::<usize>();
    for (number, size, ours) in [
        (1, 48, size_of::<ws_handshake>()),
        (2, 32, size_of::<ws_response>()),
        (3, 14 * pointer, size_of::<ws_request_spec>()),
        (4, 8 * pointer, size_of::<ws_response_spec>()),
        (5, 40, size_of::<ws_frame>()),
        (6, 64, size_of::<ws_decoder>()),
        (7, 2 * pointer + 8, size_of::<ws_out_frame>()),
        (10, 8 * pointer + 8, size_of::<ws_accept_spec>()),
        (12, 24 * pointer + 8, size_of::<ws_request_fields>()),
        (13, 16 * pointer + 8, size_of::<ws_response_fields>()),
        (14, 2 * pointer + 16, size_of::<ws_accepted>()),
    ] {
        assert_eq!((ws_sizeof(number), ours), (size, size), "{number}");
    }
    for unknown in [0, -1, 99, i32::MIN, i32::MAX] {
        assert_eq!(ws_sizeof(unknown), 0);
    }
}

#[test]
fn the_offsets_of_fields_never_change() {
    use core::mem::offset_of;
    assert_eq!(offset_of!(ws_frame, payload_len), 0);
    assert_eq!(offset_of!(ws_frame, chunk_pos), 8);
    assert_eq!(offset_of!(ws_frame, chunk_off), 16);
    assert_eq!(offset_of!(ws_frame, chunk_len), 24);
    assert_eq!(offset_of!(ws_frame, mask_key), 32);
    assert_eq!(offset_of!(ws_frame, opcode), 36);
    assert_eq!(offset_of!(ws_frame, flags), 37);
    assert_eq!(offset_of!(ws_frame, header_len), 38);
    assert_eq!(offset_of!(ws_frame, message_opcode), 39);
    let pointer = size_of::<usize>();
    assert_eq!(offset_of!(ws_out_frame, payload_len), pointer);
    assert_eq!(offset_of!(ws_out_frame, mask_key), 2 * pointer);
    assert_eq!(offset_of!(ws_out_frame, opcode), 2 * pointer + 4);
    assert_eq!(offset_of!(ws_out_frame, flags), 2 * pointer + 5);
    assert_eq!(offset_of!(ws_handshake, origin), 24);
    assert_eq!(offset_of!(ws_handshake, head_len), 40);
    assert_eq!(offset_of!(ws_response, head_len), 16);
    assert_eq!(offset_of!(ws_handshake, http_version), 44);
    assert_eq!(offset_of!(ws_response, status), 20);
    assert_eq!(offset_of!(ws_response, http_version), 22);
    assert_eq!(offset_of!(ws_response, reason), 24);
    assert_eq!(offset_of!(ws_accepted, error), pointer);
    assert_eq!(offset_of!(ws_accepted, head_len), 2 * pointer);
    assert_eq!(offset_of!(ws_accepted, protocol), 2 * pointer + 4);
    assert_eq!(offset_of!(ws_accepted, reserved), 2 * pointer + 12);
    assert_eq!(offset_of!(ws_accept_spec, origins), 6 * pointer);
    assert_eq!(offset_of!(ws_accept_spec, flags), 8 * pointer);
    assert_eq!(offset_of!(ws_request_fields, connect_protocol), 20 * pointer);
    assert_eq!(offset_of!(ws_request_fields, http_version), 24 * pointer);
    assert_eq!(offset_of!(ws_response_fields, http_version), 16 * pointer);
    assert_eq!(offset_of!(ws_response_fields, status), 16 * pointer + 4);
    assert_eq!(offset_of!(ws_span, len), 4);
    assert_eq!(offset_of!(ws_bytes, len), pointer);
}
