//! Validating UTF-8 (RFC 3629) in one piece.

use super::text::{ascii, multibyte};
use crate::abi::Abi;
use crate::floors;
use crate::harness::{Bench, Group};
use crate::targets::{UTF8_ASCII, UTF8_MULTIBYTE};

pub(crate) fn run(bench: &mut Bench, abi: &Abi) {
    for size in bench.sizes(UTF8_MULTIBYTE) {
        validate(bench, abi, UTF8_MULTIBYTE, &multibyte(size));
    }
    for size in bench.sizes(UTF8_ASCII) {
        validate(bench, abi, UTF8_ASCII, &ascii(size));
    }
}

fn validate(bench: &mut Bench, abi: &Abi, quantity: &'static str, text: &[u8]) {
    let mut group = Group::new(quantity, text.len());
    add(&mut group, "ws_utf8_validate", text, |text| {
        let mut state = 0;
        let (at, len) = (text.as_ptr().cast(), text.len());
        let outcome = unsafe { (abi.ws_utf8_validate)(&mut state, at, len) };
        outcome == 0 && state == 0
    });
    add(&mut group, "simdutf", text, simdutf::validate_utf8);
    add(&mut group, "simdutf8", text, |text| simdutf8::basic::from_utf8(text).is_ok());
    add(&mut group, "std", text, |text| std::str::from_utf8(text).is_ok());
    group.floor(|| floors::load(text));
    bench.measure(group);
}

/// The sides must agree which texts are valid: this one, and the same with one byte changed, at
/// some places and at its end.
fn add<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    text: &'a [u8],
    is_valid: impl Fn(&[u8]) -> bool + 'a,
) {
    let mut spoiled = text.to_vec();
    let mut output = vec![is_valid(text).into()];
    for at in (0..text.len()).step_by(text.len() / 64).chain([text.len() - 1]) {
        spoiled[at] = 0xff;
        output.push(is_valid(&spoiled).into());
        spoiled[at] = text[at];
    }
    group.side(name, output, move || is_valid(text));
}
