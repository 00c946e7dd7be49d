//! Masking, copying, the check of UTF-8 and the search in heads, with the instructions that the
//! processor has.
//!
//! Payloads of at most 128 bytes are handled by `short`, with what every processor of the target
//! has (`baseline`): SSE2 on x86-64, numbers elsewhere. Longer ones are handled by the loops of
//! `long`, with the best instruction set of this processor, which [`Isa::best`] looks up. Both are
//! written once, over `Lanes`: a number, an array or a vector.
//!
//! Text is checked by the loops of `utf8`, which need more of a vector (`TextLanes`), above all a
//! lookup in a table. SSSE3, AVX2, AVX-512 and NEON have it; elsewhere the standard library checks
//! all text. It also judges what the loops leave: texts of a few bytes, incomplete characters, and
//! what is invalid.
//!
//! To add an instruction set:
//!
//! - Write a file like `avx2.rs`: a proof that only detection makes, a vector that is made only
//!   from a proof (`vector!`, `text_vector!`), and functions with `#[target_feature]`, which
//!   compile the loops for the instruction set. Text that is shorter than a vector needs one of 16
//!   bytes, a `Word`.
//! - Give [`Isa`] a variant that holds the proof, detect it in `all` and `best`, and call the
//!   functions.
//! - If every processor of the target has it, it needs no proof and no variant: see `neon.rs` and
//!   `baseline.rs`.
//! - If the oldest supported compiler lacks the instruction set, let `build.rs` set a `cfg` for it.
//!
//! The tests cover every instruction set that the processor has.
//!
//! Why so much is `inline(always)`: a part of a loop that is not inlined into the function with
//! `#[target_feature]` is compiled for the baseline, and passes vectors through memory. The
//! functions for short payloads are inlined because a caller often knows a bound of the length, and
//! because a call costs as much as the work. `benches/instructions` shows both.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "x86_64", wscodec_avx512))]
mod avx512;
mod baseline;
mod isa;
mod key;
mod lanes;
mod long;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
mod neon;
mod out_byte;
pub mod portable;
mod short;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod sse2;
#[cfg(target_arch = "x86_64")]
mod ssse3;
#[cfg(any(
    target_arch = "x86_64",
    all(target_arch = "aarch64", target_feature = "neon")
))]
mod utf8;

use baseline::Wide;
use core::mem::MaybeUninit;
use out_byte::same_len;
use short::SHORT;

pub use baseline::{find_control, find_non_name};
pub use isa::Isa;
pub use key::MaskKey;
pub(crate) use out_byte::OutByte;

/// Up to this length, text that is not ASCII is not checked by vectors.
const SHORT_TEXT: usize = 18;

/// Masks in place; unmasking is the same operation. `pos` is the position of the bytes in their
/// payload.
#[inline(always)]
pub fn mask(bytes: &mut [u8], key: [u8; 4], pos: u64) {
    let key = MaskKey::at(key, pos);
    if bytes.len() <= SHORT {
        short::run::<Wide, _>(bytes, key);
    } else {
        mask_long::<false>(bytes, key);
    }
}

/// Like [`mask`], and returns whether the result is ASCII.
#[inline(always)]
pub fn mask_ascii(bytes: &mut [u8], key: [u8; 4], pos: u64) -> bool {
    let key = MaskKey::at(key, pos);
    if bytes.len() <= SHORT {
        short::run::<Wide, _>(bytes, key)
    } else {
        mask_long::<true>(bytes, key)
    }
}

/// Masks while copying as many bytes as the shorter of the two has.
#[inline(always)]
pub fn mask_copy(to: &mut [MaybeUninit<u8>], from: &[u8], key: [u8; 4], pos: u64) {
    let key = MaskKey::at(key, pos);
    let (to, from) = same_len(to, from);
    if from.len() <= SHORT {
        short::run::<Wide, _>((to, from), key);
    } else {
        mask_copy_long(to, from, key);
    }
}

/// Copies as many bytes as the shorter of the two has.
#[inline(always)]
pub(crate) fn copy(to: &mut [MaybeUninit<u8>], from: &[u8]) {
    let (to, from) = same_len(to, from);
    if from.len() <= SHORT {
        short::run::<Wide, _>((to, from), MaskKey::NONE);
    } else {
        out_byte::memcpy(to, from);
    }
}

/// Skips valid characters with vectors. What is left is to be judged by [`core::str::from_utf8`],
/// which finds a fault near its start. It is empty if the text is valid and ends on a character
/// boundary, unless it is short or there are no vectors.
#[inline(always)]
pub(crate) fn skip_utf8(text: &[u8]) -> &[u8] {
    match text.len() {
        ..=SHORT if short::run::<Wide, _>(text, MaskKey::NONE) => &[],
        ..=SHORT_TEXT => text,
        _ => skip_utf8_long(text),
    }
}

/// Whether all of the text is valid UTF-8 that ends on a character boundary.
pub(crate) fn is_utf8(text: &[u8]) -> bool {
    let rest = skip_utf8(text);
    rest.is_empty() || core::str::from_utf8(rest).is_ok()
}

// Not inlined, so that a caller with a short payload need not save registers for these functions.

#[inline(never)]
fn mask_long<const CHECK_ASCII: bool>(bytes: &mut [u8], key: MaskKey) -> bool {
    Isa::best().mask::<CHECK_ASCII>(bytes, key)
}

#[inline(never)]
fn mask_copy_long(to: &mut [MaybeUninit<u8>], from: &[u8], key: MaskKey) {
    Isa::best().mask_copy(to, from, key);
}

#[inline(never)]
fn skip_utf8_long(text: &[u8]) -> &[u8] {
    Isa::best().skip_utf8(text)
}

// For tests: payloads of any length, the short ones as on a target without vectors.

/// Masks in place. Returns whether the result is ASCII; only if `CHECK_ASCII`.
pub fn mask_at<const CHECK_ASCII: bool>(
    isa: Isa,
    bytes: &mut [u8],
    key: MaskKey,
) -> bool {
    if bytes.len() <= SHORT {
        short::run::<portable::Wide, _>(bytes, key)
    } else {
        isa.mask::<CHECK_ASCII>(bytes, key)
    }
}

/// Masks while copying as many bytes as the shorter of the two has.
pub fn mask_copy_at(isa: Isa, to: &mut [MaybeUninit<u8>], from: &[u8], key: MaskKey) {
    let (to, from) = same_len(to, from);
    if from.len() <= SHORT {
        short::run::<portable::Wide, _>((to, from), key);
    } else {
        isa.mask_copy(to, from, key);
    }
}
