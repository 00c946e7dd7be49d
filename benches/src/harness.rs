//! Sides of a comparison, checked for equality and timed in turns.

use crate::report::{Figures, Outcome, bytes_label};
use crate::targets::Target;
use std::hint::black_box;
use std::mem::MaybeUninit;

/// Samples of each side, and nanoseconds that one of them should take.
const ROUNDS: usize = 31;
const SAMPLE: f64 = 1e6;
/// Functions that take longer than a sample are timed less often.
const FEWEST_ROUNDS: usize = 9;

/// The targets to be measured, and the outcomes so far.
pub(crate) struct Bench {
    targets: Vec<Target>,
    outcomes: Vec<Option<Outcome>>,
}

impl Bench {
    pub(crate) fn new(targets: Vec<Target>) -> Bench {
        let outcomes = vec![None; targets.len()];
        Bench { targets, outcomes }
    }

    /// The sizes of a quantity that are wanted.
    pub(crate) fn sizes(&self, quantity: &str) -> Vec<usize> {
        let wanted = self.targets.iter().filter(|target| target.quantity == quantity);
        let mut sizes: Vec<_> = wanted.map(|target| target.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// Times the sides of a group that are wanted.
    pub(crate) fn measure(&mut self, mut group: Group) {
        eprintln!("  {}, {}", group.quantity, bytes_label(group.size));
        let belongs = |target: &Target| {
            target.quantity == group.quantity && target.size == group.size
        };
        let wanted: Vec<_> =
            self.targets.iter().filter(|target| belongs(target)).collect();
        group.sides.retain(|side| wanted.iter().any(|target| target.needs(side.name)));
        let measured = Measured { sides: group.time(), missing: group.missing };
        self.note(group.quantity, |target| {
            (target.size == group.size).then(|| measured.outcome(target))
        });
    }

    /// Notes the outcome of targets of a quantity.
    pub(crate) fn note(
        &mut self,
        quantity: &str,
        outcome: impl Fn(&Target) -> Option<Outcome>,
    ) {
        for (target, noted) in self.targets.iter().zip(&mut self.outcomes) {
            if target.quantity == quantity {
                *noted = outcome(target).or(noted.take());
            }
        }
    }

    /// The outcomes, in the order of the targets: none is left out.
    pub(crate) fn finish(self) -> Vec<Outcome> {
        let nobody = || Err("nothing measures this".to_string());
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(nobody)).collect()
    }
}

/// The times of the sides of a comparison.
pub(crate) struct Measured {
    pub(crate) sides: Vec<Times>,
    /// Sides that are missing, with the reason.
    pub(crate) missing: Vec<(String, String)>,
}

/// Nanoseconds that an operation took, round by round.
pub(crate) struct Times {
    pub(crate) name: String,
    pub(crate) times: Vec<f64>,
}

impl Measured {
    pub(crate) fn outcome(&self, target: &Target) -> Outcome {
        Ok(Figures::of(self.times(&target.ours)?, self.times(&target.peer)?))
    }

    fn times(&self, name: &str) -> Result<&[f64], String> {
        if let Some(side) = self.sides.iter().find(|side| side.name == name) {
            return Ok(&side.times);
        }
        let why = self.missing.iter().find(|(missing, _)| *missing == name);
        Err(why.map_or_else(|| format!("no {name}"), |(_, why)| why.clone()))
    }
}

/// Several ways to do the same.
pub(crate) struct Group<'a> {
    quantity: &'static str,
    size: usize,
    operations: f64,
    expected: Option<Vec<u8>>,
    sides: Vec<Side<'a>>,
    missing: Vec<(String, String)>,
}

struct Side<'a> {
    name: &'static str,
    /// The nanoseconds of this number of calls.
    time: Box<dyn FnMut(usize) -> f64 + 'a>,
    calls: usize,
}

impl<'a> Group<'a> {
    pub(crate) fn new(quantity: &'static str, size: usize) -> Group<'a> {
        let (sides, missing) = (Vec::new(), Vec::new());
        Group { quantity, size, operations: 1.0, expected: None, sides, missing }
    }

    /// How many operations one call of a side does.
    pub(crate) fn operations(mut self, count: usize) -> Group<'a> {
        self.operations = count as f64;
        self
    }

