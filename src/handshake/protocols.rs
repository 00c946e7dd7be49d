//! Subprotocols (RFC 6455, 11.3.4): the list that a client offers, and the server's choice.

use super::values::{Values, is_token, list, trim};
use crate::error::{Error, Result};

/// Whether this is a list of subprotocols: tokens, none twice.
#[must_use]
pub fn is_offer(protocols: &[u8]) -> bool {
    if is_short(protocols) {
        is_offer_in::<FEW>(protocols)
    } else {
        is_offer_in::<MANY>(protocols)
    }
}

fn is_offer_in<const SLOTS: usize>(protocols: &[u8]) -> bool {
    let mut rest = protocols.split(|b| *b == b',').map(trim);
    loop {
        let mut names = Names::<SLOTS>::new();
        while names.has_room() {
            let Some(name) = rest.next() else { return true };
            if !is_token(name) || !names.add(name) {
                return false;
            }
        }
        if rest.clone().any(|name| names.find(name).is_some()) {
            return false;
        }
    }
}

/// Fails unless this is empty, or a list as for [`is_offer`].
pub fn check_supported(protocols: &[u8]) -> Result<()> {
    if protocols.is_empty() || is_offer(protocols) {
        Ok(())
    } else {
        Err(Error::InvalidArgument)
    }
}

/// Picks the first of `supported` that is offered.
pub fn select<'a>(offered: &Values<'_>, supported: &'a [u8]) -> Result<Option<&'a [u8]>> {
    check_supported(supported)?;
    Ok(choose(offered, supported))
}

/// Like [`select`], from a list that was checked.
pub(crate) fn choose<'a>(offered: &Values<'_>, supported: &'a [u8]) -> Option<&'a [u8]> {
    if is_short(supported) {
        choose_in::<FEW>(offered, supported)
    } else {
        choose_in::<MANY>(offered, supported)
    }
}

fn choose_in<'a, const SLOTS: usize>(
    offered: &Values<'_>,
    supported: &'a [u8],
) -> Option<&'a [u8]> {
    let mut rest = list(supported).peekable();
    while rest.peek().is_some() {
        let mut names = Names::<SLOTS>::new();
        while let Some(name) = rest.next_if(|_| names.has_room()) {
            names.add(name);
        }
        let chosen = first_offered(offered.clone(), &names);
        if chosen.is_some() {
            return chosen;
        }
    }
    None
}

/// The first of some names that is offered. All are parts of one list, so their addresses show
/// which one is first.
fn first_offered<'a, const SLOTS: usize>(
    mut offered: Values<'_>,
    names: &Names<'a, SLOTS>,
) -> Option<&'a [u8]> {
    let mut first: Option<&[u8]> = None;
    while let Some(value) = offered.next_value() {
        for name in list(value).filter_map(|element| names.find(element)) {
            first = match first {
                Some(earlier) if earlier.as_ptr() <= name.as_ptr() => first,
                _ => Some(name),
            };
        }
    }
    first
}

/// Whether a list fits into a table of [`FEW`] slots.
fn is_short(list: &[u8]) -> bool {
    list.iter().filter(|b| **b == b',').count() < FEW / 2
}

/// Enough slots for most servers.
const FEW: usize = 16;
/// Enough slots for almost any server. More names are put into several tables, one after another.
const MANY: usize = 256;

/// A hash table of names: a client that offers thousands of names must not make a server compare
/// each of them with each of its own.
struct Names<'a, const SLOTS: usize> {
    /// The search for a name, and for a slot for it, starts at the slot of its hash.
    slots: [&'a [u8]; SLOTS],
    len: usize,
}

impl<'a, const SLOTS: usize> Names<'a, SLOTS> {
    const LAST: usize = {
        assert!(SLOTS.is_power_of_two() && SLOTS <= 1 << u8::BITS);
        SLOTS - 1
    };

    fn new() -> Self {
        Names { slots: [&[]; SLOTS], len: 0 }
    }

    /// Half of the slots stay empty, so that the search for a name is short.
    fn has_room(&self) -> bool {
        self.len < SLOTS / 2
    }

    /// Returns whether the name is new.
    fn add(&mut self, name: &'a [u8]) -> bool {
        let start = hash(name) & Self::LAST;
        let (before, after) = self.slots.split_at_mut_checked(start).unwrap_or_default();
        for slot in after.iter_mut().chain(before) {
            if slot.is_empty() {
                *slot = name;
                self.len += 1;
                return true;
            }
            if *slot == name {
                return false;
            }
        }
        false
    }

    fn find(&self, name: &[u8]) -> Option<&'a [u8]> {
        let start = hash(name) & Self::LAST;
        let (before, after) = self.slots.split_at_checked(start)?;
        let near = after.iter().chain(before).take_while(|slot| !slot.is_empty());
        near.copied().find(|slot| *slot == name)
    }
}

/// The slot of a name among 256. Smaller tables use the lower bits.
fn hash(name: &[u8]) -> usize {
    let hash = name.iter().fold(0_u32, |hash, b| {
        // 2^32 divided by the golden ratio: the highest bits depend on all others.
        (hash.rotate_left(5) ^ u32::from(*b)).wrapping_mul(0x9e37_79b9)
    });
    let [highest, ..] = hash.to_be_bytes();
    usize::from(highest)
}
