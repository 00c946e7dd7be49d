//! The result of all processes: medians, ratios and verdicts.

use crate::machine::Machine;
use crate::outcome::{Beside, Outcome, median};
use crate::targets::{Peer, Subject};
use serde::{Deserialize, Serialize};

/// All that a run of the program found.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) runs: usize,
    pub(crate) lines: Vec<Line>,
}

/// A subject and its results.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    #[serde(flatten)]
    pub(crate) subject: Subject,
    /// Ours.
    pub(crate) value: Option<f64>,
    /// The reason why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
    pub(crate) floor: Option<Floor>,
    /// The best one first.
    pub(crate) peers: Vec<Judged>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Floor {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) compared: Compared,
}

/// What was measured of another side.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Compared {
    /// Medians of the runs.
    #[serde(flatten)]
    pub(crate) beside: Option<Beside>,
    /// The ratio of each run.
    pub(crate) ratios: Vec<f64>,
    /// The reason why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// A peer, with the aims beside it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Judged {
    #[serde(flatten)]
    pub(crate) peer: Peer,
    #[serde(flatten)]
    pub(crate) compared: Compared,
    pub(crate) verdict: Verdict,
}

/// Whether an aim was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Verdict {
    #[serde(rename = "stretch")]
    Stretch,
    #[serde(rename = "ok")]
    Ok,
    /// Short by less than is significant.
    #[serde(rename = "tie")]
    Tie,
    /// Short, but not slower than the floor: it cannot be met on this machine.
    #[serde(rename = "floor")]
    Floor,
    #[serde(rename = "SHORT")]
    Short,
    /// There is no aim.
    #[serde(rename = "info")]
    Info,
    #[serde(rename = "not run")]
    NotRun,
}

impl Report {
    /// `runs` are the outcomes of each run, in the order of the subjects.
    pub(crate) fn new(
        machine: Machine,
        subjects: Vec<Subject>,
        runs: &[Vec<Outcome>],
    ) -> Report {
        let line = |(at, subject): (usize, Subject)| {
            let outcomes: Vec<_> = runs.iter().map(|run| &run[at]).collect();
            Line::of(subject, &outcomes)
        };
        let lines = subjects.into_iter().enumerate().map(line).collect();
        Report { machine, runs: runs.len(), lines }
    }

    pub(crate) fn peers(&self) -> impl Iterator<Item = &Judged> {
        self.lines.iter().flat_map(|line| &line.peers)
    }

    pub(crate) fn count(&self, verdict: Verdict) -> usize {
        self.peers().filter(|peer| peer.verdict == verdict).count()
    }
}

impl Line {
    /// A result from the outcomes of several runs.
    fn of(mut subject: Subject, outcomes: &[&Outcome]) -> Line {
        let values: Vec<_> =
            outcomes.iter().flat_map(|outcome| outcome.ours.iter().copied()).collect();
        let why = outcomes.iter().find_map(|outcome| outcome.ours.clone().err());
        let value = (!values.is_empty()).then(|| median(values.into_iter()));
        let compared = |name: &str| Compared::of(name, outcomes);
        let floor = subject
            .floor
            .map(|name| Floor { name: name.into(), compared: compared(name) });
        let at_floor = floor.as_ref().and_then(|floor| floor.compared.beside);
        let judge = |peer: Peer| {
            let compared = compared(&peer.name);
            let verdict = Verdict::of(&peer, value, compared.beside, at_floor);
            Judged { peer, compared, verdict }
        };
        let mut peers: Vec<_> =
            std::mem::take(&mut subject.peers).into_iter().map(judge).collect();
        let time = |peer: &Judged| {
            peer.compared.beside.map_or(f64::INFINITY, |beside| beside.value)
        };
        peers.sort_by(|a, b| time(a).total_cmp(&time(b)));
        Line { subject, value, why, floor, peers }
    }

    /// The peer that takes least.
    pub(crate) fn best(&self) -> Option<(&str, Beside)> {
        let best = self.peers.first()?;
        Some((&best.peer.name, best.compared.beside?))
    }
}

impl Compared {
    fn of(name: &str, outcomes: &[&Outcome]) -> Compared {
        let found = || outcomes.iter().flat_map(|outcome| outcome.others.get(name));
        let ran: Vec<_> = found().flatten().collect();
        let ratios: Vec<_> = ran.iter().map(|beside| beside.ratio).collect();
        let beside = (!ran.is_empty()).then(|| Beside {
            value: median(ran.iter().map(|beside| beside.value)),
            ratio: median(ratios.iter().copied()),
        });
        let why = found().find_map(|beside| beside.clone().err());
        Compared { beside, ratios, why }
    }
}

