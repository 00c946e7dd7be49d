//! Masking keys (RFC 6455, 5.3 and 10.3), which no peer can predict.
//!
//! A call of the operating system takes longer than everything else about a short frame. So it is
//! asked for a seed only now and then, and ChaCha12 makes the keys. Of each 256 bytes that it
//! makes, the first 32 are the next seed, and the others 56 keys. A key is erased when it is used,
//! a seed when its keys replace it.
//!
//! A source of the caller's is asked for 64 keys at a time.

use crate::error::{Error, Result};
use crate::memory::{Allocator, Boxed};
use crate::random::{self, Seed, Source};

/// How many keys are made at once, or drawn from a source of the caller's.
const COUNT: u32 = 64;
/// How many of them are the next seed.
const SEED: u32 = 8;
/// How many times keys are made before there is a new seed from the operating system.
const PER_SEED: u32 = 16;

const _: () = assert!(
    COUNT as usize == random::WORDS
        && size_of::<[[u8; 4]; SEED as usize]>() == size_of::<Seed>()
);

#[derive(Clone, Copy, Debug)]
struct Drawn {
    keys: [[u8; 4]; COUNT as usize],
    /// The next key; COUNT: there is none.
    next: u32,
    /// How many times more the next seed is used.
    seeds: u32,
}

/// A client's keys, drawn many at a time. A server has none.
///
/// After a fork() both processes hold the same keys, and the seed of further ones.
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
                if source.is_system() {
                    drawn.refill()?;
                } else {
                    drawn.refill_from(source)?;
                }
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

    /// Takes back the key that was taken last, if any, since its frame is not written.
    #[cold]
    pub(super) fn put_back(&mut self, key: Option<[u8; 4]>) {
        // Without memory it was drawn alone, and is lost.
        if let (Some(key), Some(drawn)) = (key, &mut self.drawn) {
            drawn.put_back(key);
        }
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
    const NONE: Drawn = Drawn { keys: [[0; 4]; COUNT as usize], next: COUNT, seeds: 0 };

    #[inline]
    fn next(&mut self) -> Option<[u8; 4]> {
        let key = self.keys.get_mut(self.next as usize)?;
        self.next += 1;
        Some(core::mem::take(key))
    }

    fn put_back(&mut self, key: [u8; 4]) {
        let last = self.next.saturating_sub(1);
        if let Some(slot) = self.keys.get_mut(last as usize) {
            *slot = key;
            self.next = last;
        }
    }

    /// Makes keys of the next seed, or of one from the operating system.
    fn refill(&mut self) -> Result<()> {
        let mut seed = Seed::default();
        match self.seeds.checked_sub(1) {
            Some(left) => {
                for (to, from) in seed.iter_mut().zip(self.keys.as_flattened()) {
                    *to = *from;
                }
                self.seeds = left;
            }
            None => {
                random::system(&mut seed)?;
                self.seeds = PER_SEED - 1;
            }
        }
        for (key, word) in self.keys.iter_mut().zip(random::expand(seed)) {
            *key = word.to_le_bytes();
        }
        self.next = SEED;
        Ok(())
    }

    /// Draws keys from a source of the caller's.
    fn refill_from(&mut self, source: Source) -> Result<()> {
        source.fill(self.keys.as_flattened_mut())?;
        self.next = 0;
        Ok(())
    }
}
