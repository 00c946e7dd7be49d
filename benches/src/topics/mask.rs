//! Masking in place (RFC 6455, 5.3).
//!
//! A call masks many short payloads, one after another as they lie in a read buffer: to mask the
//! same few bytes again and again would measure how the processor forwards stores to loads.

use crate::abi::Abi;
use crate::floors;
use crate::harness::{Aligned, Bench, Group};
use crate::peers::uwebsockets::UWebSockets;
use crate::peers::{fastwebsockets, nexus_web, sockudo_ws, tungstenite};
use crate::targets::{MASK, MASK_OFFSET};
use std::cell::RefCell;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(MASK) {
        in_place(bench, abi, size);
    }
    for size in bench.sizes(MASK_OFFSET) {
        at_an_odd_address(bench, abi, size);
    }
}

fn in_place(bench: &mut Bench, abi: &Abi, size: usize) {
    let payloads = Payloads::new(size);
    let mut group = Group::new(MASK, size).operations(payloads.count);
    payloads.add(&mut group, "ws_mask", |slot| ours(abi, &mut slot[..size]));
    payloads.add(&mut group, "tungstenite", |slot| {
        tungstenite::apply_mask(&mut slot[..size], KEY);
    });
    payloads.add(&mut group, "fastwebsockets", |slot| {
        fastwebsockets::unmask(&mut slot[..size], KEY);
    });
    payloads.add(&mut group, "nexus-web", |slot| {
        nexus_web::apply_mask(&mut slot[..size], KEY);
    });
    payloads.add(&mut group, "sockudo-ws", |slot| {
        sockudo_ws::apply_mask(&mut slot[..size], KEY);
    });
    match UWebSockets::open() {
        Ok(peer) => payloads.add(&mut group, "uWebSockets", move |slot| unsafe {
            (peer.mask)(slot.as_mut_ptr(), size, KEY.as_ptr());
        }),
        Err(why) => group.missing("uWebSockets", why),
    }
    group.floor(payloads.pass(|slot| floors::store(&mut slot[..size])));
    bench.measure(group);
}

fn ours(abi: &Abi, payload: &mut [u8]) {
    let (at, len) = (payload.as_mut_ptr().cast(), payload.len());
    unsafe { (abi.ws_mask)(at, len, KEY.as_ptr().cast(), 0) };
}

/// Payloads of one size in slots, as many as the nearest cache holds. All sides mask the same
/// memory, since huge pages make a difference for large sizes.
struct Payloads {
    size: usize,
    slot: usize,
    count: usize,
    memory: RefCell<Aligned>,
}

impl Payloads {
    const CACHE: usize = 16384;
    /// The bytes of a slot after its payload, where the header of the next frame would be. A peer
    /// writes there.
    const GAP: usize = 14;

    fn new(size: usize) -> Payloads {
        let slot = size + Self::GAP;
        let count = (Self::CACHE / slot).max(1);
        let memory = RefCell::new(Aligned::new(&vec![0; count * slot]));
        Payloads { size, slot, count, memory }
    }

    /// Does something with each slot.
    fn pass<'a>(&'a self, each: impl Fn(&mut [u8]) + 'a) -> impl Fn() + 'a {
        move || {
            self.memory.borrow_mut().bytes().chunks_exact_mut(self.slot).for_each(&each);
        }
    }

    /// Adds a side that masks all payloads; `mask` is called with each slot.
    fn add<'a>(
        &'a self,
        group: &mut Group<'a>,
        name: &'static str,
        mask: impl Fn(&mut [u8]) + 'a,
    ) {
        let pass = self.pass(mask);
        for (at, byte) in self.memory.borrow_mut().bytes().iter_mut().enumerate() {
            *byte = at as u8;
        }
        pass();
        let mut memory = self.memory.borrow_mut();
        let slots = memory.bytes().chunks_exact(self.slot);
        let output = slots.flat_map(|slot| &slot[..self.size]).copied().collect();
        drop(memory);
        group.side(name, output, pass);
    }
}

fn at_an_odd_address(bench: &mut Bench, abi: &Abi, size: usize) {
    let mut group = Group::new(MASK_OFFSET, size);
    for (name, offset) in [("aligned", 0), ("1 off", 1)] {
        let mut memory = Aligned::new(&vec![1; size + offset]);
        ours(abi, &mut memory.bytes()[offset..]);
        let output = memory.bytes()[offset..].to_vec();
        group.side(name, output, move || ours(abi, &mut memory.bytes()[offset..]));
    }
    let mut memory = Aligned::new(&vec![1; size + 1]);
    group.floor(move || floors::store(&mut memory.bytes()[1..]));
    bench.measure(group);
}
