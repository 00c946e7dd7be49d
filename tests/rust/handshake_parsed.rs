//! ws_check_request() and ws_check_response(): the handshake from fields that an HTTP library has
//! parsed.

use crate::c::{self, RequestFields, ResponseFields, code};
use crate::heads::{ACCEPT, Head, KEY};

pub(crate) const REQUEST: RequestFields<'_> = RequestFields {
    method: Some(b"GET"),
    host: Some(b"server.example.com"),
    upgrade: Some(b"websocket"),
    connection: Some(b"Upgrade"),
    key: Some(KEY),
    version: Some(b"13"),
    origin: None,
    extensions: None,
    content_length: None,
    transfer_encoding: None,
    connect_protocol: None,
    origins: None,
    http_version: 11,
};

/// RFC 8441, 5.1.
const CONNECT: RequestFields<'_> = RequestFields {
    method: Some(b"CONNECT"),
    connect_protocol: Some(b"websocket"),
    upgrade: None,
    connection: None,
    key: None,
    http_version: 20,
    ..REQUEST
};

pub(crate) const RESPONSE: ResponseFields<'_> = ResponseFields {
    upgrade: Some(b"websocket"),
    connection: Some(b"Upgrade"),
    accept: Some(ACCEPT),
    protocol: None,
    extensions: None,
    key: Some(KEY),
    offered_protocols: Some(b"chat, superchat"),
    offered_extensions: Some(b"permessage-deflate, x-one, permessage-deflate; a=b"),
    http_version: 11,
    status: 101,
};

#[test]
fn a_valid_upgrade_is_ok() {
    assert_eq!(c::check_request(&REQUEST), 0);
    let full = RequestFields {
        upgrade: Some(b"h2c, WebSocket"),
        connection: Some(b"keep-alive, upgrade"),
        origin: Some(b"https://a.example"),
        extensions: Some(b"permessage-deflate; client_max_window_bits, x; y=\"a, b\""),
        content_length: Some(b"0"),
        origins: Some(b"https://b.example https://a.example"),
        ..REQUEST
    };
    assert_eq!(c::check_request(&full), 0);
    let blank = RequestFields {
        method: Some(b" GET\t"),
        host: Some(b"\t a "),
        key: Some(b" dGhlIHNhbXBsZSBub25jZQ== "),
        version: Some(b"13 "),
        ..full
    };
    assert_eq!(c::check_request(&blank), 0, "whitespace around values");
    // HTTP/1.1 does not use this field.
    let other = RequestFields { connect_protocol: Some(b"\0"), ..REQUEST };
    assert_eq!(c::check_request(&other), 0);
}

