//! Payloads of close frames (RFC 6455, 5.5.1 and 7.4).

use crate::error::{Error, Result};
use crate::frame::MAX_CONTROL;
use crate::inline_bytes::InlineBytes;

/// Stands for a close frame without a code; never on the wire.
pub const NO_STATUS: u16 = 1005;

/// Whether a code may appear in a close frame.
#[must_use]
pub const fn is_valid_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// Splits a payload into code and reason. An empty payload has the code [`NO_STATUS`].
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

/// The payload of a close frame that is to be sent.
#[derive(Clone, Copy, Debug)]
pub struct ClosePayload(InlineBytes<MAX_CONTROL>);

impl ClosePayload {
    /// [`NO_STATUS`] makes an empty payload, which has no room for a reason.
    pub fn new(code: u16, reason: &[u8]) -> Result<ClosePayload> {
        let mut payload = InlineBytes::default();
        if code == NO_STATUS && reason.is_empty() {
            return Ok(ClosePayload(payload));
        }
        payload.push(&code.to_be_bytes());
        let fits = payload.push(reason) == reason.len();
        if !is_valid_code(code) || !fits || core::str::from_utf8(reason).is_err() {
            return Err(Error::InvalidArgument);
        }
        Ok(ClosePayload(payload))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
