//! Python: measured by peers/python, which runs the sides in turns, too.

use crate::harness::{Bench, Measured, Values};
use crate::programs::{self, PYTHON};
use crate::targets::{PYTHON_BATCH, PYTHON_ECHO, PYTHON_ECHO_16, PYTHON_SINGLE};
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

/// The quantities, and the names that the script has for them.
const MEASUREMENTS: [(&str, &str); 4] = [
    (PYTHON_BATCH, "batch"),
    (PYTHON_SINGLE, "single"),
    (PYTHON_ECHO, "echo"),
    (PYTHON_ECHO_16, "echo-16"),
];

pub(crate) fn run(bench: &mut Bench) {
    for (quantity, name) in MEASUREMENTS {
        for size in bench.sizes(quantity) {
            bench.announce(quantity, size);
            let measured = measure(name, size).unwrap_or_else(|why| {
                let missing = |side| (side, why.clone());
                let missing = bench.sides(quantity).into_iter().map(missing).collect();
                Measured { sides: Vec::new(), missing }
            });
            bench.record(quantity, size, &measured);
        }
    }
}

fn measure(name: &str, size: usize) -> Result<Measured, String> {
    let output = programs::run(PYTHON, "python", format!("{name} {size}").as_bytes())?;
    let printed: Printed =
        serde_json::from_str(&output).map_err(|error| format!("Python: {error}"))?;
    let sides = printed.times.into_iter().map(|(side, values)| Values { side, values });
    let missing = printed.missing.into_iter().collect();
    Ok(Measured { sides: sides.collect(), missing })
}