type Break = fn(RequestFields<'static>) -> RequestFields<'static>;

/// In the order in which they are reported.
const FAULTS: &[(isize, Break)] = &[
    (code::HTTP_SYNTAX, |f| RequestFields { version: Some(b"1\x003"), ..f }),
    (code::NOT_UPGRADE, |f| RequestFields { upgrade: None, ..f }),
    (code::HTTP_SYNTAX, |f| RequestFields { content_length: Some(b"5"), ..f }),
    (code::HTTP_METHOD, |f| RequestFields { method: Some(b"POST"), ..f }),
    (code::HTTP_VERSION, |f| RequestFields { http_version: 10, ..f }),
    (code::HOST, |f| RequestFields { host: None, ..f }),
    (code::VERSION, |f| RequestFields {
        version: f.version.filter(|v| v.contains(&0)).or(Some(b"8")),
        ..f
    }),
    (code::KEY, |f| RequestFields { key: Some(b"x"), ..f }),
    (code::EXTENSION, |f| RequestFields { extensions: Some(b"a b"), ..f }),
    (code::ORIGIN, |f| RequestFields {
        origin: Some(b"https://evil"),
        origins: Some(b"https://good"),
        ..f
    }),
];

#[test]
fn several_faults_report_the_first_in_order() {
    for (at, (error, break_fields)) in FAULTS.iter().enumerate() {
        assert_eq!(c::check_request(&break_fields(REQUEST)), *error);
        let all = FAULTS[at..]
            .iter()
            .fold(REQUEST, |fields, (_, break_fields)| break_fields(fields));
        assert_eq!(c::check_request(&all), *error, "{error}, and all later faults");
        for (_, later) in &FAULTS[at + 1..] {
            assert_eq!(c::check_request(&later(break_fields(REQUEST))), *error);
        }
    }
}

/// RFC 9110, 5.3: the values of a repeated field are joined with commas.
#[test]
fn a_repeated_singleton_field_is_refused_as_a_list() {
    let host = RequestFields { host: Some(b"a, a"), ..REQUEST };
    assert_eq!(c::check_request(&host), code::HOST);
    let key = [KEY, b", ", KEY].concat();
    assert_eq!(
        c::check_request(&RequestFields { key: Some(&key), ..REQUEST }),
        code::KEY
    );
    let version = RequestFields { version: Some(b"13, 13"), ..REQUEST };
    assert_eq!(c::check_request(&version), code::VERSION);
    let origin = RequestFields { origin: Some(b"https://a, https://a"), ..REQUEST };
    assert_eq!(c::check_request(&origin), code::HTTP_SYNTAX);
    let length = RequestFields { content_length: Some(b"0, 0"), ..REQUEST };
    assert_eq!(c::check_request(&length), code::HTTP_SYNTAX);
}

/// {NULL, 0} is absent; {not NULL, 0} is empty.
#[test]
fn an_empty_field_is_not_an_absent_one() {
    let check = |fields: RequestFields<'_>| c::check_request(&fields);
    let host = |host| check(RequestFields { host, ..REQUEST });
    assert_eq!((host(None), host(Some(b""))), (code::HOST, 0));
    let length = |content_length| check(RequestFields { content_length, ..REQUEST });
    assert_eq!((length(None), length(Some(b""))), (0, code::HTTP_SYNTAX));
    let coding =
        |transfer_encoding| check(RequestFields { transfer_encoding, ..REQUEST });
    assert_eq!((coding(None), coding(Some(b""))), (0, code::HTTP_SYNTAX));
    let origins = Some(b"https://a".as_slice());
    let origin = |origin| check(RequestFields { origin, origins, ..REQUEST });
    assert_eq!((origin(None), origin(Some(b""))), (0, code::ORIGIN));
}

#[test]
fn an_invalid_list_of_origins_is_an_invalid_argument() {
    for list in ["", " ", "null", "https://a/", "https://a,https://b", "a", "https://*.a"]
    {
        for fields in [REQUEST, CONNECT, RequestFields { upgrade: None, ..REQUEST }] {
            let fields = RequestFields { origins: Some(list.as_bytes()), ..fields };
            assert_eq!(c::check_request(&fields), code::INVALID_ARGUMENT, "{list:?}");
        }
    }
}

#[test]
fn a_valid_connect_over_http_2_and_3_is_ok() {
    for http_version in [20, 30] {
        for name in ["websocket", "WebSocket", " websocket "] {
            let connect_protocol = Some(name.as_bytes());
            let fields = RequestFields { http_version, connect_protocol, ..CONNECT };
            assert_eq!(c::check_request(&fields), 0);
        }
    }
    // Fields that HTTP/2 does not have are ignored.
    let ignored = RequestFields {
        upgrade: Some(b"h2c\0"),
        connection: Some(b"close\r\n"),
        key: Some(b"x\n"),
        content_length: Some(b"5"),
        transfer_encoding: Some(b"chunked"),
        ..CONNECT
    };
    assert_eq!(c::check_request(&ignored), 0);
}

#[test]
fn several_faults_of_a_connect_report_the_first_in_order() {
    let faults: &[(isize, Break)] = &[
        (code::HTTP_SYNTAX, |f| RequestFields { host: Some(b"a\nb"), ..f }),
        (code::NOT_UPGRADE, |f| RequestFields { connect_protocol: None, ..f }),
        (code::HTTP_METHOD, |f| RequestFields { method: Some(b"GET"), ..f }),
        (code::HOST, |f| RequestFields {
            host: f.host.filter(|h| h.contains(&b'\n')),
            ..f
        }),
        (code::VERSION, |f| RequestFields { version: None, ..f }),
        (code::EXTENSION, |f| RequestFields { extensions: Some(b";"), ..f }),
        (code::ORIGIN, |f| RequestFields {
            origin: Some(b"null"),
            origins: Some(b"https://good"),
            ..f
        }),
    ];
    for (at, (error, break_fields)) in faults.iter().enumerate() {
        assert_eq!(c::check_request(&break_fields(CONNECT)), *error);
        for (_, later) in &faults[at + 1..] {
            assert_eq!(c::check_request(&later(break_fields(CONNECT))), *error);
        }
    }
    for other in ["connect-udp", "", "websocket, websocket", "websockets"] {
        let fields =
            RequestFields { connect_protocol: Some(other.as_bytes()), ..CONNECT };
        assert_eq!(c::check_request(&fields), code::NOT_UPGRADE, "{other}");
    }
    let get = RequestFields { http_version: 20, ..REQUEST };
    assert_eq!(c::check_request(&get), code::NOT_UPGRADE);
    let connect = RequestFields { http_version: 11, ..CONNECT };
    assert_eq!(c::check_request(&connect), code::NOT_UPGRADE);
    let two = RequestFields { origin: Some(b"https://a, https://b"), ..CONNECT };
    assert_eq!(c::check_request(&two), code::HTTP_SYNTAX);
}

#[test]
fn an_unknown_http_version_is_an_invalid_argument() {
    for http_version in [0, 1, 2, 9, 12, 19, 21, 29, 31, 110, u32::MAX] {
        let fields = RequestFields { http_version, ..REQUEST };
        assert_eq!(c::check_request(&fields), code::INVALID_ARGUMENT);
        let fields = ResponseFields { http_version, ..RESPONSE };
        assert_eq!(c::check_response(&fields), code::INVALID_ARGUMENT);
    }
}

#[test]
fn a_valid_response_is_ok() {
    assert_eq!(c::check_response(&RESPONSE), 0);
    let full = ResponseFields {
        upgrade: Some(b" WebSocket"),
        connection: Some(b"keep-alive, Upgrade"),
        protocol: Some(b"superchat "),
        extensions: Some(b"x-one; a=\"b, c\", permessage-deflate"),
        ..RESPONSE
    };
    assert_eq!(c::check_response(&full), 0);
}

type BreakResponse = fn(ResponseFields<'static>) -> ResponseFields<'static>;

#[test]
fn several_faults_of_a_response_report_the_first_in_order() {
    let faults: &[(isize, BreakResponse)] = &[
        (code::INVALID_ARGUMENT, |f| ResponseFields { key: Some(b"x"), ..f }),
        (code::HTTP_SYNTAX, |f| ResponseFields { connection: Some(b"Upgrade\0"), ..f }),
        (code::STATUS, |f| ResponseFields { status: 200, ..f }),
        (code::HTTP_VERSION, |f| ResponseFields { http_version: 10, ..f }),
        (code::ACCEPT, |f| ResponseFields { accept: Some(KEY), ..f }),
        (code::PROTOCOL, |f| ResponseFields { protocol: Some(b"mqtt"), ..f }),
        (code::EXTENSION, |f| ResponseFields { extensions: Some(b"other"), ..f }),
    ];
    for (at, (error, break_fields)) in faults.iter().enumerate() {
        assert_eq!(c::check_response(&break_fields(RESPONSE)), *error);
        for (_, later) in &faults[at + 1..] {
            assert_eq!(c::check_response(&later(break_fields(RESPONSE))), *error);
            assert_eq!(c::check_response(&break_fields(later(RESPONSE))), *error);
        }
    }
}

#[test]
fn the_fields_of_the_own_request_must_be_valid() {
    for invalid in [
        ResponseFields { key: None, ..RESPONSE },
        ResponseFields { key: Some(b""), ..RESPONSE },
        ResponseFields { offered_extensions: Some(b"a b"), ..RESPONSE },
        ResponseFields { offered_extensions: Some(b","), ..RESPONSE },
        ResponseFields { offered_extensions: Some(b"a\0"), ..RESPONSE },
        ResponseFields { offered_protocols: Some(b"a\nb"), ..RESPONSE },
    ] {
        assert_eq!(c::check_response(&invalid), code::INVALID_ARGUMENT);
        let refused = ResponseFields { status: 400, upgrade: None, ..invalid };
        assert_eq!(c::check_response(&refused), code::INVALID_ARGUMENT);
    }
}

#[test]
fn what_was_not_offered_is_refused() {
    let nothing =
        ResponseFields { offered_protocols: None, offered_extensions: None, ..RESPONSE };
    assert_eq!(c::check_response(&nothing), 0);
    let protocol = ResponseFields { protocol: Some(b"chat"), ..nothing };
    assert_eq!(c::check_response(&protocol), code::PROTOCOL);
    for both in ["", "chat, superchat", "chat, chat", "Chat", "chat,"] {
        let fields = ResponseFields { protocol: Some(both.as_bytes()), ..RESPONSE };
        assert_eq!(c::check_response(&fields), code::PROTOCOL, "{both}");
    }
    let extension = ResponseFields { extensions: Some(b"x-one"), ..nothing };
    assert_eq!(c::check_response(&extension), code::EXTENSION);
    for list in
        ["x-one, x-one", "x-one;", ",", "x-two", "x-one, permessage-deflate, x-one"]
    {
        let fields = ResponseFields { extensions: Some(list.as_bytes()), ..RESPONSE };
        assert_eq!(c::check_response(&fields), code::EXTENSION, "{list}");
    }
}

/// A list may have empty elements (RFC 9110, 5.6.1), which name nothing.
#[test]
fn an_empty_element_of_an_offer_is_no_subprotocol() {
    for offered in ["", " ", ",", " , ", "chat,", ",chat", "chat,,mqtt", "chat, \t,mqtt"]
    {
        for chosen in ["", " ", "\t"] {
            let fields = ResponseFields {
                offered_protocols: Some(offered.as_bytes()),
                protocol: Some(chosen.as_bytes()),
                ..RESPONSE
            };
            let refused = c::check_response(&fields);
            assert_eq!(refused, code::PROTOCOL, "{chosen:?} of {offered:?}");
            let (name, request) = ("Sec-WebSocket-Protocol", Head::request());
            let request = request.add(name, offered).bytes();
            let response = Head::response().add(name, chosen).bytes();
            let (refused, _) = c::parse_response(&response, &request);
            assert_eq!(refused, code::PROTOCOL, "{chosen:?} of {offered:?} in a head");
        }
    }
}

#[test]
fn over_http_2_and_3_any_2xx_accepts() {
    for http_version in [20, 30] {
        let fields = ResponseFields {
            upgrade: Some(b"h2c\0"),
            connection: None,
            accept: Some(b"wrong\n"),
            key: Some(b"x"),
            protocol: Some(b"chat"),
            http_version,
            ..RESPONSE
        };
        for status in 0..=999 {
            let fields = ResponseFields { status, ..fields };
            let expected = if status / 100 == 2 { 0 } else { code::STATUS };
            assert_eq!(c::check_response(&fields), expected, "{status}");
        }
        let fields = ResponseFields { status: 200, ..fields };
        let protocol = ResponseFields { protocol: Some(b"mqtt"), ..fields };
        assert_eq!(c::check_response(&protocol), code::PROTOCOL);
        let extension = ResponseFields { extensions: Some(b"a b"), ..fields };
        assert_eq!(c::check_response(&extension), code::EXTENSION);
        let sent = ResponseFields { offered_extensions: Some(b"a b"), ..fields };
        assert_eq!(c::check_response(&sent), code::INVALID_ARGUMENT);
    }
}
