//! UTF-8 that arrives in parts (RFC 3629; RFC 6455, 8.1).

use crate::cut::Cut;
use crate::error::{Error, Result};
use crate::simd;

/// Checks a text part by part, and fails at the first byte that no continuation can make valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// All that the next part depends on: the first bytes of an incomplete character, zeros, and in
    /// the highest byte how many of them there are. 0 on a character boundary.
    state: u32,
}

/// The state of a validator that has failed.
const FAILED: u32 = u32::MAX;

impl Validator {
    /// Restores a validator from what [`Validator::state`] returned. 0 is the state of a new one.
    pub fn from_state(state: u32) -> Result<Validator> {
        let mut validator = Validator::default();
        match state {
            0 => return Ok(validator),
            FAILED => return Err(Error::Utf8),
            _ => {}
        }
        let [bytes @ .., len] = state.to_le_bytes();
        let pending = bytes.get(..usize::from(len)).ok_or(Error::InvalidArgument)?;
        // Bytes that are not the start of a character lead to another state.
        if validator.push(pending).is_ok() && validator.state == state {
            Ok(validator)
        } else {
            Err(Error::InvalidArgument)
        }
    }

    /// The validator as a number, or that it has failed; 0 on a character boundary.
    #[must_use]
    pub fn state(outcome: &Result<Validator>) -> u32 {
        outcome.map_or(FAILED, |validator| validator.state)
    }

    /// Whether the text so far ends on a character boundary.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.state == 0
    }

    /// Checks the next part of the text.
    pub fn push(&mut self, part: &[u8]) -> Result<()> {
        self.push_until(part).map_err(|_| Error::Utf8)
    }

    /// Checks the next part of the text. The error is the position of the first invalid byte.
    pub(crate) fn push_until(&mut self, part: &[u8]) -> core::result::Result<(), usize> {
        let mut rest = part;
        while !self.is_complete() {
            let Some((byte, after)) = rest.split_first() else { return Ok(()) };
            let at = part.len() - rest.len();
            self.continue_character(*byte).map_err(|_| at)?;
            rest = after;
        }
        let rest = skip_valid(rest);
        if !rest.is_empty() {
            let start = part.len() - rest.len();
            self.set_pending(incomplete(rest).map_err(|at| start + at)?);
        }
        Ok(())
    }

    fn continue_character(&mut self, byte: u8) -> core::result::Result<(), usize> {
        let [a, b, c, len] = self.state.to_le_bytes();
        let (character, len) = match len {
            1 => ([a, byte, 0, 0], 2),
            2 => ([a, b, byte, 0], 3),
            _ => ([a, b, c, byte], 4),
        };
        self.set_pending(incomplete(skip_valid(character.until(len)))?);
        Ok(())
    }

    /// Remembers the start of a character, which has at most three bytes.
    fn set_pending(&mut self, tail: &[u8]) {
        self.state = u32::from_le_bytes(match *tail {
            [] => [0; 4],
            [a] => [a, 0, 0, 1],
            [a, b] => [a, b, 0, 2],
            [a, b, c, ..] => [a, b, c, 3],
        });
    }
}

/// Skips valid characters. The rest is empty, or starts with an incomplete character or an invalid
/// one.
#[inline]
pub(crate) fn skip_valid(text: &[u8]) -> &[u8] {
    let rest = simd::skip_utf8(text);
    if rest.is_empty() {
        return rest;
    }
    match core::str::from_utf8(rest) {
        Ok(_) => &[],
        Err(error) => rest.after(error.valid_up_to()),
    }
}

/// The incomplete character that a rest consists of; an empty one has none. The error is the
/// position of the first invalid byte.
#[cold]
fn incomplete(rest: &[u8]) -> core::result::Result<&[u8], usize> {
    let error_len =
        core::str::from_utf8(rest).map_or_else(|error| error.error_len(), |_| None);
    match (error_len, rest) {
        (None, tail) => Ok(tail),
        // A valid first byte: the invalid one is where a continuation should be.
        (Some(len), [0xC2..=0xF4, ..]) => Err(len),
        _ => Err(0),
    }
}
