//! The results: figures, verdicts, the table.

use crate::machine::Machine;
use crate::targets::{Target, Unit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Figures, or the reason why there are none.
pub(crate) type Outcome = Result<Figures, String>;

/// Ours and a peer's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Figures {
    pub(crate) ours: f64,
    pub(crate) peer: Option<f64>,
    pub(crate) ratio: Option<f64>,
}

impl Figures {
    /// Figures of times taken in turns; the ratio is the median of the ratios of all rounds.
    pub(crate) fn of(ours: &[f64], peer: &[f64]) -> Figures {
        let ratios = ours.iter().zip(peer).map(|(ours, peer)| ours / peer);
        Figures {
            ours: median(ours.iter().copied()),
            peer: Some(median(peer.iter().copied())),
            ratio: Some(median(ratios)),
        }
    }

    /// Figures of two numbers.
    pub(crate) fn pair(ours: f64, peer: f64) -> Figures {
        Figures { ours, peer: Some(peer), ratio: Some(ours / peer) }
    }

    /// A ratio that differs from another by less than this factor does not differ.
    fn tie(&self) -> f64 {
        if self.ours < 5.0 { 1.10 } else { 1.05 }
    }

    /// Figures of one number.
    pub(crate) fn alone(ours: f64) -> Figures {
        Figures { ours, peer: None, ratio: None }
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Whether a target was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    #[serde(rename = "stretch")]
    Stretch,
    #[serde(rename = "ok")]
    Ok,
    /// Short by less than is significant.
    #[serde(rename = "tie")]
    Tie,
    /// Short, but as fast as memset() or memcpy(): it cannot be met on this machine.
    #[serde(rename = "floor")]
    Floor,
    #[serde(rename = "SHORT")]
    Short,
    /// There is no target.
    #[serde(rename = "info")]
    Info,
    #[serde(rename = "not run")]
    NotRun,
}

impl Verdict {
    fn of(target: &Target, figures: Option<&Figures>) -> Verdict {
        let Some(figures) = figures else { return Verdict::NotRun };
        let (Some(must), Some(ratio)) = (target.must, figures.ratio) else {
            return Verdict::Info;
        };
        // As it is printed.
        let ratio = (ratio * 1000.0).round() / 1000.0;
        match target.stretch {
            Some(stretch) if ratio <= stretch => Verdict::Stretch,
            _ if ratio <= must => Verdict::Ok,
            _ if ratio <= must * figures.tie() => Verdict::Tie,
            _ => Verdict::Short,
        }
    }
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

/// A target and its result.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    #[serde(flatten)]
    pub(crate) target: Target,
    /// Medians of the runs.
    pub(crate) figures: Option<Figures>,
    /// The ratio of each run.
    pub(crate) ratios: Vec<f64>,
    pub(crate) verdict: Verdict,
    /// The reason why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

impl Line {
    /// A result from the outcomes of several runs.
    fn of(target: Target, outcomes: &[Outcome]) -> Line {
        let runs: Vec<_> = outcomes.iter().flatten().collect();
        let ratios: Vec<_> = runs.iter().filter_map(|run| run.ratio).collect();
        let figures = (!runs.is_empty()).then(|| Figures {
            ours: median(runs.iter().map(|run| run.ours)),
            peer: runs[0].peer.map(|_| median(runs.iter().filter_map(|run| run.peer))),
            ratio: runs[0].ratio.map(|_| median(ratios.iter().copied())),
        });
        let verdict = Verdict::of(&target, figures.as_ref());
        let why = outcomes.iter().find_map(|outcome| outcome.clone().err());
        Line { target, figures, ratios, verdict, why }
    }

    /// Whether ours takes no longer than the floor.
    fn is_floor(&self) -> bool {
        let figures = self.figures.as_ref().filter(|_| self.target.is_floor());
        figures.is_some_and(|figures| figures.ratio.is_some_and(|r| r <= figures.tie()))
    }
}

/// All that a run of the program found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) runs: usize,
    pub(crate) rows: Vec<Line>,
}

impl Report {
    /// `runs` are the outcomes of each run, in the order of the targets.
    pub(crate) fn new(
        machine: Machine,
        targets: Vec<Target>,
        runs: &[Vec<Outcome>],
    ) -> Report {
        let line = |(at, target): (usize, Target)| {
            let outcomes: Vec<_> = runs.iter().map(|run| run[at].clone()).collect();
            Line::of(target, &outcomes)
        };
        let mut rows: Vec<Line> = targets.into_iter().enumerate().map(line).collect();
        let at_a_floor: Vec<Target> = rows
            .iter()
            .filter(|line| line.is_floor())
            .map(|line| line.target.clone())
            .collect();
        for line in rows.iter_mut().filter(|line| line.verdict == Verdict::Short) {
            if at_a_floor.iter().any(|floor| floor.is_beside(&line.target)) {
                line.verdict = Verdict::Floor;
            }
        }
        Report { machine, runs: runs.len(), rows }
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.rows.iter().filter(|line| line.verdict == verdict).count()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}", self.machine)?;
        writeln!(f, "medians of {} processes; ns of CPU time, or bytes\n", self.runs)?;
        writeln!(
            f,
            "{:<4}{:<32}{:>8}  {:<21}{:<18}{:>11}{:>11}{:>8}{:>6}{:>8}",
            "row",
            "quantity",
            "size",
            "ours",
            "peer",
            "ours",
            "peer",
            "ratio",
            "must",
            "stretch"
        )?;
        for line in &self.rows {
            writeln!(f, "{}", line.to_string().trim_end())?;
        }
        writeln!(
            f,
            "\n{} lines: {} stretch, {} ok, {} tie, {} floor, {} SHORT, {} not run, {} for information",
            self.rows.len(),
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

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let Target { row, quantity, size, ours, peer, must, stretch, unit } =
            &self.target;
        let size = bytes_label(*size);
        write!(f, "{row:<4}{quantity:<32}{size:>8}  {ours:<21}{peer:<18}")?;
        let Some(figures) = &self.figures else {
            return write!(f, "not run: {}", self.why.as_deref().unwrap_or_default());
        };
        let decimals = if *unit == Unit::Ns && figures.ours < 100.0 { 1 } else { 0 };
        let show = |value: Option<f64>, decimals| {
            value.map_or_else(|| "-".into(), |value| format!("{value:.decimals$}"))
        };
        write!(
            f,
            "{:>11}{:>11}{:>8}{:>6}{:>8}  {}",
            show(Some(figures.ours), decimals),
            show(figures.peer, decimals),
            show(figures.ratio, 3),
            show(*must, 2),
            show(*stretch, 2),
            self.verdict,
        )
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
