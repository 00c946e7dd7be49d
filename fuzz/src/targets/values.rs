//! Values of fields, as an HTTP library passes them: lists of subprotocols and extensions are read
//! as the plain readers read them; origins obey the laws of equality; a request and a response of
//! any values are judged without a panic, and alike however they are padded.

use crate::c::{self, RequestFields, ResponseFields, code};
use crate::heads::{ACCEPT, KEY};
use crate::plain::{extensions, fields};
use crate::source::Source;
use crate::targets::negotiation::{agreement, any_params};

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    match source.below(6) {
        0 => protocols(source.some_bytes(), source.rest()),
        1 => deflate_offers(&mut source),
        2 => deflate_responses(&mut source),
        3 => origins(source.some_bytes(), source.rest()),
        4 => request(&mut source),
        _ => response(&mut source),
    }
}

fn has_control(value: &[u8]) -> bool {
    value.iter().any(|byte| *byte < 0x20 && *byte != b'\t' || *byte == 0x7f)
}

fn protocols(supported: &[u8], offered: &[u8]) {
    let expected =
        fields::choose(Some(offered), supported).map_err(|()| code::INVALID_ARGUMENT);
    assert_eq!(c::select_protocol_value(Some(offered), supported), expected);
}

fn deflate_offers(source: &mut Source<'_>) {
    let params = any_params(source);
    let list = source.rest();
    let got = c::pmd_accept_value(Some(list), params);
    let Some(read) = extensions::read(Some(list)) else {
        assert_eq!(got, Err(code::EXTENSION));
        return;
    };
    let offer = extensions::deflates(&read).into_iter().flatten().next();
    let expected = offer.map(|offer| extensions::accept(&offer, agreement(&params)));
    let got = got.unwrap();
    assert_eq!(got.as_ref().map(|(_, [a, b, c, d, ..])| [*a, *b, *c, *d]), expected);
    if let Some((value, _)) = got {
        // The response says what was agreed.
        let response = extensions::deflates(&extensions::read(Some(&value)).unwrap());
        let response = response[0].unwrap();
        let [server_resets, client_resets, server_bits, client_bits] = expected.unwrap();
        assert_eq!(u8::from(response.server_no_context_takeover), server_resets);
        assert_eq!(u8::from(response.client_no_context_takeover), client_resets);
        assert_eq!(response.server_max_window_bits.unwrap_or(15), server_bits);
        assert_eq!(
            response.client_max_window_bits.unwrap_or(Some(15)),
            Some(client_bits)
        );
        let asked = offer.unwrap();
        assert!(
            response.client_max_window_bits.is_none()
                || asked.client_max_window_bits.is_some()
        );
        assert!(
            asked.server_max_window_bits.is_none()
                || response.server_max_window_bits.is_some()
        );
    }
}

fn deflate_responses(source: &mut Source<'_>) {
    let params = any_params(source);
    let list = source.rest();
    let got = c::pmd_confirm_value(Some(list), params);
    let read = extensions::read(Some(list)).map(|read| extensions::deflates(&read));
    let expected = match read.as_deref() {
        Some([]) => Ok(None),
        Some([Some(response)]) => extensions::confirm(response, agreement(&params))
            .map(Some)
            .ok_or(code::EXTENSION),
        _ => Err(code::EXTENSION),
    };
    let agreed = got.map(|agreed| agreed.map(|[a, b, c, d, ..]| [a, b, c, d]));
    assert_eq!(agreed, expected);
}

fn origins(origin: &[u8], list: &[u8]) {
    let allowed = c::origin_allowed(origin, list);
    let mut entries = list.split(|byte| *byte == b' ').filter(|entry| !entry.is_empty());
    let by_one = entries.any(|entry| c::origin_allowed(origin, entry));
    assert_eq!(allowed, by_one, "an entry decides alone");
    // Equality is symmetric, unless the list is one of several entries.
    if !list.contains(&b' ') && !origin.contains(&b' ') {
        assert_eq!(allowed, c::origin_allowed(list, origin));
    }
    let upper = |text: &[u8]| text.to_ascii_uppercase();
    assert_eq!(allowed, c::origin_allowed(&upper(origin), &upper(list)), "case matters");
    if allowed {
        assert!(c::origin_allowed(origin, origin), "an origin is itself");
    }
}

