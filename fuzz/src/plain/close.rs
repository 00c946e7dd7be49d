//! Payloads of close frames (RFC 6455, 5.5.1 and 7.4).

use crate::c::code;

/// The code, 1005 if there is none, and the reason.
pub(crate) fn read(payload: &[u8]) -> Result<(u16, &[u8]), isize> {
    if payload.len() > 125 {
        return Err(code::CONTROL_FRAME);
    }
    match payload {
        [] => Ok((1005, b"")),
        [_] => Err(code::CLOSE_PAYLOAD),
        [high, low, reason @ ..] => {
            let number = u16::from(*high) << 8 | u16::from(*low);
            if !is_valid(number) {
                return Err(code::CLOSE_PAYLOAD);
            }
            std::str::from_utf8(reason).map_err(|_| code::UTF8)?;
            Ok((number, reason))
        }
    }
}

/// The payload with this code, if such a frame may be sent.
pub(crate) fn write(number: u16, reason: &[u8]) -> Option<Vec<u8>> {
    if number == 1005 {
        return reason.is_empty().then(Vec::new);
    }
    let valid =
        is_valid(number) && reason.len() <= 123 && std::str::from_utf8(reason).is_ok();
    valid.then(|| [&number.to_be_bytes()[..], reason].concat())
}

pub(crate) fn is_valid(number: u16) -> bool {
    let defined =
        [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
    defined.contains(&number) || (3000..5000).contains(&number)
}
