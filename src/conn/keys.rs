//! Masking keys (RFC 6455, 5.3 and 10.3), which no peer can predict.

use crate::error::{Error, Result};
use crate::memory::{Allocator, Boxed};
use crate::random::Source;

/// As many keys as one call of the operating system returns without being interrupted: 256 bytes.
const COUNT: usize = 64;

#[derive(Clone, Copy)]
struct Drawn {
    keys: [[u8; 4]; COUNT],
    used: usize,
}

/// A client's keys, drawn many at a time. A server has none.
///
/// After a fork() both processes hold the keys that were drawn before it.
#[derive(Debug, Default)]
pub(super) struct MaskingKeys {
    drawn: Option<Boxed<Drawn>>,
    source: Source,
    /// A key was taken.
    taken: bool,
}

impl MaskingKeys {
    /// A key that was not used before.
    #[inline]
    pub(super) fn take(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        if let Some(key) = self.drawn.as_mut().and_then(|drawn| drawn.next()) {
            return Ok(key);
        }
        self.draw(memory)
    }

    /// Draws new keys, or only one if there is no memory for more.
    #[cold]
    fn draw(&mut self, memory: &Allocator) -> Result<[u8; 4]> {
        let source = self.source;
        if self.drawn.is_none() {
            self.drawn = Boxed::new(Drawn::NONE, memory).ok();
        }
        let key = match &mut self.drawn {
            Some(drawn) => {
                source.fill(drawn.keys.as_flattened_mut())?;
                drawn.used = 0;
                drawn.next().ok_or(Error::Random)?
            }
            None => {
                let mut key = [0; 4];
                source.fill(&mut key)?;
                key
            }
        };
        self.taken = true;
        Ok(key)
    }

    /// Draws keys from another source. Fails once a key was taken.
    pub(super) fn set_source(&mut self, source: Source) -> Result<()> {
        if self.taken {
            return Err(Error::InvalidState);
        }
        self.source = source;
        Ok(())
    }
}

impl Drawn {
    const NONE: Drawn = Drawn { keys: [[0; 4]; COUNT], used: COUNT };

    #[inline]
    fn next(&mut self) -> Option<[u8; 4]> {
        let key = self.keys.get_mut(self.used)?;
        self.used += 1;
        Some(core::mem::take(key))
    }
}

impl core::fmt::Debug for Drawn {
    /// Without the keys, which are secret until they are used.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Drawn").field("used", &self.used).finish_non_exhaustive()
    }
}
