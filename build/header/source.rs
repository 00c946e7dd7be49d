//! Reads the declarations of the modules in `src/ffi`, in the order of the source, with cbindgen.
//!
//! One run of cbindgen over the whole crate would print all constants, then all types, then all
//! functions. Here it runs once for each section, and its output is put in the order of the source,
//! so that related declarations stay together.

use std::collections::HashMap;
use std::path::Path;

/// A section of the header.
pub(crate) struct Section {
    /// That of its last module.
    pub(crate) name: String,
    pub(crate) title: String,
    pub(crate) paragraphs: Vec<Paragraph>,
}

/// A paragraph of the source, which ends at a blank line.
pub(crate) enum Paragraph {
    /// A comment over a group.
    Words(String),
    Constants(Vec<Constant>),
    Struct(Item),
    /// A typedef, or an opaque struct.
    Type(Item),
    Function(Item),
}

pub(crate) struct Constant {
    pub(crate) name: String,
    /// As in the source, perhaps hexadecimal, without a suffix.
    pub(crate) value: String,
    /// Its type in Rust.
    pub(crate) kind: String,
    pub(crate) doc: String,
}

/// The output of cbindgen for one name.
#[derive(Clone)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) doc: String,
    pub(crate) code: String,
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Reads a section from its modules. The last one is in `src/ffi` and has the title.
pub(crate) fn section(modules: &[&str]) -> Section {
    let sources: Vec<String> = modules.iter().map(|module| read(module)).collect();
    let items = generate(modules);
    let title =
        sources.last().and_then(|source| source.lines().next()?.strip_prefix("//! "));
    let title = title.expect("the first line of a module is its title").to_string();
    let texts = sources.iter().flat_map(|source| source.split("\n\n"));
    let paragraphs = texts.filter_map(|text| paragraph(text, &items)).collect();
    let name = modules.last().and_then(|path| Path::new(path).file_stem()?.to_str());
    let name = name.expect("a module has a name").to_string();
    Section { name, title, paragraphs }
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
    // In C the types are used by their typedefs.
    let code =
        code.replace("struct ws_", "ws_").replace("typedef ws_", "typedef struct ws_");
    let name = name.expect("a name").to_string();
    (name.clone(), Item { name, doc, code })
}

fn strip_gutter(doc: &str) -> String {
    let line = |line: &str| {
        line.trim_start().trim_start_matches("* ").trim_end_matches('*').to_string()
    };
    doc.lines().map(line).collect::<Vec<_>>().join("\n").trim().to_string()
}

/// None: the paragraph declares nothing for C.
fn paragraph(text: &str, items: &HashMap<String, Item>) -> Option<Paragraph> {
    if text.lines().all(|line| line.starts_with("// ")) {
        return Some(Paragraph::Words(text.replace("// ", "")));
    }
    let names: Vec<&str> = text.lines().filter_map(declared_name).collect();
    let declared: Vec<&Item> = names.iter().filter_map(|name| items.get(*name)).collect();
    if !declared.is_empty()
        && declared.iter().all(|item| item.code.starts_with("#define "))
    {
        let constant = |item: &&Item| constant(item, text);
        return Some(Paragraph::Constants(declared.iter().map(constant).collect()));
    }
    match declared.as_slice() {
        [] => None,
        [item] if item.code.contains('{') => Some(Paragraph::Struct((*item).clone())),
        [item] if item.code.starts_with("typedef ") => {
            Some(Paragraph::Type((*item).clone()))
        }
        [item] => Some(Paragraph::Function((*item).clone())),
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

/// The value is read from the source, since cbindgen prints decimals only.
fn constant(item: &Item, text: &str) -> Constant {
    let Item { name, doc, .. } = item;
    let start = format!("pub const {name}: ");
    let declaration = text.lines().find_map(|line| line.strip_prefix(&start));
    let (kind, value) = declaration.and_then(|d| d.split_once(" = ")).expect("a literal");
    let value = value.trim_end_matches(';').replace('_', "");
    Constant { name: name.clone(), value, kind: kind.to_string(), doc: doc.clone() }
}

/// The result and the parameters of a function, without attributes and line breaks.
pub(crate) fn function(item: &Item) -> (String, Vec<String>) {
    let code = item.code.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, after) = code.split_once(&item.name).expect("its own name");
    let result = before.replace("WS_API ", "").replace("WS_MUST_USE ", "");
    let (parameters, _) = after.rsplit_once(") ").expect("a parameter list");
    let parameters = match parameters.trim_start_matches('(') {
        "void" => Vec::new(),
        list => split_parameters(list),
    };
    (result.trim_end().to_string(), parameters)
}

/// Splits at the commas that are not within parentheses.
pub(crate) fn split_parameters(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in list.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        parts.last_mut().expect("there is one").push(c);
    }
    parts.iter().map(|part| part.trim().to_string()).collect()
}

/// The fields of a struct, each with its documentation.
pub(crate) fn fields<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<(String, String)> {
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
