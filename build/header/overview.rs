//! Reads the overview, which is the first comment of the header.

use super::source::read;

/// A chapter of the overview. The first has no title.
pub(crate) struct Chapter {
    pub(crate) title: String,
    /// Its lines, without the indentation that all of them share.
    pub(crate) text: String,
}

pub(crate) fn read_chapters() -> Vec<Chapter> {
    let prologue = read("build/prologue.h");
    let (comment, _) = prologue.split_once(" */\n").expect("a comment");
    let mut chapters = vec![Chapter { title: String::new(), text: String::new() }];
    for line in comment.lines().skip(1) {
        let line = line.strip_prefix(" *").unwrap_or(line);
        if is_title(line) {
            let title = line.trim().to_string();
            chapters.push(Chapter { title, text: String::new() });
        } else if let Some(chapter) = chapters.last_mut() {
            let indent = if chapter.title.is_empty() { 1 } else { 3 };
            chapter.text += line.get(indent..).unwrap_or("");
            chapter.text.push('\n');
        }
    }
    for chapter in &mut chapters {
        chapter.text = chapter.text.trim_end().trim_start_matches('\n').to_string();
    }
    chapters
}

fn is_title(line: &str) -> bool {
    let title = line.strip_prefix(' ').unwrap_or("");
    !title.is_empty()
        && title.chars().all(|c| c == ' ' || c.is_ascii_uppercase())
        && !title.starts_with(' ')
}
