//! Payloads of close frames (RFC 6455, 5.5.1 and 7.4).

use crate::error::{Error, Result};
use crate::frame::MAX_CONTROL;

/// "There was no code": never sent.
pub const NO_STATUS: u16 = 1005;

/// Whether a code may appear in a close frame.
#[must_use]
pub const fn is_valid_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Code and reason; without a payload, [`NO_STATUS`] and nothing.
pub fn parse(payload: &[u8]) -> Result<(u16, &[u8])> {
    if payload.len() > MAX_CONTROL {
        return Err(Error::ControlFrame);
    }
    match payload {
        [] => Ok((NO_STATUS, &[])),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !is_valid_code(code) {
                return Err(Error::ClosePayload);
            }
            core::str::from_utf8(reason).map_err(|_| Error::Utf8)?;
            Ok((code, reason))
        }
        [_] => Err(Error::ClosePayload),
    }
}

/// A payload to be sent.
#[derive(Clone, Copy, Debug)]
pub struct Payload {
    bytes: [u8; MAX_CONTROL],
    len: usize,
}

impl Payload {
    /// With [`NO_STATUS`], an empty one, which takes no reason.
    pub fn new(code: u16, reason: &[u8]) -> Result<Payload> {
        let mut payload = Payload { bytes: [0; MAX_CONTROL], len: 0 };
        if code == NO_STATUS && reason.is_empty() {
            return Ok(payload);
        }
        payload.len = reason.len().saturating_add(2);
        let fits = payload.len <= MAX_CONTROL;
        if !is_valid_code(code) || !fits || core::str::from_utf8(reason).is_err() {
            return Err(Error::InvalidArgument);
        }
        let code = code.to_be_bytes();
        for (to, from) in payload.bytes.iter_mut().zip(code.iter().chain(reason)) {
            *to = *from;
        }
        Ok(payload)
    }

    /// The bytes of it.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
