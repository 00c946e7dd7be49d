//! Subprotocols (RFC 6455, 11.3.4): the list that a client offers, and the server's choice.

use super::headers::{Fields, PROTOCOL, complete_fields};
use super::values::{Values, is_token, list, trim};
use crate::error::{Error, Result};

/// Whether this is a list of subprotocols: tokens, none twice.
#[must_use]
pub fn is_offer(protocols: &[u8]) -> bool {
    let mut rest = protocols.split(|b| *b == b',').map(trim);
    loop {
        let mut names = Names::new();
        let mut added = rest.clone();
        while names.has_room() {
            let Some(name) = added.next() else { return true };
            if !is_token(name) || !names.add(name) {
                return false;
            }
        }
        if added.clone().any(|name| names.find(name).is_some()) {
            return false;
        }
        rest = added;
    }
}

/// Whether this is a list as above, or empty.
pub fn check_supported(protocols: &[u8]) -> Result<()> {
    if protocols.is_empty() || is_offer(protocols) {
        Ok(())
    } else {
        Err(Error::InvalidArgument)
    }
}

/// Picks the first of `supported` that the client offers in its head.
pub fn select_protocol<'a>(head: &[u8], supported: &'a [u8]) -> Result<Option<&'a [u8]>> {
    select(offered(complete_fields(head)?), supported)
}

/// What the fields of a client offer.
pub(crate) fn offered(fields: Fields<'_>) -> Values<'_> {
    Values::of(fields, PROTOCOL)
}

/// Picks the first of `supported` that is offered.
pub fn select<'a>(offered: Values<'_>, supported: &'a [u8]) -> Result<Option<&'a [u8]>> {
    check_supported(supported)?;
    let mut rest = list(supported).peekable();
    while rest.peek().is_some() {
        let mut names = Names::new();
        while let Some(name) = rest.next_if(|_| names.has_room()) {
            names.add(name);
        }
        let chosen = first_offered(offered.clone(), &names);
        if chosen.is_some() {
            return Ok(chosen);
        }
    }
    Ok(None)
}

/// The first of some names, as they lie in memory, that is offered.
fn first_offered<'a>(mut offered: Values<'_>, names: &Names<'a>) -> Option<&'a [u8]> {
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

/// Names, as many as any server knows, that are found without comparing each: a client that
/// offers thousands must not make a server compare them all with all of its own. Of more names
/// there are several of these.
struct Names<'a> {
    /// A name is in the first empty slot from the one that its hash tells.
    slots: [&'a [u8]; SLOTS],
    len: usize,
}

const SLOTS: usize = 256;

impl<'a> Names<'a> {
    fn new() -> Names<'a> {
        Names { slots: [&[]; SLOTS], len: 0 }
    }

    /// Half of the slots stay empty, so that the search for a name is short.
    fn has_room(&self) -> bool {
        self.len < SLOTS / 2
    }

    /// Whether it is new.
    fn add(&mut self, name: &'a [u8]) -> bool {
        let start = hash(name);
        let (before, behind) = self.slots.split_at_mut_checked(start).unwrap_or_default();
        for slot in behind.iter_mut().chain(before) {
            if slot.is_empty() {
                *slot = name;
                self.len = self.len.saturating_add(1);
                return true;
            }
            if *slot == name {
                return false;
            }
        }
        false
    }

    fn find(&self, name: &[u8]) -> Option<&'a [u8]> {
        let (before, behind) = self.slots.split_at_checked(hash(name))?;
        let near = behind.iter().chain(before).take_while(|slot| !slot.is_empty());
        near.copied().find(|slot| *slot == name)
    }
}

/// Which slot a name would be in.
fn hash(name: &[u8]) -> usize {
    let hash = name.iter().fold(0_u32, |hash, b| {
        (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193).rotate_left(7)
    });
    usize::try_from(hash >> 16).unwrap_or(0) % SLOTS
}