fn value<'a>(source: &mut Source<'a>, usual: &'static [u8]) -> Option<&'a [u8]> {
    match source.below(4) {
        0 => None,
        1 => Some(source.some_bytes()),
        _ => Some(usual),
    }
}

fn padded(value: Option<&[u8]>) -> Option<Vec<u8>> {
    value.map(|value| [b" \t", value, b"\t "].concat())
}

fn request(source: &mut Source<'_>) {
    let fields = RequestFields {
        http_version: *source.pick(&[11, 20, 30, 10, 12]),
        method: value(source, b"GET"),
        host: value(source, b"example.com"),
        upgrade: value(source, b"websocket"),
        connection: value(source, b"Upgrade"),
        key: value(source, KEY),
        version: value(source, b"13"),
        origin: value(source, b"https://example.com"),
        extensions: value(source, b"permessage-deflate"),
        content_length: value(source, b"0"),
        transfer_encoding: None,
        connect_protocol: value(source, b"websocket"),
        origins: None,
    };
    let result = c::check_request(&fields);
    let values = [
        fields.host,
        fields.upgrade,
        fields.connection,
        fields.key,
        fields.version,
        fields.origin,
        fields.extensions,
        fields.content_length,
        fields.connect_protocol,
    ];
    let [host, upgrade, connection, key, version, origin, extensions, length, protocol] =
        values.map(padded);
    let with_blanks = RequestFields {
        host: host.as_deref(),
        upgrade: upgrade.as_deref(),
        connection: connection.as_deref(),
        key: key.as_deref(),
        version: version.as_deref(),
        origin: origin.as_deref(),
        extensions: extensions.as_deref(),
        content_length: length.as_deref(),
        connect_protocol: protocol.as_deref(),
        ..fields
    };
    assert_eq!(c::check_request(&with_blanks), result, "blanks matter");
    if result == 0 {
        let list = fields.extensions;
        assert!(extensions::read(list).is_some(), "a malformed list of extensions");
        let over_1 = fields.http_version == 11;
        assert!(
            !over_1
                || fields.key.is_some_and(|key| c::accept_key(fields::trim(key)).is_ok())
        );
    }
}

fn response(source: &mut Source<'_>) {
    let fields = ResponseFields {
        http_version: *source.pick(&[11, 20, 30, 10, 12]),
        status: *source.pick(&[101, 200, 204, 403]),
        upgrade: value(source, b"websocket"),
        connection: value(source, b"Upgrade"),
        accept: value(source, ACCEPT),
        protocol: value(source, b"chat"),
        extensions: value(source, b"permessage-deflate"),
        key: value(source, KEY),
        offered_protocols: value(source, b"chat, superchat"),
        offered_extensions: value(source, b"x, permessage-deflate"),
    };
    let result = c::check_response(&fields);
    if result == 0 {
        let read = |list| extensions::read(list).expect("a well-formed list");
        let (chosen, offered) =
            (read(fields.extensions), read(fields.offered_extensions));
        for (at, (name, _)) in chosen.iter().enumerate() {
            assert!(offered.iter().any(|(other, _)| other == name), "it was not offered");
            assert!(
                chosen[..at].iter().all(|(other, _)| other != name),
                "it is there twice"
            );
        }
        if let Some(protocol) = fields.protocol {
            let offered = fields.offered_protocols.unwrap_or_default();
            assert!(fields::elements(offered).any(|name| name == fields::trim(protocol)));
        }
    }
    let offered = fields.offered_extensions.filter(|list| !has_control(list));
    if fields.offered_extensions.is_some() && extensions::read(offered).is_none() {
        assert_ne!(result, 0);
    }
}
