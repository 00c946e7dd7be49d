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
    pub(super) source: Source,
}

impl Masks {
    /// A key that was never used.
    #[inline]
    pub(super) fn take(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        let Ok(keys) = self.keys.get(memory) else { return draw_one(self.source) };
        if keys.used >= COUNT {
            keys.draw(self.source)?;
        }
        let key = keys.drawn.get_mut(usize::from(keys.used)).ok_or(Error::Random)?;
        keys.used = keys.used.saturating_add(1);
        Ok(core::mem::take(key))
    }

    /// Gives the memory back.
    pub(super) fn release(&mut self, memory: &Allocator) {
        self.keys.release(memory);
    }
}

/// Where there is no memory for more.
#[cold]
#[inline(never)]
fn draw_one(source: Source) -> Result<[u8; 4]> {
    let mut key = [0; 4];
    source.fill(&mut key)?;
    Ok(key)
}

impl Keys {
    #[cold]
    #[inline(never)]
    fn draw(&mut self, source: Source) -> Result<()> {
        source.fill(self.drawn.as_flattened_mut())?;
        self.used = 0;
        Ok(())
    }
}
