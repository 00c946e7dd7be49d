//! The payload of a control frame, which may have to be kept.

use crate::error::{Error, Result};
use crate::frame::MAX_CONTROL;

/// At most 125 bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct ControlPayload {
    bytes: [u8; MAX_CONTROL],
    len: u8,
}

impl Default for ControlPayload {
    fn default() -> ControlPayload {
        ControlPayload { bytes: [0; MAX_CONTROL], len: 0 }
    }
}

impl ControlPayload {
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len.into()).unwrap_or_default()
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends `bytes`. No frame with more than fits passes the check of its header.
    pub(super) fn extend(&mut self, bytes: &[u8]) -> Result<()> {
        let room = self.bytes.get_mut(self.len.into()..).unwrap_or_default();
        let room = room.get_mut(..bytes.len()).ok_or(Error::ControlFrame)?;
        room.copy_from_slice(bytes);
        let len = usize::from(self.len).saturating_add(bytes.len());
        self.len = u8::try_from(len).unwrap_or(u8::MAX);
        Ok(())
    }
}
