//! The fields of a head: read as the plain reader reads them; one that is found by its name is the
//! first of that name; a head and the values of its fields negotiate alike.

use crate::c::{self, code};
use crate::plain::fields;
use crate::pmd::USUAL;
use crate::source::Source;

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let name = source.some_bytes();
    let supported = source.some_bytes();
    let pos = usize::from(source.u16());
    let head = source.rest();
    let got = c::all_fields(head);
    let expected = fields::all(head);
    match (&got, &expected) {
        (Ok(got), Some(expected)) => assert_eq!(got, expected),
        (Ok(_), None) => panic!("the head is malformed or incomplete"),
        (Err(_), None) => {}
        (Err(error), Some(_)) => panic!("{error} although it is well-formed"),
    }
    any_position(head, pos);
    let Ok(all) = got else {
        // Unless the name is found before the fault.
        let found = c::find_header(head, name);
        assert!(matches!(found, Ok(Some(_)) | Err(_)));
        return;
    };
    if !fields::are_few(&all) {
        // ws_next_header() sees one field at a time, and cannot count them.
        let found = c::find_header(head, name);
        assert!(matches!(found, Ok(Some(_)) | Err(code::HTTP_TOO_LARGE)));
        assert_eq!(c::select_protocol(head, b"chat"), Err(code::HTTP_TOO_LARGE));
        return;
    }
    let first = all.iter().find(|field| field.0.eq_ignore_ascii_case(name));
    assert_eq!(c::find_header(head, name), Ok(first.map(|field| field.1.clone())));
    let protocols = c::joined(&all, "Sec-WebSocket-Protocol");
    let chosen = c::select_protocol(head, supported);
    assert_eq!(chosen, c::select_protocol_value(protocols.as_deref(), supported));
    let extensions = c::joined(&all, "Sec-WebSocket-Extensions");
    let extensions = extensions.as_deref();
    assert_eq!(c::pmd_accept(head, USUAL), c::pmd_accept_value(extensions, USUAL));
    assert_eq!(c::pmd_confirm(head, USUAL), c::pmd_confirm_value(extensions, USUAL));
}

/// A position that is not from the function is refused, or is the start of a line.
fn any_position(head: &[u8], mut pos: usize) {
    let before = pos;
    match c::next_header(head, &mut pos) {
        Ok(Some(_)) => {
            let starts_line = before == 0 || head[..before].ends_with(b"\n");
            assert!(starts_line && pos > before && head[..pos].ends_with(b"\r\n"));
        }
        Ok(None) => assert_eq!(pos, before),
        Err(error) => {
            let errors =
                [code::INVALID_ARGUMENT, code::HTTP_SYNTAX, code::HTTP_TOO_LARGE];
            assert!(errors.contains(&error) && pos == before);
        }
    }
}
