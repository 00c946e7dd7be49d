//! What one process found.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Ours, and the others beside it by name; or the reasons why there is nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) ours: Result<f64, String>,
    pub(crate) others: BTreeMap<String, Result<Beside, String>>,
}

impl Outcome {
    pub(crate) fn none(why: &str) -> Outcome {
        Outcome { ours: Err(why.to_string()), others: BTreeMap::new() }
    }
}

/// A peer or a floor.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Beside {
    pub(crate) value: f64,
    /// Ours, divided by the value.
    pub(crate) ratio: f64,
}

impl Beside {
    /// Of values taken in turns: the ratio is the median of the ratios of all rounds.
    pub(crate) fn of(ours: &[f64], theirs: &[f64]) -> Beside {
        let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| ours / theirs);
        Beside { value: median(theirs.iter().copied()), ratio: median(ratios) }
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
