//! The C header: declarations by cbindgen, in the order of the source.
//!
//! One run of cbindgen over the whole crate would print all constants, then all types, then
//! all functions. Here it runs once per module of `src/ffi`, and what it printed is put
//! where the source has it: what belongs together stays together.

// This runs when the library is built, not in it.
#![allow(clippy::arithmetic_side_effects)]

use std::collections::HashMap;
use std::fs;

/// Each section: the modules that it is made of, the one in `src/ffi` last.
const SECTIONS: &[&[&str]] = &[
    &["src/ffi/version.rs"],
    &["src/error.rs", "src/ffi/result.rs"],
    &["src/ffi/handshake.rs"],
    &["src/ffi/fields.rs"],
    &["src/ffi/frame.rs"],
    &["src/ffi/stream.rs"],
    &["src/ffi/text.rs"],
    &["src/ffi/control.rs"],
    &["src/ffi/deflate.rs"],
    &["src/ffi/conn.rs"],
    &["src/ffi/accept.rs"],
    &["src/ffi/pmd.rs"],
];
const WIDTH: usize = 80;

/// Writes to `include/wscodec.h`, or to where WSCODEC_HEADER says.
pub(crate) fn write() {
    for path in ["build", "src", "cbindgen.toml", "include"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=WSCODEC_HEADER");
    let path = std::env::var("WSCODEC_HEADER").unwrap_or("include/wscodec.h".into());
    let mut header = read("build/prologue.h");
    for modules in SECTIONS {
        header += &section(modules);
    }
    header +=
        "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* WSCODEC_H */\n";
    fs::write(&path, header).unwrap_or_else(|error| panic!("{path}: {error}"));
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn section(modules: &[&str]) -> String {
    let sources: Vec<String> = modules.iter().map(|module| read(module)).collect();
    let items = generate(modules);
    let title =
        sources.last().and_then(|source| source.lines().next()?.strip_prefix("//! "));
    let title = title.expect("the first line of a module is its title");
    let rule = "=".repeat(WIDTH - 8);
    let mut text = format!("/* {rule} *\n *  {title}\n * {rule} */\n\n");
    for source in &sources {
        for paragraph in source.split("\n\n") {
            text += &print_paragraph(paragraph, &items);
        }
    }
    text
}

/// What cbindgen printed about one name.
struct Item {
    doc: String,
    code: String,
}

fn generate(modules: &[&str]) -> HashMap<String, Item> {
    let config = cbindgen::Config::from_file("cbindgen.toml").expect("cbindgen.toml");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for module in modules {
        builder = builder.with_src(module);
    }
    let mut generated = Vec::new();
    builder.generate().expect("cbindgen").write(&mut generated);
    let generated = String::from_utf8(generated).expect("cbindgen writes UTF-8");
    generated.trim().split("\n\n").map(item).collect()
}

fn item(printed: &str) -> (String, Item) {
    let (doc, code) =
        match printed.strip_prefix("/**\n").and_then(|p| p.split_once(" */\n")) {
            Some((doc, code)) => (strip_gutter(doc), code),
            None => (String::new(), printed),
        };
    let name = if let Some(define) = code.strip_prefix("#define ") {
        define.split(' ').next()
    } else if let Some(structure) = code.strip_prefix("typedef struct ") {
        structure.split(' ').next()
    } else if code.starts_with("typedef ") {
        code.trim_end_matches(';').rsplit(' ').next()
    } else {
        code.split('(').next().and_then(|head| head.rsplit([' ', '*']).next())
    };
    // C knows the types by their typedefs.
    let code =
        code.replace("struct ws_", "ws_").replace("typedef ws_", "typedef struct ws_");
    (name.expect("a name").to_string(), Item { doc, code })
}

fn strip_gutter(doc: &str) -> String {
    let line = |line: &str| {
        line.trim_start().trim_start_matches("* ").trim_end_matches('*').to_string()
    };
    doc.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_string()
}

/// A paragraph of the source: a comment over a group, or declarations.
fn print_paragraph(paragraph: &str, items: &HashMap<String, Item>) -> String {
    if paragraph.lines().all(|line| line.starts_with("// ")) {
        let words = paragraph.replace("// ", "");
        return format!("{}\n", comment(&words));
    }
    let names: Vec<&str> = paragraph.lines().filter_map(declared_name).collect();
    let declared: Vec<(&str, &Item)> =
        names.iter().filter_map(|name| Some((*name, items.get(*name)?))).collect();
    let constants = declared.iter().all(|(_, item)| item.code.starts_with("#define "));
    match declared.as_slice() {
        [] => String::new(),
        _ if constants => print_constants(&declared, paragraph),
        [(_, item)] if item.code.contains('{') => print_struct(item),
        [(_, item)] if item.code.starts_with("typedef ") => {
            format!("{}\n{}\n\n", comment(&item.doc), item.code)
        }
        [(name, item)] => print_function(name, item),
        _ => {
            panic!("a paragraph declares either constants or one other thing: {names:?}")
        }
    }
}

fn declared_name(line: &str) -> Option<&str> {
    [
        "pub const ",
        "pub type ",
        "pub struct ",
        "pub extern \"C\" fn ",
        "pub unsafe extern \"C\" fn ",
    ]
    .iter()
    .find_map(|start| line.strip_prefix(start))
    .and_then(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next())
}

fn print_constants(constants: &[(&str, &Item)], paragraph: &str) -> String {
    let values: Vec<String> =
        constants.iter().map(|(name, _)| value(name, paragraph)).collect();
    let name_width = constants.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let value_width = values.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for ((name, item), value) in constants.iter().zip(&values) {
        let start = format!("#define {name:name_width$} {value:value_width$} ");
        text += &beside(&start, &item.doc);
    }
    text + "\n"
}

/// The value as it stands in the source, perhaps hexadecimal; cbindgen writes decimals only,
/// and negative ones without parentheses.
fn value(name: &str, paragraph: &str) -> String {
    let start = format!("pub const {name}: ");
    let declaration = paragraph.lines().find_map(|line| line.strip_prefix(&start));
    let (kind, value) = declaration.and_then(|d| d.split_once(" = ")).expect("a literal");
    let value = value.trim_end_matches(';');
    match kind {
        "i32" if value.starts_with('-') => format!("({value})"),
        // A flag: unsigned, so that ~ and << mean what they should.
        "u32" if value.starts_with("0x") => format!("{value}u"),
        _ => value.to_string(),
    }
}

fn print_struct(item: &Item) -> String {
    let mut lines = item.code.lines();
    let mut text =
        format!("{}\n{}\n", comment(&item.doc), lines.next().unwrap_or_default());
    let fields = fields(lines.clone());
    let short = |field: &String| field.len() <= WIDTH / 2;
    let width =
        fields.iter().map(|(field, _)| field).filter(|f| short(f)).map(String::len).max();
    let width = width.unwrap_or(0);
    for (field, doc) in &fields {
        if short(field) {
            text += &beside(&format!("    {field:width$} "), doc);
        } else {
            let doc = wrap(doc, WIDTH - 10).join("\n     * ");
            text += &format!("    /* {doc} */\n");
            let parts = fill(field.split(", "), ", ", WIDTH - 13);
            text += &format!("    {}\n", parts.join(",\n        "));
        }
    }
    text + lines.last().unwrap_or_default() + "\n\n"
}

/// Each field with its documentation.
fn fields<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    let (mut field, mut doc) = (String::new(), String::new());
    for line in lines.map(str::trim) {
        if line == "/**" || line == "*/" || line.starts_with('}') {
            continue;
        }
        let (to, words) = match line.strip_prefix("* ") {
            Some(words) => (&mut doc, words),
            None => (&mut field, line),
        };
        if !to.is_empty() {
            to.push(' ');
        }
        to.push_str(words);
        if field.ends_with(';') {
            fields.push((std::mem::take(&mut field), std::mem::take(&mut doc)));
        }
    }
    fields
}

fn print_function(name: &str, item: &Item) -> String {
    let code = item.code.split_whitespace().collect::<Vec<_>>().join(" ");
    let (result, rest) = code.split_once(name).expect("its own name");
    let (parameters, end) = rest.rsplit_once(") ").expect("a parameter list");
    let one_line = format!("{result}{name}{parameters}) {end}");
    let declaration = if one_line.len() <= WIDTH {
        one_line
    } else {
        let indent = " ".repeat(name.len() + 1);
        let parameters = parameters.trim_start_matches('(').split(", ");
        let parameters = fill(parameters, ", ", WIDTH - indent.len() - 13);
        let parameters = parameters.join(&format!(",\n{indent}"));
        format!("{}\n{name}({parameters}) {end}", result.trim_end())
    };
    format!("{}\n{declaration}\n\n", comment(&item.doc))
}

/// Code with its documentation to the right of it.
fn beside(code: &str, doc: &str) -> String {
    if doc.is_empty() {
        return format!("{}\n", code.trim_end());
    }
    let lines = wrap(doc, WIDTH - code.len() - 6);
    let indent = " ".repeat(code.len());
    format!("{code}/* {} */\n", lines.join(&format!("\n{indent} * ")))
}

/// Documentation above what it documents.
fn comment(doc: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for paragraph in doc.split("\n\n") {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        if paragraph.starts_with("    ") {
            lines.extend(
                paragraph
                    .lines()
                    .map(|line| format!("  {}", line.get(4..).unwrap_or(""))),
            );
        } else {
            lines.extend(wrap(paragraph, WIDTH - 6));
        }
    }
    let text = lines.join("\n * ").replace(" * \n", " *\n");
    format!("/* {text} */")
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    fill(text.split_whitespace(), " ", width)
}

/// Lines of as many words as fit.
fn fill<'a>(
    words: impl Iterator<Item = &'a str>,
    separator: &str,
    width: usize,
) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.len() + separator.len() + word.len() <= width => {
                line.push_str(separator);
                line.push_str(word);
            }
            _ => lines.push(word.to_string()),
        }
    }
    lines
}
