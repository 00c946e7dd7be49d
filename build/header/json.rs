//! Prints `include/wscodec.json`, the header for programs.
//!
//! Offsets follow the rule that all ABIs share: each field is aligned to its own size. (32-bit x86
//! aligns uint64_t to 4 bytes, which changes no offset here.)

use super::overview::Chapter;
use super::source::{Constant, Item, Paragraph, Section, fields, function};
use std::collections::HashMap;
use std::fmt::Write;

/// The version of the format. It is incremented for changes that its readers must follow.
const FORMAT: u32 = 1;

pub(crate) fn print(chapters: &[Chapter], sections: &[Section]) -> String {
    let mut lists = Lists::default();
    for section in sections {
        for paragraph in &section.paragraphs {
            lists.add(&section.title, paragraph);
        }
    }
    let version = env!("CARGO_PKG_VERSION");
    let abi = env!("CARGO_PKG_VERSION_MAJOR");
    let mut text = format!(
        "{{\n  \"format\": {FORMAT},\n  \"version\": \"{version}\",\n  \"abi\": {abi},\n"
    );
    let Lists { constants, types, structs, functions, .. } = lists;
    let lists = [
        ("overview", chapters.iter().map(chapter).collect()),
        ("sections", sections.iter().map(contents).collect()),
        ("constants", constants),
        ("types", types),
        ("structs", structs),
        ("functions", functions),
    ];
    let lists =
        lists.map(|(name, list)| format!("  \"{name}\": [\n{}\n  ]", list.join(",\n")));
    text += &lists.join(",\n");
    text + "\n}\n"
}

#[derive(Default)]
struct Lists {
    constants: Vec<String>,
    types: Vec<String>,
    structs: Vec<String>,
    functions: Vec<String>,
    /// Size and alignment of each struct, with 64 and with 32 bits.
    layouts: HashMap<String, [Layout; 2]>,
}

impl Lists {
    fn add(&mut self, section: &str, paragraph: &Paragraph) {
        match paragraph {
            Paragraph::Words(_) => {}
            Paragraph::Constants(constants) => {
                self.constants.extend(constants.iter().map(|c| constant(section, c)));
            }
            Paragraph::Type(item) => self.types.push(named_type(section, item)),
            Paragraph::Struct(item) => {
                let text = self.structure(section, item);
                self.structs.push(text);
            }
            Paragraph::Function(item) => {
                self.functions.push(print_function(section, item))
            }
        }
    }

    fn structure(&mut self, section: &str, item: &Item) -> String {
        let mut layouts = [Layout { size: 0, align: 1 }; 2];
        let mut list = Vec::new();
        for (declaration, doc) in fields(item.code.lines().skip(1)) {
            let (kind, name, count) = field(&declaration);
            let ([wide, narrow], [a, b]) = (&mut layouts, self.layout(&kind));
            let offsets = [wide.append(a, count), narrow.append(b, count)];
            let kind = if count == 1 { kind } else { format!("{kind}[{count}]") };
            list.push(format!(
                "        {}",
                object(&[
                    ("name", string(&name)),
                    ("type", string(&kind)),
                    ("offset", both(offsets)),
                    ("doc", string(&doc)),
                ])
            ));
        }
        let [wide, narrow] = layouts.map(Layout::padded);
        self.layouts.insert(item.name.clone(), [wide, narrow]);
        let head = object(&[
            ("name", string(&item.name)),
            ("section", string(section)),
            ("size", both([wide.size, narrow.size])),
            ("align", both([wide.align, narrow.align])),
            ("doc", string(&item.doc)),
        ]);
        let head = head.trim_end_matches('}');
        format!("    {head}, \"fields\": [\n{}\n      ]}}", list.join(",\n"))
    }

    fn layout(&self, kind: &str) -> [Layout; 2] {
        let sizes = match kind {
            "uint8_t" => [1, 1],
            "uint16_t" => [2, 2],
            "uint32_t" | "int" => [4, 4],
            "uint64_t" => [8, 8],
            "size_t" | "ws_result" => [8, 4],
            kind if kind.contains('*') => [8, 4],
            structure => return *self.layouts.get(structure).expect("a known type"),
        };
        sizes.map(|size| Layout { size, align: size })
    }
}

#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    align: usize,
}

impl Layout {
    /// Appends a field or an array, and returns its offset.
    fn append(&mut self, field: Layout, count: usize) -> usize {
        let offset = self.size.next_multiple_of(field.align);
        self.size = offset + field.size * count;
        self.align = self.align.max(field.align);
        offset
    }

    fn padded(self) -> Layout {
        Layout { size: self.size.next_multiple_of(self.align), ..self }
    }
}

/// The type, the name, and the number of elements, which is 1 unless it is an array.
fn field(declaration: &str) -> (String, String, usize) {
    let declaration = declaration.trim_end_matches(';');
    if let Some((result, rest)) = declaration.split_once("(*") {
        let (name, parameters) = rest.split_once(')').expect("a function pointer");
        return (format!("{result}(*){parameters}"), name.to_string(), 1);
    }
    let (kind, name) = split_name(declaration);
    match name.split_once('[') {
        Some((name, count)) => {
            let count = count.trim_end_matches(']').parse().expect("a length");
            (kind, name.to_string(), count)
        }
        None => (kind, name, 1),
    }
}

