//! Measures wscodec against other libraries. Ours is called through the C ABI of the shared
//! library.
//!
//! The program starts itself several times, so that no result depends on the memory layout of one
//! process; each of these processes runs all sides of a comparison in turns.

mod abi;
mod chart;
mod floors;
mod harness;
mod machine;
mod outcome;
mod peers;
mod programs;
mod report;
mod sink;
mod stream;
mod table;
mod targets;
mod topics;

use abi::{Abi, SharedLibrary};
use harness::Bench;
use machine::Machine;
use outcome::Outcome;
use report::{Report, Verdict};
use std::process::{Command, ExitCode, Stdio};
use targets::Subject;

const HELP: &str = "\
usage: wscodec-bench [OPTION]... [ROW]...

Measures wscodec against other libraries, and against the floor: what no implementation can
avoid on this machine. Prints our time, as a multiple of the floor's and of each peer's, too.
Without a ROW, all rows are measured.

  --runs N     number of processes; the results are medians (3)
  --json FILE  writes the results
  --svg FILE   draws the results
  --from FILE  does not measure, but reads results written by --json
  --check      exits with 1 if a result is SHORT
  --help       prints this text

WSCODEC_LIBRARY is the shared library (target/lib/libwscodec.so). WSCODEC_PYTHON,
WSCODEC_NODE and WSCODEC_NODE_MODULES are the places of peers that are not compiled; the
rows of missing peers are not run, and state the reason.

The rows:
";

/// An option for the processes that the program starts.
const CHILD: &str = "--child";

fn main() -> ExitCode {
    match Options::parse(std::env::args().skip(1)).and_then(|options| run(&options)) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("wscodec-bench: {error}");
            ExitCode::from(2)
        }
    }
}

#[derive(Default)]
struct Options {
    help: bool,
    child: bool,
    check: bool,
    runs: usize,
    json: Option<String>,
    svg: Option<String>,
    from: Option<String>,
    rows: Vec<String>,
}

impl Options {
    fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
        let mut options = Options { runs: 3, ..Options::default() };
        while let Some(argument) = arguments.next() {
            let mut value =
                || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--help" => options.help = true,
                CHILD => options.child = true,
                "--check" => options.check = true,
                "--runs" => options.runs = number(&value()?)?,
                "--json" => options.json = Some(value()?),
                "--svg" => options.svg = Some(value()?),
                "--from" => options.from = Some(value()?),
                row if row.starts_with('-') => return Err(format!("{row}? See --help")),
                row => options.rows.push(row.to_string()),
            }
        }
        Ok(options)
    }
}

fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|number| *number > 0)
        .ok_or(format!("{text} is not a number"))
}

fn help() -> String {
    let row = |(name, what): &(&str, &str)| format!("  {name:<15}{what}\n");
    HELP.to_string() + &targets::ROWS.iter().map(row).collect::<String>()
}

fn run(options: &Options) -> Result<ExitCode, String> {
    if options.help {
        print!("{}", help());
        return Ok(ExitCode::SUCCESS);
    }
    if options.child {
        let outcomes = measure(targets::of_rows(&options.rows)?)?;
        println!(
            "{}",
            serde_json::to_string(&outcomes).map_err(|error| error.to_string())?
        );
        return Ok(ExitCode::SUCCESS);
    }
    let report = match &options.from {
        Some(file) => read(file)?,
        None => collect(options)?,
    };
    print!("{report}");
    if let Some(file) = &options.json {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| error.to_string())?;
        write(file, &(text + "\n"))?;
    }
    if let Some(file) = &options.svg {
        write(file, &chart::draw(&report))?;
    }
    let short = options.check && report.count(Verdict::Short) > 0;
    Ok(if short { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Measures in this process.
fn measure(subjects: Vec<Subject>) -> Result<Vec<Outcome>, String> {
    let path = std::env::var("WSCODEC_LIBRARY")
        .unwrap_or_else(|_| "target/lib/libwscodec.so".to_string());
    let abi = SharedLibrary::open(&path)
        .and_then(Abi::of)
        .map_err(|error| format!("{error}; `make library` builds it"))?;
    let mut bench = Bench::new(subjects);
    topics::run(&mut bench, &abi);
    Ok(bench.finish())
}

/// Measures in several processes.
fn collect(options: &Options) -> Result<Report, String> {
    let subjects = targets::of_rows(&options.rows)?;
    let machine = Machine::this();
    let mut runs = Vec::new();
    for run in 1..=options.runs {
        eprintln!("process {run} of {}", options.runs);
        runs.push(child(&options.rows)?);
    }
    Ok(Report::new(machine, subjects, &runs))
}

fn child(rows: &[String]) -> Result<Vec<Outcome>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new(program)
        .arg(CHILD)
        .args(rows)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("the measuring process ended with {}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

fn read(file: &str) -> Result<Report, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))
}

fn write(file: &str, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, String> {
        Options::parse(arguments.iter().map(ToString::to_string))
    }

    #[test]
    fn the_help_lists_all_rows() {
        for (row, _) in targets::ROWS {
            assert!(help().contains(&format!("\n  {row} ")), "{row}");
        }
    }

    #[test]
    fn options_and_rows_may_be_mixed() {
        let options = parse(&["mask", "--runs", "5", "--check", "utf8"]).unwrap();
        assert_eq!(options.rows, ["mask", "utf8"]);
        assert_eq!((options.runs, options.check), (5, true));
    }

    #[test]
    fn wrong_options_are_errors() {
        let error = |arguments: &[&str]| parse(arguments).err().unwrap();
        assert_eq!(error(&["--rows"]), "--rows? See --help");
        assert_eq!(error(&["--runs", "0"]), "0 is not a number");
        assert_eq!(error(&["--json"]), "--json needs a value");
    }
}
