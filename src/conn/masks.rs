//! Masking keys (RFC 6455, 5.3 and 10.3): no peer may foresee them.

use crate::error::{Error, Result};
use crate::memory::{Allocator, Own};
use crate::random::Source;

/// As many as the operating system gives at once.
const COUNT: u8 = 64;

#[derive(Clone, Copy, Debug)]
struct Keys {
    drawn: [[u8; 4]; COUNT as usize],
    used: u8,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys { drawn: [[0; 4]; COUNT as usize], used: COUNT }
    }
}

/// Keys drawn many at a time, in memory of their own. A server has none.
#[derive(Debug, Default)]
pub(super) struct Masks {
    keys: Own<Keys>,
    source: Source,
    /// A key was drawn.
    drawn: bool,
}

impl Masks {
    /// A key that was never used.
    #[inline]
    pub(super) fn take(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        if let Some(key) = self.keys.as_mut().and_then(Keys::next) {
            return Ok(key);
        }
        self.draw(memory)
    }

    /// The next key, once more are drawn; where there is no memory for more, one alone.
    #[cold]
    #[inline(never)]
    fn draw(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        let mut key = [0; 4];
        match self.keys.get(memory) {
            Ok(keys) => {
                self.source.fill(keys.drawn.as_flattened_mut())?;
                keys.used = 0;
                key = keys.next().ok_or(Error::Random)?;
            }
            Err(_) => self.source.fill(&mut key)?,
        }
        self.drawn = true;
        Ok(key)
    }

    /// Draws keys from elsewhere, before the first is drawn.
    pub(super) fn set_source(&mut self, source: Source) -> Result<()> {
        if self.drawn {
            return Err(Error::InvalidState);
        }
        self.source = source;
        Ok(())
    }

    /// Gives the memory back.
    pub(super) fn release(&mut self, memory: &Allocator) {
        self.keys.release(memory);
    }
}

impl Keys {
    #[inline]
    fn next(&mut self) -> Option<[u8; 4]> {
        let key = self.drawn.get_mut(usize::from(self.used))?;
        self.used = self.used.saturating_add(1);
        Some(core::mem::take(key))
    }
}
