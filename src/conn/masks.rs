//! Masking keys (RFC 6455, 5.3 and 10.3): no peer may foresee them.

use crate::error::{Error, Result};
use crate::random;

/// Keys drawn from the operating system, several at a time.
#[derive(Debug, Default)]
pub(super) struct Masks {
    drawn: [[u8; 4]; 8],
    left: u8,
}

impl Masks {
    /// Sees to it that two keys are there: no more are needed at once.
    pub(super) fn draw(&mut self) -> Result<()> {
        if self.left < 2 { self.draw_all() } else { Ok(()) }
    }

    #[cold]
    #[inline(never)]
    fn draw_all(&mut self) -> Result<()> {
        random::fill(self.drawn.as_flattened_mut())?;
        self.left = 8;
        Ok(())
    }

    /// A key that was never used.
    #[inline]
    pub(super) fn take(&mut self) -> Result<[u8; 4]> {
        if self.left == 0 {
            self.draw_all()?;
        }
        self.left = self.left.saturating_sub(1);
        let key = self.drawn.get_mut(usize::from(self.left)).ok_or(Error::Random)?;
        Ok(core::mem::take(key))
    }
}
