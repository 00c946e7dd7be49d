//! The machine and the versions that were measured.

use crate::programs::printed;
use crate::{peers, programs};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::fs::read_to_string;
use std::process::Command;

/// Everything that the results depend on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Machine {
    /// UTC.
    pub(crate) date: String,
    pub(crate) cpu: String,
    /// Those that masking, hashing and validating could use.
    pub(crate) flags: Vec<String>,
    pub(crate) cores: usize,
    /// Processes that wanted to run in the minute before.
    pub(crate) load: String,
    pub(crate) kernel: String,
    pub(crate) compilers: Vec<String>,
    /// "name version"
    pub(crate) peers: Vec<String>,
}

const FLAGS: [&str; 12] = [
    "sse2",
    "ssse3",
    "sse4_2",
    "avx2",
    "bmi2",
    "avx512f",
    "avx512bw",
    "avx512vl",
    "avx512_vbmi2",
    "gfni",
    "sha_ni",
    "fsrm",
];

impl Machine {
    pub(crate) fn this() -> Machine {
        let cpu = read_to_string("/proc/cpuinfo").unwrap_or_default();
        let has: Vec<_> = value_of(&cpu, "flags").split(' ').collect();
        let flags = FLAGS.iter().filter(|flag| has.contains(flag));
        let mut versions: Vec<_> = env!("CRATES").split(", ").map(String::from).collect();
        versions.extend(peers::system_versions());
        versions.extend(programs::versions());
        Machine {
            date: date(),
            cpu: value_of(&cpu, "model name").to_string(),
            flags: flags.map(ToString::to_string).collect(),
            cores: std::thread::available_parallelism().map_or(0, Into::into),
            load: first_word("/proc/loadavg"),
            kernel: kernel(),
            compilers: vec![env!("RUSTC").to_string(), env!("CC").to_string()],
            peers: versions,
        }
    }
}

fn value_of<'a>(cpuinfo: &'a str, name: &str) -> &'a str {
    let line = cpuinfo.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(": ")).map_or("unknown", |(_, value)| value)
}

fn first_word(path: &str) -> String {
    let text = read_to_string(path).unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_string()
}

/// The version, without what a distribution adds.
fn kernel() -> String {
    let release = first_word("/proc/sys/kernel/osrelease");
    release.split('-').next().unwrap_or_default().to_string()
}

/// The output of `date`, since the standard library has no calendar.
fn date() -> String {
    let mut command = Command::new("date");
    printed(command.args(["-u", "+%Y-%m-%dT%H:%M:%SZ"]))
        .unwrap_or_else(|| "unknown".into())
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Machine { date, cpu, flags, cores, load, kernel, compilers, peers } = self;
        writeln!(f, "{date}, {cores} cores of {cpu}, load {load}, Linux {kernel}")?;
        writeln!(f, "flags: {}", flags.join(" "))?;
        writeln!(f, "compilers: {}", compilers.join("; "))?;
        writeln!(f, "peers: {}", peers.join(", "))
    }
}
