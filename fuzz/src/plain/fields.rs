//! Header fields (RFC 9112, 2 and 5; RFC 9110, 5): lines, names, values and lists.

use crate::c::Field;

pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(crate) fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|byte| is_token_byte(*byte))
}

pub(crate) fn trim(text: &[u8]) -> &[u8] {
    let blank = |byte: &u8| *byte == b' ' || *byte == b'\t';
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    &text[start..end]
}

/// A control character that no line contains.
fn is_control(byte: &u8) -> bool {
    *byte < 0x20 && *byte != b'\t' || *byte == 0x7f
}

/// The start line and the field lines, and the length of the head. None: a line is malformed, or
/// there is no empty line.
pub(crate) fn lines(bytes: &[u8]) -> Option<(Vec<&[u8]>, usize)> {
    let (mut lines, mut at) = (Vec::new(), 0);
    if bytes.starts_with(b"\r\n") {
        at = 2;
    }
    loop {
        let len = bytes[at..].windows(2).position(|pair| pair == b"\r\n")?;
        let line = &bytes[at..at + len];
        at += len + 2;
        if line.iter().any(is_control) {
            return None;
        }
        // The first is the start line, whatever it is.
        if line.is_empty() && !lines.is_empty() {
            return Some((lines, at));
        }
        lines.push(line);
    }
}

/// The field in a line.
pub(crate) fn field(line: &[u8]) -> Option<Field> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    is_token(name).then(|| (name.to_vec(), trim(value).to_vec()))
}

/// All fields of a complete head, however many; None if one is malformed.
pub(crate) fn all(head: &[u8]) -> Option<Vec<Field>> {
    let (lines, len) = lines(head)?;
    let fields: Option<Vec<Field>> = lines[1..].iter().map(|line| field(line)).collect();
    fields.filter(|_| len <= 65_536)
}

/// Whether a head may have so many fields (WS_MAX_FIELDS).
pub(crate) fn are_few(fields: &[Field]) -> bool {
    fields.len() <= 256
}

/// The elements of a list, empty ones included.
pub(crate) fn elements(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',').map(trim)
}

/// The subprotocol that a server chooses; Err if `supported` is not a list of distinct tokens.
pub(crate) fn choose(
    offered: Option<&[u8]>,
    supported: &[u8],
) -> Result<Option<Vec<u8>>, ()> {
    if supported.is_empty() {
        return Ok(None);
    }
    let names: Vec<&[u8]> = elements(supported).collect();
    let distinct = |(at, name): (usize, &&[u8])| !names[..at].contains(name);
    if !names.iter().all(|name| is_token(name)) || !names.iter().enumerate().all(distinct)
    {
        return Err(());
    }
    let offered: Vec<&[u8]> = offered.into_iter().flat_map(elements).collect();
    Ok(names.into_iter().find(|name| offered.contains(name)).map(<[u8]>::to_vec))
}
