//! The result as text: a block of lines for each subject, the best peer first.

use crate::report::{Compared, Floor, Judged, Line, Report, Verdict};
use crate::targets::{Subject, Unit};
use std::fmt;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.machine)?;
        writeln!(f, "medians of {} processes; ns of CPU time, or bytes\n", self.runs)?;
        let head = Cells {
            subject: ["row", "quantity", "size", "ours"].map(String::from),
            ours: ["time", "floor", "x floor"].map(String::from),
            peer: ["peer", "time", "x peer", "must", "stretch", ""].map(String::from),
        };
        writeln!(f, "{}", head.to_string().trim_end())?;
        for line in &self.lines {
            for cells in cells(line) {
                writeln!(f, "{}", cells.to_string().trim_end())?;
            }
        }
        writeln!(
            f,
            "\n{} comparisons: {} stretch, {} ok, {} tie, {} floor, {} SHORT, {} not run, {} for information",
            self.peers().count(),
            self.count(Verdict::Stretch),
            self.count(Verdict::Ok),
            self.count(Verdict::Tie),
            self.count(Verdict::Floor),
            self.count(Verdict::Short),
            self.count(Verdict::NotRun),
            self.count(Verdict::Info),
        )
    }
}

/// A line of the table.
#[derive(Default)]
struct Cells {
    subject: [String; 4],
    ours: [String; 3],
    peer: [String; 6],
}

impl fmt::Display for Cells {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let [row, quantity, size, ours] = &self.subject;
        write!(f, "{row:<15}{quantity:<31}{size:>8}  {ours:<19}")?;
        let [time, floor, above] = &self.ours;
        write!(f, "{time:>10}{floor:>9}{above:>9}  ")?;
        let [peer, time, ratio, must, stretch, verdict] = &self.peer;
        write!(f, "{peer:<18}{time:>9}{ratio:>8}{must:>6}{stretch:>8}  {verdict}")
    }
}

/// A line for each peer; what they have in common is in the first one.
fn cells(line: &Line) -> Vec<Cells> {
    let Subject { row, quantity, size, ours, unit, .. } = &line.subject;
    let decimals = match line.value {
        Some(value) if *unit == Unit::Ns && value < 100.0 => 1,
        _ => 0,
    };
    let peers = line.peers.iter().map(|judged| peer_cells(judged, decimals));
    let mut cells: Vec<_> =
        peers.map(|peer| Cells { peer, ..Cells::default() }).collect();
    if cells.is_empty() {
        cells.push(Cells::default());
    }
    cells[0].subject = [row.clone(), quantity.clone(), bytes_label(*size), ours.clone()];
    let value = number(line.value, decimals);
    cells[0].ours = match &line.floor {
        Some(Floor { compared, .. }) => {
            let least = compared.beside.map(|beside| beside.value);
            [value, number(least, decimals), ratio(compared, 2)]
        }
        None => [value, "-".into(), "-".into()],
    };
    if let (None, Some(why)) = (line.value, &line.why) {
        cells[0].peer[0] = format!("not run: {why}");
    }
    cells
}

fn peer_cells(judged: &Judged, decimals: usize) -> [String; 6] {
    let Judged { peer, compared, verdict } = judged;
    let name = peer.name.clone();
    let Some(beside) = compared.beside else {
        let why = compared.why.as_deref().unwrap_or_default();
        let mut cells: [String; 6] = Default::default();
        cells[0] = format!("{name}: not run: {why}");
        return cells;
    };
    [
        name,
        number(Some(beside.value), decimals),
        ratio(compared, 3),
        number(peer.must, 2),
        number(peer.stretch, 2),
        verdict.to_string(),
    ]
}

fn ratio(compared: &Compared, decimals: usize) -> String {
    number(compared.beside.map(|beside| beside.ratio), decimals)
}

fn number(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".into(), |value| format!("{value:.decimals$}"))
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Verdict::Stretch => "stretch",
            Verdict::Ok => "ok",
            Verdict::Tie => "tie",
            Verdict::Floor => "floor",
            Verdict::Short => "SHORT",
            Verdict::Info => "",
            Verdict::NotRun => "not run",
        })
    }
}

/// "16 KiB"
pub(crate) fn bytes_label(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::line;

    #[test]
    fn a_block_has_a_line_for_each_peer() {
        let lines = cells(&line(Some(0.5)));
        let words = |at: usize| {
            let text = lines[at].to_string();
            text.split_whitespace().map(String::from).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(lines.len(), 3);
        assert_eq!(
            words(0),
            "mask mask in place 2 KiB ws_mask 20.0 4.0 5.00 fast 30.0 0.500 0.50 0.40 ok"
        );
        assert_eq!(words(1), "slow 120.0 0.125 0.50 0.40 stretch");
        assert_eq!(words(2), "absent: not run: not installed");
    }

    #[test]
    fn sizes_are_in_the_largest_unit() {
        let labels = [0, 1023, 1024, 65536, 1 << 20].map(bytes_label);
        assert_eq!(labels, ["0 B", "1023 B", "1 KiB", "64 KiB", "1 MiB"]);
    }
}