    /// Adds a side, which must have come to the same output as the others.
    pub(crate) fn side<T>(
        &mut self,
        name: &'static str,
        output: Vec<u8>,
        call: impl FnMut() -> T + 'a,
    ) {
        let expected = self.expected.get_or_insert_with(|| output.clone());
        let differs = output.iter().zip(&*expected).position(|(a, b)| a != b);
        assert!(
            output == *expected,
            "{name}, {}, {} B: {} bytes of output, not {}; the first that differs: {differs:?}",
            self.quantity,
            self.size,
            output.len(),
            expected.len(),
        );
        self.unchecked(name, call);
    }

    /// Adds a side without an output to compare.
    pub(crate) fn unchecked<T>(
        &mut self,
        name: &'static str,
        mut call: impl FnMut() -> T + 'a,
    ) {
        let time = move |calls| {
            let start = cpu_nanoseconds();
            for _ in 0..calls {
                black_box(call());
            }
            cpu_nanoseconds() - start
        };
        self.sides.push(Side { name, time: Box::new(time), calls: 1 });
    }

    /// Adds a side that was timed in another process.
    pub(crate) fn elsewhere(&mut self, name: &'static str, nanoseconds: f64) {
        let operations = self.operations;
        let time = move |calls| nanoseconds * operations * calls as f64;
        self.sides.push(Side { name, time: Box::new(time), calls: 1 });
    }

    /// Records why a side is missing.
    pub(crate) fn missing(&mut self, name: &'static str, why: impl Into<String>) {
        self.missing.push((name.into(), why.into()));
    }

    /// Times the sides in turns.
    fn time(&mut self) -> Vec<Times> {
        self.sides.iter_mut().for_each(Side::calibrate);
        let rounds = self.rounds();
        let empty = |side: &Side| Times { name: side.name.into(), times: Vec::new() };
        let mut measured: Vec<_> = self.sides.iter().map(empty).collect();
        for round in 0..rounds {
            for turn in 0..self.sides.len() {
                // Nobody always comes after the same other.
                let at = (round + turn) % self.sides.len();
                let side = &mut self.sides[at];
                let operations = side.calls as f64 * self.operations;
                measured[at].times.push((side.time)(side.calls) / operations);
            }
        }
        measured
    }

    fn rounds(&mut self) -> usize {
        let samples = self.sides.iter_mut().map(|side| (side.time)(side.calls));
        let slowest = samples.fold(SAMPLE, f64::max);
        ((ROUNDS as f64 * SAMPLE / slowest) as usize).clamp(FEWEST_ROUNDS, ROUNDS)
    }
}

impl Side<'_> {
    fn calibrate(&mut self) {
        while (self.time)(self.calls) < SAMPLE / 2.0 && self.calls < 1 << 24 {
            self.calls *= 2;
        }
    }
}

pub(crate) fn cpu_nanoseconds() -> f64 {
    let mut time = MaybeUninit::<libc::timespec>::uninit();
    let time = unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, time.as_mut_ptr());
        time.assume_init()
    };
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Bytes that start at a page, with unused bytes before and after them.
pub(crate) struct Aligned {
    memory: Vec<u8>,
    start: usize,
    len: usize,
}

impl Aligned {
    /// The bytes around the buffer that peers may read or write.
    pub(crate) const MARGIN: usize = 64;
    pub(crate) const PAGE: usize = 4096;

    pub(crate) fn new(bytes: &[u8]) -> Aligned {
        let mut memory = vec![0; bytes.len() + 2 * Self::PAGE + Self::MARGIN];
        let start = Self::PAGE + memory.as_ptr().align_offset(Self::PAGE);
        memory[start..start + bytes.len()].copy_from_slice(bytes);
        Aligned { memory, start, len: bytes.len() }
    }

    /// The address of the bytes, for functions that also write around them.
    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        unsafe { self.memory.as_mut_ptr().add(self.start) }
    }

    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..self.start + self.len]
    }
}
