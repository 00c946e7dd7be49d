//! Prints the C header, in its form for C programs and in that for generators of bindings
//! (`-DWSCODEC_FFI`).

use super::source::{Constant, Item, Paragraph, Section, fields, read, split_parameters};

const WIDTH: usize = 80;

pub(crate) fn print(sections: &[Section]) -> String {
    let mut text =
        read("build/prologue.h").replace("/* @ENUMERATORS@ */\n", &enumerators(sections));
    for section in sections {
        let rule = "=".repeat(WIDTH - 8);
        text += &format!("/* {rule} *\n *  {}\n * {rule} */\n\n", section.title);
        for paragraph in &section.paragraphs {
            text += &print_paragraph(paragraph);
        }
    }
    text + "#ifdef __cplusplus\n} /* extern \"C\" */\n#endif\n\n#endif /* WSCODEC_H */\n"
}

fn print_paragraph(paragraph: &Paragraph) -> String {
    match paragraph {
        Paragraph::Words(words) => format!("{}\n", comment(words)),
        Paragraph::Constants(constants) => print_constants(constants),
        Paragraph::Struct(item) => print_struct(item),
        Paragraph::Type(item) => format!("{}\n{}\n\n", comment(&item.doc), item.code),
        Paragraph::Function(item) => print_function(item),
    }
}

/// All constants as an enum, since a preprocessor removes macros. The enum precedes the macros,
/// which would replace its names.
fn enumerators(sections: &[Section]) -> String {
    let constants = sections.iter().flat_map(|section| &section.paragraphs);
    let constants = constants.filter_map(|paragraph| match paragraph {
        Paragraph::Constants(constants) => Some(constants),
        _ => None,
    });
    let all: Vec<String> =
        constants.flatten().map(|c| format!("{} = {}", c.name, c.value)).collect();
    let lines = fill(all.iter().map(String::as_str), ", ", WIDTH - 5);
    format!("enum {{\n    {}\n}};\n", lines.join(",\n    "))
}

fn print_constants(constants: &[Constant]) -> String {
    let values: Vec<String> = constants.iter().map(macro_value).collect();
    let name_width = constants.iter().map(|c| c.name.len()).max().unwrap_or(0);
    let value_width = values.iter().map(String::len).max().unwrap_or(0);
    let mut text = String::new();
    for (Constant { name, doc, .. }, value) in constants.iter().zip(&values) {
        let start = format!("#define {name:name_width$} {value:value_width$} ");
        text += &beside(&start, doc);
    }
    text + "\n"
}

fn macro_value(constant: &Constant) -> String {
    let value = &constant.value;
    match constant.kind.as_str() {
        "i32" if value.starts_with('-') => format!("({value})"),
        // A flag is unsigned, so that ~ and << work as expected.
        "u32" if value.starts_with("0x") => format!("{value}u"),
        _ => value.clone(),
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

fn print_function(item: &Item) -> String {
    let name = &item.name;
    let code = item.code.split_whitespace().collect::<Vec<_>>().join(" ");
    let (result, rest) = code.split_once(name.as_str()).expect("its own name");
    let (parameters, end) = rest.rsplit_once(") ").expect("a parameter list");
    let one_line = format!("{result}{name}{parameters}) {end}");
    let declaration = if one_line.len() <= WIDTH {
        one_line
    } else {
        let indent = " ".repeat(name.len() + 1);
        let parameters = split_parameters(parameters.trim_start_matches('('));
        let parameters = parameters.iter().map(String::as_str);
        let parameters = fill(parameters, ", ", WIDTH - indent.len() - 13);
        let parameters = parameters.join(&format!(",\n{indent}"));
        format!("{}\n{name}({parameters}) {end}", result.trim_end())
    };
    format!("{}\n{declaration}\n\n", comment(&item.doc))
}

/// Code, with its documentation to the right.
fn beside(code: &str, doc: &str) -> String {
    if doc.is_empty() {
        return format!("{}\n", code.trim_end());
    }
    let lines = wrap(doc, WIDTH - code.len() - 6);
    let indent = " ".repeat(code.len());
    format!("{code}/* {} */\n", lines.join(&format!("\n{indent} * ")))
}

/// Documentation, above its declaration.
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

/// Wraps text to lines.
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
