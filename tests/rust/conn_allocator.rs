//! An allocator that tracks every block: a block must be freed with the size and alignment of
//! its allocation. It overwrites freed memory, and always moves resized memory.

// Only the library calls these functions, with pointers that it got from here.
#![allow(clippy::undocumented_unsafe_blocks)]

use core::cell::{Cell, RefCell};
use core::ffi::c_void;
use core::ptr::null_mut;
use std::alloc::{Layout, alloc, dealloc};
use std::collections::HashMap;
use wscodec::ffi::conn::ws_allocator;

/// Which allocations fail, counted from 1; a resize counts as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    Never,
    Only(usize),
    From(usize),
}

pub(crate) struct Recorder {
    blocks: RefCell<HashMap<usize, Layout>>,
    /// Freed blocks, kept and overwritten to expose a read after free.
    freed: RefCell<Vec<(usize, Layout)>>,
    fail: Cell<Fail>,
    live: Cell<usize>,
    peak: Cell<usize>,
    asked: Cell<usize>,
    refused: Cell<usize>,
}

/// Bytes that are neither text nor a frame.
const FREED: u8 = 0xdd;
const FRESH: u8 = 0xee;

impl Recorder {
    /// Boxed, since connections point to it.
    pub(crate) fn new() -> Box<Recorder> {
        Recorder::failing(Fail::Never)
    }

    pub(crate) fn failing(fail: Fail) -> Box<Recorder> {
        Box::new(Recorder {
            blocks: RefCell::default(),
            freed: RefCell::default(),
            fail: Cell::new(fail),
            live: Cell::new(0),
            peak: Cell::new(0),
            asked: Cell::new(0),
            refused: Cell::new(0),
        })
    }

    pub(crate) fn allocator(&self) -> ws_allocator {
        ws_allocator {
            alloc: Some(allocate),
            resize: Some(resize),
            free: Some(free),
            user: core::ptr::from_ref(self).cast_mut().cast(),
        }
    }

    pub(crate) fn allocator_without_resize(&self) -> ws_allocator {
        ws_allocator { resize: None, ..self.allocator() }
    }

    /// How many blocks are in use.
    pub(crate) fn blocks(&self) -> usize {
        self.blocks.borrow().len()
    }

    /// Bytes in use.
    pub(crate) fn live(&self) -> usize {
        self.live.get()
    }

    /// The maximum of `live`; while a block is resized, only its new size counts.
    pub(crate) fn peak(&self) -> usize {
        self.peak.get()
    }

    /// How many allocations were requested.
    pub(crate) fn asked(&self) -> usize {
        self.asked.get()
    }

    /// How many allocations failed.
    pub(crate) fn refused(&self) -> usize {
        self.refused.get()
    }

    /// Sets which allocations fail, counted from now on.
    pub(crate) fn fail(&self, fail: Fail) {
        self.asked.set(0);
        self.fail.set(fail);
    }

    fn fails(&self) -> bool {
        let number = self.asked.get() + 1;
        self.asked.set(number);
        let fails = match self.fail.get() {
            Fail::Never => false,
            Fail::Only(which) => number == which,
            Fail::From(which) => number >= which,
        };
        self.refused.set(self.refused.get() + usize::from(fails));
        fails
    }

    fn allocate(&self, size: usize, align: usize) -> *mut c_void {
        assert!(size > 0, "an allocation of 0 bytes");
        assert!(align.is_power_of_two() && align <= 16, "alignment {align}");
        if self.fails() {
            return null_mut();
        }
        let layout = Layout::from_size_align(size, align).unwrap();
        let block = unsafe { alloc(layout) };
        unsafe { block.write_bytes(FRESH, size) };
        self.blocks.borrow_mut().insert(block as usize, layout);
        self.live.set(self.live.get() + size);
        self.peak.set(self.peak.get().max(self.live.get()));
        block.cast()
    }

    fn release_block(&self, block: *mut c_void, size: usize, align: usize) {
        let layout = self.blocks.borrow_mut().remove(&(block as usize));
        let layout = layout.expect("an unknown block");
        assert_eq!(
            (layout.size(), layout.align()),
            (size, align),
            "freed with another size or alignment"
        );
        self.live.set(self.live.get() - size);
        unsafe { block.cast::<u8>().write_bytes(FREED, size) };
        self.freed.borrow_mut().push((block as usize, layout));
        if self.freed.borrow().len() > 100 {
            self.release();
        }
    }

    fn resize(
        &self,
        block: *mut c_void,
        old: usize,
        new: usize,
        align: usize,
    ) -> *mut c_void {
        assert!(!block.is_null(), "resize of NULL");
        let peak = self.peak.get();
        let moved = self.allocate(new, align);
        if !moved.is_null() {
            unsafe { moved.copy_from_nonoverlapping(block, old.min(new)) };
            self.release_block(block, old, align);
            self.peak.set(peak.max(self.live.get()));
        }
        moved
    }

    fn release(&self) {
        for (block, layout) in self.freed.borrow_mut().drain(..) {
            unsafe { dealloc(block as *mut u8, layout) };
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.release();
        if !std::thread::panicking() {
            assert!(self.blocks.borrow().is_empty(), "a leak: {:?}", self.blocks);
        }
    }
}

unsafe extern "C" fn allocate(
    user: *mut c_void,
    size: usize,
    align: usize,
) -> *mut c_void {
    unsafe { &*user.cast::<Recorder>() }.allocate(size, align)
}

unsafe extern "C" fn resize(
    user: *mut c_void,
    block: *mut c_void,
    old: usize,
    new: usize,
    align: usize,
) -> *mut c_void {
    unsafe { &*user.cast::<Recorder>() }.resize(block, old, new, align)
}

unsafe extern "C" fn free(
    user: *mut c_void,
    block: *mut c_void,
    size: usize,
    align: usize,
) {
    assert!(!block.is_null(), "free of NULL");
    unsafe { &*user.cast::<Recorder>() }.release_block(block, size, align);
}
