//! Frames as in RFC 6455, 5.2, written without the library.

/// Bytes from hexadecimal digits; spaces are ignored.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| *c != ' ')
        .map(|c| c.to_digit(16).unwrap() as u8)
        .collect();
    assert!(digits.len() % 2 == 0, "odd number of digits: {text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// The forms of a length: in the second byte, or in 2 or 8 more bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Short,
    Two,
    Eight,
}

impl Form {
    /// The only form that 5.2 allows for a length.
    pub(crate) fn minimal(len: u64) -> Form {
        if len < 126 {
            Form::Short
        } else if len < 65536 {
            Form::Two
        } else {
            Form::Eight
        }
    }
}

/// A header with its length in a given form.
pub(crate) fn header_in(
    form: Form,
    first: u8,
    key: Option<[u8; 4]>,
    len: u64,
) -> Vec<u8> {
    let mask_bit = if key.is_some() { 0x80 } else { 0 };
    let mut bytes = vec![first];
    match form {
        Form::Short => bytes.push(mask_bit + u8::try_from(len).unwrap()),
        Form::Two => {
            bytes.push(mask_bit + 126);
            bytes.push((len >> 8) as u8);
            bytes.push(len as u8);
        }
        Form::Eight => {
            bytes.push(mask_bit + 127);
            bytes.extend((0..8).rev().map(|i| (len >> (8 * i)) as u8));
        }
    }
    bytes.extend(key.into_iter().flatten());
    bytes
}

pub(crate) fn header(first: u8, key: Option<[u8; 4]>, len: u64) -> Vec<u8> {
    header_in(Form::minimal(len), first, key, len)
}

/// The algorithm of 5.3, byte by byte.
pub(crate) fn masked(payload: &[u8], key: [u8; 4]) -> Vec<u8> {
    payload.iter().enumerate().map(|(i, byte)| byte ^ key[i % 4]).collect()
}

/// A whole frame; the payload is masked if there is a key.
pub(crate) fn frame(first: u8, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let mut bytes = header(first, key, payload.len() as u64);
    bytes.extend(match key {
        Some(key) => masked(payload, key),
        None => payload.to_vec(),
    });
    bytes
}

/// The key of the RFC's example (5.7).
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
