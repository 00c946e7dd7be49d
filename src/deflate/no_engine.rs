//! The engine's place in a build without compression. These types have no values, so code that
//! needs one is never reached.

use super::{Config, Run};
use crate::error::{Error, Result};
use crate::memory::Allocator;
use core::convert::Infallible;
use core::mem::MaybeUninit;

#[derive(Debug)]
#[allow(missing_docs)]
pub struct Deflate(Infallible);

#[allow(missing_docs)]
impl Deflate {
    pub fn new(_: Config, _: &Allocator) -> Result<Deflate> {
        Err(Error::Unsupported)
    }

    pub fn run<'a>(
        &mut self,
        _: &[u8],
        _: &'a mut [MaybeUninit<u8>],
        _: bool,
    ) -> Run<'a> {
        match self.0 {}
    }
}

#[derive(Debug)]
#[allow(missing_docs)]
pub struct Inflate(Infallible);

#[allow(missing_docs)]
impl Inflate {
    pub fn new(_: &Allocator) -> Result<Inflate> {
        Err(Error::Unsupported)
    }

    pub fn run<'a>(&mut self, _: &[u8], _: &'a mut [MaybeUninit<u8>]) -> Run<'a> {
        match self.0 {}
    }

    pub fn is_between_blocks(&self) -> bool {
        match self.0 {}
    }

    pub fn holds_bits_between_blocks(&self) -> bool {
        match self.0 {}
    }

    pub fn is_at_marker(&mut self) -> bool {
        match self.0 {}
    }

    pub fn expect_block(&mut self) {
        match self.0 {}
    }
}
