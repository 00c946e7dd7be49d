//! Other programs: Python's and Node's, which run the scripts of their peers.

use std::io::Write;
use std::process::{Command, Stdio};

/// The variables that name the programs.
pub(crate) const PYTHON: &str = "WSCODEC_PYTHON";
pub(crate) const NODE: &str = "WSCODEC_NODE";

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers");

/// The output of a script that reads this input.
pub(crate) fn run(variable: &str, script: &str, input: &[u8]) -> Result<String, String> {
    let program =
        std::env::var(variable).map_err(|_| format!("{variable} is not set"))?;
    let mut child = Command::new(&program)
        .arg(format!("{SCRIPTS}/{script}"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("{program}: {error}"))?;
    // A script that ends early reports the reason itself.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let error = stderr.lines().find(|line| line.contains("Error"));
        return Err(format!("{script}: {}", error.unwrap_or(&stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| error.to_string())
}

/// Versions of the peers that the scripts run, of those that run.
pub(crate) fn versions() -> Vec<String> {
    let scripts = [(PYTHON, "versions.py"), (NODE, "versions.mjs")];
    let outputs = scripts.map(|(variable, script)| run(variable, script, b""));
    outputs.iter().flatten().flat_map(|output| output.lines()).map(String::from).collect()
}

/// The output of a program, if it runs.
pub(crate) fn printed(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_string())
}
