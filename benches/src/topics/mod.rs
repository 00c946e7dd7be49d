//! The measurements, one file per topic. Each begins with the results that count as equal.

mod decode;
mod deflate;
mod encode;
mod handshake;
mod mask;
mod memory;
mod one_message;
mod python;
mod text;
mod utf8;

use crate::abi::Abi;
use crate::harness::Bench;

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    mask::run(bench, abi);
    decode::run(bench, abi);
    text::run(bench, abi);
    encode::run(bench, abi);
    one_message::run(bench, abi);
    handshake::run(bench, abi);
    utf8::run(bench, abi);
    memory::run(bench, abi);
    python::run(bench);
    deflate::run(bench, abi);
}
