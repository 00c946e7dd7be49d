//! The result as a picture: a bar for each comparison with a peer that something is required of,
//! as long as our time is a fraction of the peer's.

use crate::report::{Line, Report, bytes_label};
use crate::targets::Unit;
use std::fmt::Write;

const WIDTH: usize = 720;
const ROW: usize = 17;
/// Where the bars start, and how long one is that stands for the same time.
const LEFT: usize = 230;
const SAME: f64 = 270.0;
/// Longer bars are cut.
const LONGEST: f64 = 1.55;

/// Colours that can be read on white and on black.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #7d8590 }
.title { font-weight: 600 }
.right { text-anchor: end }
.faster { fill: #2f81f7 }
.slower { fill: #d9730d }
.same { stroke: #7d8590; stroke-width: 1 }
.edge { stroke: #57606a; stroke-width: 4 }
.must { stroke: #fff; stroke-width: 2 }";

pub(crate) fn draw(report: &Report) -> String {
    let mut body = String::new();
    let mut y = 3 * ROW;
    let mut quantity = "";
    for line in drawn(report) {
        if line.target.quantity != quantity {
            quantity = &line.target.quantity;
            y += ROW + ROW / 2;
            text(&mut body, 0, y, "title", quantity);
        }
        y += ROW;
        bar(&mut body, y, line);
    }
    let (top, bottom) = (3 * ROW, y + ROW / 2);
    let height = bottom + ROW / 2;
    let title = "wscodec's CPU time as a fraction of the peer's: shorter is faster";
    let (cpu, date) = (&report.machine.cpu, &report.machine.date);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\">\n<style>\n{STYLE}\n</style>\n"
    );
    text(&mut svg, 0, ROW, "title", title);
    text(
        &mut svg,
        0,
        2 * ROW,
        "",
        &format!("{cpu}, {date}; a tick is the ratio required"),
    );
    let same = LEFT as f64 + SAME;
    text(&mut svg, same as usize + 4, top + 4, "", "1: the same time");
    svg += &body;
    vertical(&mut svg, "same", same, top - 8, bottom);
    svg + "</svg>\n"
}

/// The rows of the chart: by quantity, by peer, from small to large sizes.
fn drawn(report: &Report) -> Vec<&Line> {
    let is_drawn = |line: &&Line| {
        let with_itself = ["aligned", "binary"].contains(&line.target.peer.as_str());
        line.target.must.is_some() && line.target.unit == Unit::Ns && !with_itself
    };
    let mut lines: Vec<_> = report.rows.iter().filter(is_drawn).collect();
    let all = lines.clone();
    let first = |same: &dyn Fn(&Line) -> bool| all.iter().position(|line| same(line));
    lines.sort_by_key(|line| {
        let quantity = first(&|other| other.target.quantity == line.target.quantity);
        (
            quantity,
            first(&|other| other.target.peer == line.target.peer),
            line.target.size,
        )
    });
    lines
}

fn bar(svg: &mut String, y: usize, line: &Line) {
    let target = &line.target;
    let label = format!("{}, {}", target.peer, bytes_label(target.size));
    text(svg, LEFT - 8, y, "right", &label);
    let Some(ratio) = line.figures.and_then(|figures| figures.ratio) else {
        return text(svg, LEFT + 4, y, "", "not run");
    };
    let class = if ratio > 1.0 { "slower" } else { "faster" };
    let (top, height, long) = (y - ROW + 6, ROW - 5, ratio.min(LONGEST) * SAME);
    let _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{LEFT}\" y=\"{top}\" width=\"{long:.1}\" height=\"{height}\"/>"
    );
    if let Some(must) = target.must {
        let x = LEFT as f64 + must * SAME;
        vertical(svg, "edge", x, top, top + height);
        vertical(svg, "must", x, top + 1, top + height - 1);
    }
    text(svg, WIDTH, y, "right", &format!("{ratio:.2}"));
}

fn vertical(svg: &mut String, class: &str, x: f64, top: usize, bottom: usize) {
    let _ = writeln!(
        svg,
        "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{top}\" y2=\"{bottom}\"/>"
    );
}

fn text(svg: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{text}</text>");
}
