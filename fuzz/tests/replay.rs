//! Runs each target over its committed corpus, without libFuzzer.

use base64::prelude::{BASE64_STANDARD as STANDARD, Engine};
use std::fs;
use std::path::Path;

/// The inputs of a target: a line each, in base64.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("corpus/{name}.txt"));
    let text =
        fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let inputs = text.lines().filter(|line| !line.starts_with('#'));
    inputs.map(|line| STANDARD.decode(line).expect("base64")).collect()
}

#[test]
fn every_target_passes_on_its_corpus() {
    std::thread::scope(|scope| {
        for (name, run) in wscodec_fuzz::targets::ALL {
            let replay = move || {
                let inputs = corpus(name);
                assert!(inputs.len() > 10, "{name} has {} inputs", inputs.len());
                inputs.iter().for_each(|input| run(input));
            };
            let thread = std::thread::Builder::new().name((*name).into());
            thread.spawn_scoped(scope, replay).expect("a thread");
        }
    });
}
