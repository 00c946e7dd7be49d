//! Options: their defaults, and when they may be set. Other files test their effects.

use crate::c::code;
use crate::conn::*;

const DEFAULTS: [(i32, u64); 10] = [
    (WS_OPT_MAX_MESSAGE, 1 << 20),
    (WS_OPT_STREAM, 0),
    (WS_OPT_AUTO_PONG, 1),
    (WS_OPT_CHECK_UTF8, 1),
    (WS_OPT_KEEP_BUFFER, 0),
    (WS_OPT_MAX_FRAME, 0),
    (WS_OPT_ANY_MASK, 0),
    (WS_OPT_AUTO_CLOSE, 1),
    (WS_OPT_ALLOW_RSV, 0),
    (WS_OPT_COMPRESS_FROM, 0),
];

/// Options that must be set before any input, and a value other than the default.
const BEFORE_INPUT: [(i32, u64); 5] = [
    (WS_OPT_STREAM, 1),
    (WS_OPT_CHECK_UTF8, 0),
    (WS_OPT_ANY_MASK, 1),
    (WS_OPT_AUTO_CLOSE, 0),
    (WS_OPT_ALLOW_RSV, 0x40),
];

#[test]
fn defaults_are_those_of_the_header() {
    for side in SIDES {
        let conn = Conn::new(side);
        for (option, value) in DEFAULTS {
            assert_eq!(conn.get(option), Ok(value), "{option}");
        }
    }
}

#[test]
fn get_returns_the_value_that_was_set() {
    for side in SIDES {
        for (option, default) in DEFAULTS {
            let values: &[u64] = match option {
                WS_OPT_MAX_MESSAGE => &[0, 1, 125, 1 << 20, 1 << 40, u64::MAX],
                WS_OPT_MAX_FRAME | WS_OPT_COMPRESS_FROM => {
                    &[0, 1, 125, 1 << 40, u64::MAX]
                }
                WS_OPT_KEEP_BUFFER => &[0, 1, 4096, 1 << 30],
                WS_OPT_ALLOW_RSV => &[0, 0x40, 0x20, 0x10, 0x70],
                _ => &[0, 1, 0, 1, 1],
            };
            let mut conn = Conn::new(side);
            for value in values {
                assert_eq!(conn.set(option, *value), 0);
                assert_eq!(conn.get(option), Ok(*value));
                for (other, value) in
                    DEFAULTS.iter().filter(|(other, _)| *other != option)
                {
                    assert_eq!(conn.get(*other), Ok(*value), "{option} changed {other}");
                }
            }
            assert_eq!(conn.set(option, default), 0);
        }
    }
}

#[test]
fn unknown_options_are_unsupported() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        for option in
            [0, -1, 11, 12, 99, 107, 256 + WS_OPT_MAX_MESSAGE, i32::MAX, i32::MIN]
        {
            for value in [0, 1] {
                assert_eq!(conn.set(option, value), code::UNSUPPORTED, "{option}");
            }
            assert_eq!(conn.get(option), Err(code::UNSUPPORTED));
        }
        for (option, value) in DEFAULTS {
            assert_eq!(conn.get(option), Ok(value));
        }
    }
}

#[test]
fn options_before_input_are_refused_after_it() {
    for side in SIDES {
        for (option, value) in BEFORE_INPUT {
            for input in [&from_peer(side, 0x81, "a")[..1], &from_peer(side, 0x81, "a")] {
                let mut conn = Conn::new(side);
                conn.read(input);
                assert_eq!(conn.set(option, value), code::INVALID_STATE);
                let default = DEFAULTS.iter().find(|(other, _)| *other == option);
                assert_eq!(
                    conn.get(option),
                    Ok(default.unwrap().1),
                    "nothing has changed"
                );
            }
        }
    }
}

#[test]
fn options_before_input_may_follow_output_and_an_empty_read() {
    for side in SIDES {
        for (option, value) in BEFORE_INPUT {
            let mut conn = Conn::new(side);
            assert_eq!(conn.read(b""), []);
            conn.send(WS_OPCODE_TEXT, 0, b"Hello").unwrap();
            assert_eq!(conn.set(option, value), 0);
            assert_eq!(conn.get(option), Ok(value));
        }
    }
}

#[test]
fn the_other_options_may_be_set_at_any_time() {
    for side in SIDES {
        let mut conn = Conn::new(side);
        conn.read(&from_peer(side, 0x01, "a"));
        for (option, value) in [
            (WS_OPT_MAX_MESSAGE, 5),
            (WS_OPT_AUTO_PONG, 0),
            (WS_OPT_KEEP_BUFFER, 100),
            (WS_OPT_MAX_FRAME, 9),
            (WS_OPT_COMPRESS_FROM, 9),
        ] {
            assert_eq!(conn.set(option, value), 0, "{option}");
            assert_eq!(conn.get(option), Ok(value));
        }
        assert_eq!(conn.read(&from_peer(side, 0x80, "b")), [text("ab")]);
    }
}
