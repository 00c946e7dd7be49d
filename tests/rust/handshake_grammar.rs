//! Requests are refused if two parsers could read them in two ways (RFC 9112), which is how
//! requests are smuggled, or if they only resemble an upgrade.

use crate::c::{self, code};
use crate::heads::{Head, accepted, malformed, refused, request_outcome};

fn malformed_line(line: impl AsRef<[u8]>) {
    malformed(&Head::request().raw_first(line.as_ref()).bytes());
    // Also as the last line.
    malformed(&Head::request().raw(line).bytes());
}

#[test]
fn a_bare_lf_does_not_end_a_line() {
    malformed(b"GET /x\nHost: a\r\n\r\n");
    malformed(b"GET / HTTP/1.1\nHost: a\r\n\r\n");
    malformed_line("X: a\nY: b");
    let text = String::from_utf8(Head::request().bytes()).unwrap();
    malformed(text.replace("\r\n", "\n").as_bytes());
    let (head, end) = text.split_at(text.len() - 2);
    let with_lf = format!("{head}\n{end}");
    assert_eq!(
        request_outcome(with_lf.as_bytes()),
        Err((head.len() + 1, code::HTTP_SYNTAX))
    );
}

#[test]
fn a_bare_cr_does_not_end_a_line() {
    malformed_line("X: a\rTransfer-Encoding: chunked");
    malformed_line("X: a\r");
    malformed_line("\rX: a");
    malformed(b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n");
    malformed(b"GET /\rX HTTP/1.1\r\nHost: a\r\n\r\n");
}

#[test]
fn folded_lines_are_refused() {
    malformed_line(" b");
    malformed_line("\tb");
    malformed(b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n");
    malformed(b"GET / HTTP/1.1\r\n Host: a\r\n\r\n");
}

#[test]
fn whitespace_before_a_colon_or_a_name_is_refused() {
    malformed_line("X : a");
    malformed_line("X\t: a");
    malformed_line(" X: a");
    malformed(&Head::request().without("Upgrade").raw("Upgrade : websocket").bytes());
}

#[test]
fn names_must_be_tokens() {
    for name in
        ["", "a b", "a(b", "a/b", "a@b", "a[b", "a{b", "a\"b", "a,b", "a;b", "a=b"]
    {
        malformed_line(format!("{name}: x"));
    }
    malformed_line(b"caf\xc3\xa9: x");
    malformed_line(b"a\xff: x");
    malformed_line("no colon");
    malformed_line("no-colon-at-all");
    malformed_line(":");
}

#[test]
fn control_characters_in_values_are_refused() {
    for control in (0..0x20).chain([0x7f]).filter(|b| *b != b'\t') {
        malformed_line([b'X', b':', b' ', b'a', control, b'b']);
        malformed_line([b'X', b':', control, b'b']);
        malformed_line([b'X', control, b':', b'b']);
    }
}

#[test]
fn a_control_character_is_reported_at_once() {
    let mut bytes = b"GET / HTTP/1.1\r\nX: abc".to_vec();
    bytes.extend(b"\0def\r\n\r\n");
    assert_eq!(request_outcome(&bytes), Err((23, code::HTTP_SYNTAX)));
    assert_eq!(request_outcome(b"\x16\x03\x01\x02\x00"), Err((1, code::HTTP_SYNTAX)));
}

#[test]
fn a_malformed_line_is_reported_at_its_lf() {
    for line in ["no colon", "a b: c", ": c", " folded", "X : y"] {
        let bytes = Head::request().raw_first(line).bytes();
        let lf = "GET /chat HTTP/1.1\r\n".len() + line.len() + 2;
        assert_eq!(request_outcome(&bytes), Err((lf, code::HTTP_SYNTAX)), "{line}");
    }
}

const START_LINES: &[&str] = &[
    "GET",
    "GET /",
    "GET / ",
    "GET  / HTTP/1.1",
    "GET /  HTTP/1.1",
    " GET / HTTP/1.1",
    "GET / HTTP/1.1 ",
    "GET / HTTP/1.1 x",
    "GET / / HTTP/1.1",
    "GET\t/ HTTP/1.1",
    "GET /\tHTTP/1.1",
    "GET /a b HTTP/1.1",
    "GET / HTTP/1.10",
    "GET / HTTP/11",
    "GET / HTTP/1",
    "GET / HTTP/1.",
    "GET / HTTP/.1",
    "GET / HTTP/a.b",
    "GET / http/1.1",
    "GET / HTTP 1.1",
    "GET / HTTPS/1.1",
    "GET / RTSP/1.0",
    "G(T / HTTP/1.1",
    " / HTTP/1.1",
    "G\u{cb}T / HTTP/1.1",
];

#[test]
fn a_malformed_start_line_is_reported_at_its_lf() {
    for start in START_LINES {
        let bytes = Head::request().start(start).bytes();
        let lf = start.len() + 2;
        assert_eq!(request_outcome(&bytes), Err((lf, code::HTTP_SYNTAX)), "{start}");
    }
}

#[test]
fn an_upgrade_must_use_get() {
    for method in ["POST", "HEAD", "OPTIONS", "get", "Get", "GETX", "CONNECT", "!"] {
        let start = format!("{method} /chat HTTP/1.1");
        refused(&Head::request().start(start), code::HTTP_METHOD);
    }
}

#[test]
fn an_upgrade_must_use_http_1_1() {
    for version in ["1.0", "1.2", "0.9", "2.0", "9.9"] {
        let start = format!("GET /chat HTTP/{version}");
        refused(&Head::request().start(start), code::HTTP_VERSION);
    }
}

#[test]
fn an_upgrade_must_have_exactly_one_valid_host() {
    refused(&Head::request().without("Host"), code::HOST);
    for host in [
        "a b",
        "a/b",
        "a@b",
        "a:b",
        "a,b",
        "[::1",
        "a:1:2",
        "\u{e9}",
        ":80",
        "a%zz",
        "a%2",
        "a%",
        "[:::::::]",
        "[::1]x",
        "[]",
        "[1:2:3:4:5:6:7]",
        "[1:2:3:4:5:6:7:8:9]",
        "[1::2::3]",
        "[12345::]",
        "[::1.2.3]",
        "[::1.2.3.256]",
        "[::01.2.3.4]",
        "[1.2.3.4::]",
        "[::g]",
        "[fe80::1%]",
        "[fe80::1%a/b]",
        "[%25eth0]",
        "[v.a]",
        "[v1.]",
        "[vg.a]",
        "::1:8080:",
        "fe80::1%eth0",
        "[::1]:a",
        "user@[::1]",
        "1:2:3:4:5:6:7:8:9",
    ] {
        refused(&Head::request().set("Host", host), code::HOST);
    }
    refused(&Head::request().add("Host", "server.example.com"), code::HOST);
    refused(&Head::request().add("Host", "b").add("Host", "c"), code::HOST);
    refused(&Head::request().add("host", ""), code::HOST);
}

/// RFC 3986, 3.2.2; RFC 6874; RFC 9112, 3.2; and what clients really send.
#[test]
fn every_form_of_a_host_is_accepted() {
    for host in [
        "",
        "a",
        "a:80",
        "localhost:",
        "my_service:8080",
        "%2Ftmp%2Fx.sock",
        "127.0.0.1:1",
        "a!$&'()*+;=-._~z",
        "[::]",
        "[::1]:80",
        "[::ffff:127.0.0.1]:80",
        "[2001:db8::1]",
        "[1:2:3:4:5:6:7:8]",
        "[1:2:3:4:5:6:1.2.3.4]",
        "[1::8]",
        "[1:2:3:4:5:6:7::]",
        "[fe80::1%25eth0]:8080",
        "[fe80::1%eth0]:8080",
        "[v1F.a:b]",
        "::1",
        "::",
        "fe80::204:3dff:fe00:1d97",
        "::ffff:1.2.3.4",
    ] {
        accepted(&Head::request().set("Host", host));
    }
}

fn get(target: impl AsRef<[u8]>) -> Head {
    Head::request().start([b"GET ", target.as_ref(), b" HTTP/1.1"].concat())
}

#[test]
fn a_target_must_be_a_path_or_an_absolute_uri() {
    for target in [
        "chat",
        "a:80",
        "*",
        "/a#b",
        "/#",
        "ftp://x/",
        "http:/server.example.com",
        "?a",
        "http:server.example.com",
        "://server.example.com/",
        "http://",
        "http:///",
        "ws://user@server.example.com/",
        "ws://u:p@server.example.com/",
        "ws://server.example.com:x/",
        "ws://server.example.com/#a",
        "ws://[::1/",
        "ws://::1/",
    ] {
        refused(&get(target), code::HTTP_SYNTAX);
        // The target of an ordinary request is not checked.
        refused(&get(target).without("Upgrade"), code::NOT_UPGRADE);
    }
    for target in ["/", "//a", "/?a=b", "/{|}^%?\"<>\\`%zz", "/chat;x=@user:1"] {
        accepted(&get(target));
    }
}

#[test]
fn a_target_must_be_ascii_or_utf_8() {
    for target in ["/caf\u{e9}?name=Zo\u{eb}", "/\u{6771}\u{4eac}", "/\u{10ffff}"] {
        accepted(&get(target));
    }
    for target in [
        &b"/caf\xe9"[..],
        b"/\xff",
        b"/\xc3",
        b"/\xed\xa0\x80",
        b"/\xc0\xaf",
        b"/\xf5\x80\x80\x80",
    ] {
        malformed(&get(target).bytes());
        malformed(&get(target).without("Upgrade").bytes());
    }
}

/// RFC 9112, 3.2.2 ignores Host then; we refuse two different hosts.
#[test]
fn an_absolute_target_must_name_the_same_host_as_host() {
    let with = |target: &str, host: &str| get(target).set("Host", host);
    for (target, host) in [
        ("http://a/x", "a"),
        ("HTTP://A.example/x", "a.EXAMPLE"),
        ("ws://a:80/x", "a"),
        ("ws://a/x", "a:80"),
        ("ws://a:/x", "a:80"),
        ("wss://a:443", "a"),
        ("https://a?x", "a:443"),
        ("http://a:8080/x", "a:8080"),
        ("ws://[::1]:80/", "[::1]"),
    ] {
        let bytes = with(target, host).bytes();
        accepted(&with(target, host));
        let (_, hs) = c::parse_handshake(&bytes);
        let named = target.split_once("//").unwrap().1;
        let named = named.split(['/', '?']).next().unwrap();
        assert_eq!(c::piece(&bytes, hs.host), Some(named.as_bytes()), "{target}");
    }
    for (target, host) in [
        ("http://evil.example/x", "good.example"),
        ("ws://a/", "a:443"),
        ("wss://a/", "a:80"),
        ("http://a:8080/", "a"),
        ("http://a/", ""),
        ("http://a./", "a"),
        ("http://[::1]/", "::1"),
    ] {
        refused(&with(target, host), code::HOST);
    }
    refused(&get("http://a/x").without("Host"), code::HOST);
    refused(&with("http://a/x", "a").add("Host", "a"), code::HOST);
}

#[test]
fn one_empty_line_before_a_request_is_skipped_and_counted() {
    let head = Head::request().bytes();
    let bytes = [b"\r\n", head.as_slice()].concat();
    assert_eq!(request_outcome(&bytes), Ok(bytes.len()));
    let (_, hs) = c::parse_handshake(&bytes);
    assert_eq!(hs.head_len as usize, bytes.len());
    assert_eq!(c::piece(&bytes, hs.target), Some(&b"/chat"[..]));
    for (before, at) in [("\r\n\r\n", 4), ("\n", 1), ("\r\r\n", 2), (" \r\n", 3)] {
        let bytes = [before.as_bytes(), &head].concat();
        assert_eq!(request_outcome(&bytes), Err((at, code::HTTP_SYNTAX)), "{before:?}");
    }
}

#[test]
fn the_version_must_be_13_exactly_once() {
    refused(&Head::request().without("Sec-WebSocket-Version"), code::VERSION);
    for version in
        ["", "+13", "013", "13.0", "1", "8", "12", "14", "777", "13, 13", "13,8"]
    {
        refused(&Head::request().set("Sec-WebSocket-Version", version), code::VERSION);
    }
    for second in ["13", "8", ""] {
        refused(&Head::request().add("Sec-WebSocket-Version", second), code::VERSION);
    }
    let thrice = Head::request().add("Sec-WebSocket-Version", "13");
    refused(&thrice.add("Sec-WebSocket-Version", "13"), code::VERSION);
}

/// RFC 6455, 9.1.
#[test]
fn a_malformed_list_of_extensions_is_refused() {
    for list in [
        "=;;",
        "a b",
        "a;b=\"",
        "permessage-deflate, =",
        "a;",
        ";a",
        "a=b",
        ",",
        " , ,",
        "a;;b",
        "a; =b",
        "a; b=",
        "a; b=\"c\"d",
        "a; b=\"c\\",
        "\"a\"",
        "a/b",
        "\u{e9}",
        "a; b=c d",
    ] {
        let head = Head::request().add("Sec-WebSocket-Extensions", list);
        refused(&head, code::EXTENSION);
    }
    for list in
        ["", "a", ",a,, b ,", "a;b", "a ; b = c", "a; b=\"\"", "a; b=\"c, \\\"d\"; e"]
    {
        accepted(&Head::request().add("Sec-WebSocket-Extensions", list));
    }
}

#[test]
fn an_upgrade_must_not_have_a_body() {
    for length in
        ["5", "1", "", "-0", "+0", "0x0", "0, 5", "0,0", "10", "00000000000000001"]
    {
        refused(&Head::request().add("Content-Length", length), code::HTTP_SYNTAX);
    }
    for coding in ["chunked", "identity", "gzip, chunked", ""] {
        refused(&Head::request().add("Transfer-Encoding", coding), code::HTTP_SYNTAX);
        refused(&Head::request().add("transfer-encoding", coding), code::HTTP_SYNTAX);
    }
    let both = Head::request().add("Content-Length", "0").add("Content-Length", "7");
    refused(&both, code::HTTP_SYNTAX);
}

#[test]
fn an_upgrade_has_at_most_one_origin() {
    let two = Head::request().add("Origin", "https://a").add("Origin", "https://a");
    refused(&two, code::HTTP_SYNTAX);
    refused(&two.add("Origin", "https://b"), code::HTTP_SYNTAX);
    for both in ["https://a, https://b", ",", "https://a,"] {
        refused(&Head::request().add("Origin", both), code::HTTP_SYNTAX);
    }
}

#[test]
fn upgrade_and_connection_must_contain_the_exact_tokens() {
    for upgrade in [
        "websocketx",
        "websocket/13",
        "xwebsocket",
        "",
        "web socket",
        "websocket;a",
        "h2c",
    ] {
        refused(&Head::request().set("Upgrade", upgrade), code::NOT_UPGRADE);
    }
    for connection in
        ["close, notUpgrade", "close", "", "keep-alive", "upgrades", "Up grade"]
    {
        refused(&Head::request().set("Connection", connection), code::NOT_UPGRADE);
    }
    refused(&Head::request().without("Upgrade"), code::NOT_UPGRADE);
    refused(&Head::request().without("Connection"), code::NOT_UPGRADE);
}
