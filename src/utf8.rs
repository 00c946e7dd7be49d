//! UTF-8 that arrives in pieces (RFC 3629; RFC 6455, 8.1).

use crate::error::{Error, Result};
use crate::simd;

/// Checks text piece by piece; fails at the first byte that no continuation can make valid.
///
/// Between pieces it keeps the bytes of a character that is not complete, at most three.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    pending: [u8; 3],
    pending_len: u8,
}

/// The state of a validator that has failed.
const FAILED: u32 = u32::MAX;

impl Validator {
    /// The validator that [`Validator::state`] described; 0 is a new one.
    #[inline]
    pub fn from_state(state: u32) -> Result<Validator> {
        if state == 0 {
            return Ok(Validator::default());
        }
        if state == FAILED {
            return Err(Error::Utf8);
        }
        let [a, b, c, pending_len] = state.to_le_bytes();
        let validator = Validator { pending: [a, b, c], pending_len };
        let mut rebuilt = Validator::default();
        let pending = validator.pending().ok_or(Error::InvalidArgument)?;
        if rebuilt.push(pending).is_ok() && rebuilt == validator {
            Ok(validator)
        } else {
            Err(Error::InvalidArgument)
        }
    }

    /// Four bytes that say all; 0 on a character boundary.
    #[must_use]
    pub fn state(outcome: &Result<Validator>) -> u32 {
        match outcome {
            Ok(Validator { pending: [a, b, c], pending_len }) => {
                u32::from_le_bytes([*a, *b, *c, *pending_len])
            }
            Err(_) => FAILED,
        }
    }

    /// Whether the text so far ends on a character boundary.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.pending_len == 0
    }

    fn pending(&self) -> Option<&[u8]> {
        self.pending.get(..usize::from(self.pending_len))
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) -> Result<()> {
        self.push_until(piece).map_err(|_| Error::Utf8)
    }

    /// The same; tells how many bytes are in front of the first wrong one.
    #[inline]
    pub(crate) fn push_until(&mut self, piece: &[u8]) -> core::result::Result<(), usize> {
        if self.is_complete() && is_whole(piece) { Ok(()) } else { self.push_any(piece) }
    }

    #[inline(never)]
    fn push_any(&mut self, piece: &[u8]) -> core::result::Result<(), usize> {
        let mut rest = piece;
        while !self.is_complete() {
            let Some((byte, after)) = rest.split_first() else { return Ok(()) };
            let right = piece.len().saturating_sub(rest.len());
            self.continue_character(*byte).map_err(|_| right)?;
            rest = after;
        }
        let right = piece.len().saturating_sub(rest.len());
        let tail = incomplete_tail(rest).map_err(|wrong| right.saturating_add(wrong))?;
        self.set_pending(tail).map_err(|_| right)
    }

    fn continue_character(&mut self, byte: u8) -> Result<()> {
        let mut character = [0; 4];
        let pending = self.pending().ok_or(Error::Utf8)?;
        for (to, from) in character.iter_mut().zip(pending.iter().chain([&byte])) {
            *to = *from;
        }
        let len = pending.len().saturating_add(1);
        let character = character.get(..len).ok_or(Error::Utf8)?;
        self.set_pending(incomplete_tail(character).map_err(|_| Error::Utf8)?)
    }

    fn set_pending(&mut self, tail: &[u8]) -> Result<()> {
        self.pending = [0; 3];
        for (to, from) in self.pending.iter_mut().zip(tail) {
            *to = *from;
        }
        self.pending_len = u8::try_from(tail.len()).map_err(|_| Error::Utf8)?;
        Ok(())
    }
}

/// Whether this is right, and ends with a character: most text.
#[inline(always)]
pub(crate) fn is_whole(text: &[u8]) -> bool {
    split_tail(text).1.is_empty() && simd::is_utf8(text)
}

/// The character that `text` stops in the middle of, or where its first wrong byte is.
fn incomplete_tail(text: &[u8]) -> core::result::Result<&[u8], usize> {
    let (whole, tail) = split_tail(text);
    if !is_wrong_tail(tail) && simd::is_utf8(whole) {
        return Ok(tail);
    }
    // Something is wrong: where?
    let Err(error) = core::str::from_utf8(text) else { return Ok(&[]) };
    let (right, rest) = text.split_at_checked(error.valid_up_to()).ok_or(0_usize)?;
    match (error.error_len(), rest) {
        (None, tail) => Ok(tail),
        // A character begins well, and is not gone on with.
        (Some(begun), [0xC2..=0xF4, ..]) => Err(right.len().saturating_add(begun)),
        _ => Err(right.len()),
    }
}

/// Splits off the last bytes if they begin a character and are too few for it.
#[inline]
fn split_tail(text: &[u8]) -> (&[u8], &[u8]) {
    let len = match text {
        [.., 0x00..=0x7F] => 0,
        [.., 0xC0..=0xFF] => 1,
        [.., 0xE0..=0xFF, _] => 2,
        [.., 0xF0..=0xFF, _, _] => 3,
        _ => 0,
    };
    text.split_at_checked(text.len().wrapping_sub(len)).unwrap_or((text, &[]))
}

/// Whether nothing that follows can make a character of it.
#[inline]
fn is_wrong_tail(tail: &[u8]) -> bool {
    !tail.is_empty()
        && core::str::from_utf8(tail).is_err_and(|error| error.error_len().is_some())
}
