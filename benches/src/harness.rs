//! Sides of a comparison, checked for equality and timed in turns.

use crate::floors;
use crate::outcome::{Beside, Outcome, median};
use crate::table::bytes_label;
use crate::targets::Subject;
use std::hint::black_box;
use std::mem::MaybeUninit;

/// Samples of each side, and nanoseconds that one of them should take.
const ROUNDS: usize = 31;
const SAMPLE: f64 = 1e6;
/// Functions that take longer than a sample are timed less often.
const FEWEST_ROUNDS: usize = 9;

/// What is to be measured, and the outcomes so far.
pub(crate) struct Bench {
    subjects: Vec<Subject>,
    outcomes: Vec<Option<Outcome>>,
}

impl Bench {
    pub(crate) fn new(subjects: Vec<Subject>) -> Bench {
        let outcomes = vec![None; subjects.len()];
        Bench { subjects, outcomes }
    }

    /// The sizes of a quantity that are wanted.
    pub(crate) fn sizes(&self, quantity: &str) -> Vec<usize> {
        let mut sizes: Vec<_> =
            self.of(quantity).map(|(_, subject)| subject.size).collect();
        sizes.sort_unstable();
        sizes.dedup();
        sizes
    }

    /// The sides of a quantity that are wanted.
    pub(crate) fn sides(&self, quantity: &str) -> Vec<String> {
        let sides = |subject: &Subject| {
            let others = subject.others().map(String::from);
            others.chain([subject.ours.clone()]).collect::<Vec<_>>()
        };
        let mut sides: Vec<_> =
            self.of(quantity).flat_map(|(_, subject)| sides(subject)).collect();
        sides.sort_unstable();
        sides.dedup();
        sides
    }

    fn of(&self, quantity: &str) -> impl Iterator<Item = (usize, &Subject)> {
        let subjects = self.subjects.iter().enumerate();
        subjects.filter(move |(_, subject)| subject.quantity == quantity)
    }

    /// Times the sides of a group that are wanted.
    pub(crate) fn measure(&mut self, mut group: Group) {
        self.announce(group.quantity, group.size);
        let wanted: Vec<_> = self
            .of(group.quantity)
            .filter(|(_, subject)| subject.size == group.size)
            .map(|(_, subject)| subject)
            .collect();
        group.sides.retain(|side| wanted.iter().any(|subject| subject.needs(side.name)));
        let measured = Measured { sides: group.time(), missing: group.missing };
        self.record(group.quantity, group.size, &measured);
    }

    /// Says what is measured now, and how much of all that is.
    pub(crate) fn announce(&self, quantity: &str, size: usize) {
        let done = self.outcomes.iter().flatten().count();
        let percent = 100 * done / self.outcomes.len();
        eprintln!("  {percent:>3} %  {quantity}, {}", bytes_label(size));
    }

    /// Notes the outcome of a quantity of a size.
    pub(crate) fn record(&mut self, quantity: &str, size: usize, measured: &Measured) {
        for (subject, noted) in self.subjects.iter().zip(&mut self.outcomes) {
            if subject.quantity == quantity && subject.size == size {
                *noted = Some(measured.outcome(subject));
            }
        }
    }

    /// The outcomes, in the order of the subjects: none is left out.
    pub(crate) fn finish(self) -> Vec<Outcome> {
        let nobody = || Outcome::none("nothing measures this");
        self.outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(nobody)).collect()
    }
}

/// The values of the sides of a comparison.
#[derive(Default)]
pub(crate) struct Measured {
    pub(crate) sides: Vec<Values>,
    /// Sides that are missing, with the reason.
    pub(crate) missing: Vec<(String, String)>,
}

/// Nanoseconds that an operation took, round by round; or a number of bytes.
pub(crate) struct Values {
    pub(crate) side: String,
    pub(crate) values: Vec<f64>,
}

impl Measured {
    pub(crate) fn add(&mut self, side: &str, value: Result<f64, String>) {
        let side = side.to_string();
        match value {
            Ok(value) => self.sides.push(Values { side, values: vec![value] }),
            Err(why) => self.missing.push((side, why)),
        }
    }

    fn outcome(&self, subject: &Subject) -> Outcome {
        let ours = match self.values(&subject.ours) {
            Ok(ours) => ours,
            Err(why) => return Outcome::none(&why),
        };
        let beside = |other: &str| {
            let beside = self.values(other).map(|theirs| Beside::of(ours, theirs));
            (other.to_string(), beside)
        };
        Outcome {
            ours: Ok(median(ours.iter().copied())),
            others: subject.others().map(beside).collect(),
        }
    }

    fn values(&self, name: &str) -> Result<&[f64], String> {
        if let Some(side) = self.sides.iter().find(|values| values.side == name) {
            return Ok(&side.values);
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

    /// Adds the floor of the quantity.
    pub(crate) fn floor<T>(&mut self, call: impl FnMut() -> T + 'a) {
        let name = floors::of(self.quantity).expect("the floor of a quantity");
        self.unchecked(name, call);
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
    fn time(&mut self) -> Vec<Values> {
        self.sides.iter_mut().for_each(Side::calibrate);
        let rounds = self.rounds();
        let empty = |side: &Side| Values { side: side.name.into(), values: Vec::new() };
        let mut measured: Vec<_> = self.sides.iter().map(empty).collect();
        for round in 0..rounds {
            for turn in 0..self.sides.len() {
                // Nobody always comes after the same other.
                let at = (round + turn) % self.sides.len();
                let side = &mut self.sides[at];
                let operations = side.calls as f64 * self.operations;
                measured[at].values.push((side.time)(side.calls) / operations);
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
