//! The result as a picture: a bar for each subject that has an aim, as long as our time is a
//! fraction of the best peer's. The part of it that is the floor's is darker.

use crate::outcome::Beside;
use crate::report::{Line, Report, tie};
use crate::table::bytes_label;
use crate::targets::Unit;
use std::fmt::Write;

const WIDTH: usize = 760;
const ROW: usize = 17;
/// Where the bars start, and how long one is that stands for the best peer's time.
const LEFT: usize = 215;
const SAME: f64 = 165.0;
/// Longer bars are cut.
const LONGEST: f64 = 2.0;
/// Where the columns behind the bars start and end.
const PEER: usize = 556;
const FLOOR: usize = WIDTH - 2;

/// Colours that can be read on white and on black.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #7d8590 }
.title { font-weight: 600 }
.right { text-anchor: end }
.middle { text-anchor: middle }
.faster { fill: #79b8ff }
.faster.floor { fill: #1f6feb }
.slower { fill: #f0a35e }
.slower.floor { fill: #bd561d }
.same { stroke: #7d8590; stroke-width: 1 }";

/// Comparisons with itself.
const ITSELF: [&str; 2] = ["aligned", "binary"];

pub(crate) fn draw(report: &Report) -> String {
    let top = 5 * ROW;
    let mut body = String::new();
    let (mut y, mut quantity) = (top, "");
    for bar in report.lines.iter().filter_map(Bar::of) {
        if bar.line.subject.quantity != quantity {
            quantity = &bar.line.subject.quantity;
            y += ROW + ROW / 2;
            text(&mut body, 0, y, "title", quantity);
        }
        y += ROW;
        bar.draw(&mut body, y);
    }
    let bottom = y + ROW / 2;
    let height = bottom + ROW / 2;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\">\n<style>\n{STYLE}\n</style>\n"
    );
    head(&mut svg, report);
    svg += &body;
    let x = LEFT as f64 + SAME;
    let _ = writeln!(
        svg,
        "<line class=\"same\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{bottom}\"/>",
        top + 4
    );
    svg + "</svg>\n"
}

fn head(svg: &mut String, report: &Report) {
    let title = "wscodec's CPU time as a fraction of the best peer's: shorter is faster";
    text(svg, 0, ROW, "title", title);
    let (cpu, day) = (&report.machine.cpu, report.machine.date.split('T').next());
    text(svg, 0, 2 * ROW, "", &format!("{cpu}, {}", day.unwrap_or_default()));
    let y = 3 * ROW + ROW / 2;
    for (x, classes, meaning) in [
        (0, ["faster floor", "slower floor"], "what nothing can avoid on this machine"),
        (320, ["faster", "faster"], "the rest"),
        (420, ["slower", "slower"], "the rest, if the best peer is faster"),
    ] {
        for (at, class) in classes.into_iter().enumerate() {
            rectangle(svg, class, (x + 7 * at) as f64, y, 7.0);
        }
        text(svg, x + 20, y, "", meaning);
    }
    let y = 5 * ROW;
    text(svg, LEFT + SAME as usize, y, "middle", "the best peer's time");
    text(svg, PEER, y, "title", "x best peer");
    text(svg, FLOOR, y, "title right", "x floor");
}

struct Bar<'a> {
    line: &'a Line,
    peer: &'a str,
    best: Beside,
    floor: Beside,
}

impl Bar<'_> {
    fn of(line: &Line) -> Option<Bar<'_>> {
        let has_aim = line.peers.iter().any(|judged| judged.peer.must.is_some());
        let (peer, best) = line.best()?;
        if !has_aim || line.subject.unit != Unit::Ns || ITSELF.contains(&peer) {
            return None;
        }
        let floor = line.floor.as_ref()?.compared.beside?;
        Some(Bar { line, peer, best, floor })
    }

    fn draw(&self, svg: &mut String, y: usize) {
        let subject = &self.line.subject;
        let label = format!("{}, {}", subject.ours, bytes_label(subject.size));
        text(svg, LEFT - 8, y, "right", &label);
        let (ratio, above) = (self.best.ratio, self.floor.ratio);
        let same = self.line.value.map_or(1.0, tie);
        let class = if ratio > same { "slower" } else { "faster" };
        let long = ratio.min(LONGEST) * SAME;
        let floor = (ratio / above.max(1.0)).min(LONGEST) * SAME;
        rectangle(svg, class, LEFT as f64, y, long);
        rectangle(svg, &format!("{class} floor"), LEFT as f64, y, floor);
        text(svg, PEER, y, "", &format!("{ratio:.2}  {}", self.peer));
        text(svg, FLOOR, y, "right", &format!("{above:.1}"));
    }
}

fn rectangle(svg: &mut String, class: &str, x: f64, y: usize, long: f64) {
    let (top, height) = (y + 6 - ROW, ROW - 5);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{long:.1}\" height=\"{height}\"/>"
    );
}

fn text(svg: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::line;

    #[test]
    fn a_bar_is_as_long_as_the_fraction_of_the_best_peer() {
        let line = line(Some(0.5));
        let mut svg = String::new();
        Bar::of(&line).unwrap().draw(&mut svg, 100);
        let width = |class: &str| {
            let rect =
                svg.lines().find(|text| text.contains(&format!("class=\"{class}\"")));
            let width =
                rect.and_then(|rect| rect.split("width=\"").nth(1)?.split('"').next());
            width.and_then(|width| width.parse::<f64>().ok()).unwrap()
        };
        assert!((width("faster") - 0.5 * SAME).abs() < 0.1, "{svg}");
        assert!((width("faster floor") - 0.1 * SAME).abs() < 0.1, "{svg}");
        assert!(svg.contains(">0.50  fast<") && svg.contains(">5.0<"), "{svg}");
    }

    #[test]
    fn what_has_no_aim_has_no_bar() {
        assert!(Bar::of(&line(None)).is_none());
    }
}