impl Verdict {
    fn of(
        peer: &Peer,
        ours: Option<f64>,
        beside: Option<Beside>,
        floor: Option<Beside>,
    ) -> Verdict {
        let (Some(ours), Some(beside)) = (ours, beside) else { return Verdict::NotRun };
        let Some(must) = peer.must else { return Verdict::Info };
        let tie = tie(ours);
        // As it is printed.
        let ratio = (beside.ratio * 1000.0).round() / 1000.0;
        match peer.stretch {
            Some(stretch) if ratio <= stretch => Verdict::Stretch,
            _ if ratio <= must => Verdict::Ok,
            _ if ratio <= must * tie => Verdict::Tie,
            _ if floor.is_some_and(|floor| floor.ratio <= tie) => Verdict::Floor,
            _ => Verdict::Short,
        }
    }
}

/// A ratio that differs from another by less than this factor does not differ.
pub(crate) fn tie(nanoseconds: f64) -> f64 {
    if nanoseconds < 5.0 { 1.10 } else { 1.05 }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::targets::Unit;
    use std::collections::BTreeMap;

    fn verdict(ours: f64, ratio: f64, floor: f64) -> Verdict {
        let peer = peer("peer", Some(0.5));
        let beside = |ratio| Some(Beside { value: ours / ratio, ratio });
        Verdict::of(&peer, Some(ours), beside(ratio), beside(floor))
    }

    fn peer(name: &str, must: Option<f64>) -> Peer {
        Peer { name: name.into(), must, stretch: must.map(|must| must * 0.8) }
    }

    /// Three runs beside two peers, one that is missing, and a floor.
    pub(crate) fn line(must: Option<f64>) -> Line {
        let run = |ours: f64, fast: f64| {
            let beside = |value| Ok(Beside { value, ratio: ours / value });
            let others = [
                ("slow".to_string(), beside(4.0 * fast)),
                ("absent".to_string(), Err("not installed".to_string())),
                ("fast".to_string(), beside(fast)),
                ("memset".to_string(), beside(ours / 5.0)),
            ];
            Outcome { ours: Ok(ours), others: BTreeMap::from(others) }
        };
        let subject = Subject {
            row: "mask".into(),
            quantity: "mask in place".into(),
            size: 2048,
            ours: "ws_mask".into(),
            unit: Unit::Ns,
            floor: Some("memset"),
            peers: ["absent", "slow", "fast"].map(|name| peer(name, must)).into(),
        };
        let runs = [run(10.0, 20.0), run(30.0, 30.0), run(20.0, 80.0)];
        Line::of(subject, &runs.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_verdict_compares_the_ratio_with_the_aims() {
        assert_eq!(verdict(100.0, 0.40, 2.0), Verdict::Stretch);
        assert_eq!(verdict(100.0, 0.41, 2.0), Verdict::Ok);
        assert_eq!(verdict(100.0, 0.50, 2.0), Verdict::Ok);
        assert_eq!(verdict(100.0, 0.52, 2.0), Verdict::Tie);
        assert_eq!(verdict(100.0, 0.54, 2.0), Verdict::Short);
    }

    #[test]
    fn below_five_nanoseconds_a_tie_is_wider() {
        assert_eq!(verdict(4.0, 0.54, 2.0), Verdict::Tie);
    }

    #[test]
    fn nothing_is_short_that_is_at_its_floor() {
        assert_eq!(verdict(100.0, 0.9, 1.04), Verdict::Floor);
        assert_eq!(verdict(100.0, 0.9, 1.06), Verdict::Short);
    }

    #[test]
    fn a_line_has_the_medians_of_the_runs_and_the_best_peer_first() {
        let line = line(None);
        assert_eq!(line.value, Some(20.0));
        let names: Vec<_> = line.peers.iter().map(|peer| &*peer.peer.name).collect();
        assert_eq!(names, ["fast", "slow", "absent"]);
        let (name, best) = line.best().unwrap();
        assert_eq!((name, best.value, best.ratio), ("fast", 30.0, 0.5));
        let floor = line.floor.unwrap().compared.beside.unwrap();
        assert_eq!((floor.value, floor.ratio), (4.0, 5.0));
    }

    #[test]
    fn a_peer_that_is_missing_has_a_reason() {
        let absent = &line(Some(0.5)).peers[2];
        assert_eq!(absent.verdict, Verdict::NotRun);
        assert_eq!(absent.compared.why.as_deref(), Some("not installed"));
    }

    #[test]
    fn a_report_is_read_as_it_was_written() {
        let line = line(Some(0.5));
        let text = serde_json::to_string(&line).unwrap();
        let again: Line = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), text);
    }
}
