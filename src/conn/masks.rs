//! Masking keys (RFC 6455, 5.3 and 10.3): no peer may foresee them.

use crate::error::{Error, Result};
use crate::memory::{Allocator, Own};
use crate::random;

/// As many as the operating system gives at once.
const COUNT: u8 = 64;

#[derive(Clone, Copy, Debug)]
struct Keys {
    drawn: [[u8; 4]; COUNT as usize],
    left: u8,
}

impl Default for Keys {
    fn default() -> Keys {
        Keys { drawn: [[0; 4]; COUNT as usize], left: 0 }
    }
}

/// Keys drawn from the operating system, many at a time, in memory of their own: a server has
/// none.
#[derive(Debug, Default)]
pub(super) struct Masks(Own<Keys>);

impl Masks {
    /// Sees to it that two keys are there: no more are needed at once.
    pub(super) fn draw(&mut self, memory: &Allocator) -> Result<()> {
        match self.0.get(memory) {
            Ok(keys) if keys.left < 2 => keys.draw(),
            _ => Ok(()),
        }
    }

    /// A key that was never used.
    #[inline]
    pub(super) fn take(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        let Ok(keys) = self.0.get(memory) else { return draw_one() };
        if keys.left == 0 {
            keys.draw()?;
        }
        keys.left = keys.left.saturating_sub(1);
        let key = keys.drawn.get_mut(usize::from(keys.left)).ok_or(Error::Random)?;
        Ok(core::mem::take(key))
    }

    /// Gives the memory back.
    pub(super) fn release(&mut self, memory: &Allocator) {
        self.0.release(memory);
    }
}

/// Where there is no memory for more.
#[cold]
#[inline(never)]
fn draw_one() -> Result<[u8; 4]> {
    let mut key = [0; 4];
    random::fill(&mut key)?;
    Ok(key)
}

impl Keys {
    #[cold]
    #[inline(never)]
    fn draw(&mut self) -> Result<()> {
        random::fill(self.drawn.as_flattened_mut())?;
        self.left = COUNT;
        Ok(())
    }
}