/// "const void *buf": "const void *", "buf"
fn split_name(declaration: &str) -> (String, String) {
    if declaration.contains("(*") {
        let (kind, name, _) = field(declaration);
        return (kind, name);
    }
    let at = declaration.rfind([' ', '*']).expect("a type and a name") + 1;
    (declaration[..at].trim_end().to_string(), declaration[at..].to_string())
}

fn chapter(chapter: &Chapter) -> String {
    let Chapter { title, text } = chapter;
    format!("    {}", object(&[("title", string(title)), ("doc", string(text))]))
}

/// The declarations of a section in the order of the header.
fn contents(section: &Section) -> String {
    let entry = |paragraph: &Paragraph| match paragraph {
        Paragraph::Words(words) => ("words", string(words)),
        Paragraph::Constants(constants) => {
            let names: Vec<_> = constants.iter().map(|c| string(&c.name)).collect();
            ("constants", format!("[{}]", names.join(", ")))
        }
        Paragraph::Struct(item) => ("struct", string(&item.name)),
        Paragraph::Type(item) => ("type", string(&item.name)),
        Paragraph::Function(item) => ("function", string(&item.name)),
    };
    let list =
        section.paragraphs.iter().map(|p| format!("        {}", object(&[entry(p)])));
    let list = list.collect::<Vec<_>>().join(",\n");
    let head =
        object(&[("name", string(&section.name)), ("title", string(&section.title))]);
    let head = head.trim_end_matches('}');
    format!("    {head}, \"contents\": [\n{list}\n      ]}}")
}

fn constant(section: &str, constant: &Constant) -> String {
    let Constant { name, value, kind, doc } = constant;
    let number = match value.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).expect("hexadecimal"),
        None => value.parse().expect("a number"),
    };
    let kind = match kind.as_str() {
        "i32" => "int",
        "u16" => "uint16_t",
        "u32" => "uint32_t",
        "usize" => "size_t",
        other => panic!("{name} is a {other}"),
    };
    let fields = [
        ("name", string(name)),
        ("value", number.to_string()),
        ("literal", string(value)),
        ("type", string(kind)),
        ("section", string(section)),
        ("doc", string(doc)),
    ];
    format!("    {}", object(&fields))
}

fn named_type(section: &str, item: &Item) -> String {
    let (kind, means) = match item.code.strip_prefix("typedef struct ") {
        Some(_) => ("opaque", String::new()),
        None => ("typedef", item.code.trim_start_matches("typedef ").to_string()),
    };
    let means = means.trim_end_matches(';').trim_end_matches(&item.name).trim_end();
    let fields = [
        ("name", string(&item.name)),
        ("kind", string(kind)),
        ("type", string(means)),
        ("section", string(section)),
        ("doc", string(&item.doc)),
    ];
    format!("    {}", object(&fields))
}

fn print_function(section: &str, item: &Item) -> String {
    let (result, parameters) = function(item);
    let parameters: Vec<_> = parameters.iter().map(|text| split_name(text)).collect();
    let mut list = Vec::new();
    for (at, (kind, name)) in parameters.iter().enumerate() {
        let mut fields = vec![
            ("name", string(name)),
            ("type", string(kind)),
            ("direction", string(direction(&item.name, kind, name))),
        ];
        // The next parameter is the length of the memory behind a pointer.
        if let Some((_, next)) = parameters
            .get(at + 1)
            .filter(|(next, _)| next == "size_t" && kind.contains('*'))
        {
            fields.push(("length", string(next)));
        }
        list.push(format!("        {}", object(&fields)));
    }
    let head = object(&[
        ("name", string(&item.name)),
        ("section", string(section)),
        ("result", string(&result)),
        ("doc", string(&item.doc)),
    ]);
    let head = head.trim_end_matches('}');
    let list = if list.is_empty() {
        String::new()
    } else {
        format!("\n{}\n      ", list.join(",\n"))
    };
    format!("    {head}, \"parameters\": [{list}]}}")
}

/// Whether a function reads what a parameter points to, writes it, or both.
fn direction(function: &str, kind: &str, name: &str) -> &'static str {
    let written = [
        "accepted", "chosen", "code", "consumed", "dst", "events", "frame", "frames",
        "hs", "name", "out", "response", "value", "written",
    ];
    match (function, name) {
        _ if !kind.contains('*')
            || kind.starts_with("const ")
            || kind.contains("(*)") =>
        {
            "in"
        }
        ("ws_conn_get_pmd", "params") | ("ws_decoder_init", "decoder") => "out",
        // A pointer to a handle, which is written.
        _ if kind.ends_with("**") || written.contains(&name) => "out",
        ("ws_conn_free" | "ws_pmd_free" | "ws_conn_set_random", _) if name != "conn" => {
            "in"
        }
        _ => "inout",
    }
}

fn both(numbers: [usize; 2]) -> String {
    let [wide, narrow] = numbers;
    format!("{{\"64\": {wide}, \"32\": {narrow}}}")
}

fn object(fields: &[(&str, String)]) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            c if c < ' ' => {
                write!(quoted, "\\u{:04x}", c as u32).expect("a String takes it")
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
