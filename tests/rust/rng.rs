//! Random numbers that are the same in every run (SplitMix64).

pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Rng {
        Rng(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which must not be 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next() as u8
    }

    pub(crate) fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.byte()).collect()
    }

    /// True with a probability of 1 in `n`.
    pub(crate) fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// Lengths of pieces, some of them 0, that add up to `len`.
    pub(crate) fn pieces(&mut self, len: usize, longest: usize) -> Vec<usize> {
        let (mut pieces, mut done) = (Vec::new(), 0);
        while done < len {
            let piece = self.below(longest + 1).min(len - done);
            pieces.push(piece);
            done += piece;
        }
        pieces
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// The number in an environment variable.
fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// The dearest tests try one in so many of their inputs: WSCODEC_ONE_IN, or else all of them.
pub(crate) fn one_in() -> usize {
    number("WSCODEC_ONE_IN").unwrap_or(1)
}

/// How many random inputs to try: the number in the environment variable, or `usual`, of which
/// WSCODEC_ONE_IN may leave a part.
pub(crate) fn count(variable: &str, usual: usize) -> usize {
    number(variable).unwrap_or_else(|| usual.div_ceil(one_in()))
}
