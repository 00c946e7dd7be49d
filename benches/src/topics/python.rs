//! Python: measured by peers/python.py, which runs the sides in turns, too.

use crate::harness::{Bench, Measured, Times};
use crate::programs::{self, PYTHON};
use crate::targets::{PYTHON_BATCH, PYTHON_SINGLE};
use serde::Deserialize;
use std::collections::BTreeMap;

/// The output of the script for each quantity.
#[derive(Deserialize)]
struct Printed {
    /// Nanoseconds that a frame took, round by round.
    times: BTreeMap<String, Vec<f64>>,
    /// Modules that cannot be imported, with the reason.
    missing: BTreeMap<String, String>,
}

pub(crate) fn run(bench: &mut Bench) {
    for (quantity, name) in [(PYTHON_BATCH, "batch"), (PYTHON_SINGLE, "single")] {
        for size in bench.sizes(quantity) {
            let measured = measure(name, size);
            bench.note(quantity, |target| {
                let belongs = target.size == size;
                belongs.then(|| measured.as_ref().map_err(Clone::clone)?.outcome(target))
            });
        }
    }
}

fn measure(name: &str, size: usize) -> Result<Measured, String> {
    eprintln!("  Python, {name}, {size} B");
    let output = programs::run(PYTHON, "python.py", format!("{name} {size}").as_bytes())?;
    let printed: Printed =
        serde_json::from_str(&output).map_err(|error| format!("python.py: {error}"))?;
    let sides = printed.times.into_iter().map(|(name, times)| Times { name, times });
    let missing = printed.missing.into_iter().collect();
    Ok(Measured { sides: sides.collect(), missing })
}
