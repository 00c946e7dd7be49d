//! ws_origin_allowed() compares whole origins (RFC 6454; RFC 6455, 10.2).

use crate::c;

fn check(origin: &str, allowed: &str, expected: bool) {
    let result = c::origin_allowed(origin.as_bytes(), allowed.as_bytes());
    assert_eq!(result, expected, "{origin:?} among {allowed:?}");
}

#[test]
fn an_origin_that_resembles_a_listed_one_is_not_allowed() {
    for origin in [
        "https://good.com.evil.com",
        "https://evilgood.com",
        "https://evil.com/https://good.com",
        "https://evil.com?https://good.com",
        "https://good.co",
        "https://sub.good.com",
        "https://good.com.",
        "http://good.com",
        "wss://good.com",
        "good.com",
        "//good.com",
        "https:good.com",
        "https:/good.com",
        "https://good.com/",
        "https://good.com#",
        "https://user@good.com",
        "https://good.com@evil.com",
        "https://good.com\\.evil.com",
        " https://good.com",
        "https://good.com ",
        "https://good.com\0",
        "https://good.com\r\n",
        "https://good.com https://good.com",
        "https://good.com,https://good.com",
        "https://*.com",
        "https://g\u{f6}od.com",
        "*",
    ] {
        check(origin, "https://good.com", false);
    }
}

#[test]
fn a_malformed_origin_is_not_allowed_even_if_listed() {
    for origin in [
        "",
        "null",
        "http://a:b",
        "http://a:",
        "http://a:080",
        "http://a:65536",
        "http://a:99999999999999999999",
        "http://a:-1",
        "http://",
        "http://:80",
        "://a",
        "1http://a",
        "http://a b",
        "http://[::1",
        "http://[::1]x",
        "http://[]",
        "http://::1",
        "*",
    ] {
        check(origin, origin, false);
        check(origin, &format!("https://x {origin} https://y"), false);
    }
}

#[test]
fn malformed_entries_do_not_affect_the_others() {
    check("https://good.com", "null * http://a:b https://good.com", true);
    check("https://good.com", "null * http://a:b", false);
    check("https://good.com", "", false);
}

#[test]
fn wildcards_match_nothing() {
    for allowed in ["*", "https://*", "https://*.com", "https://*:443", "https://good.*"]
    {
        check("https://good.com", allowed, false);
    }
}

#[test]
fn port_0_is_not_special() {
    check("http://a:0", "http://a:0", true);
    check("http://a:0", "http://a", false);
}

/// Some browsers send this for a local file, others send "null".
#[test]
fn file_origins_may_be_listed() {
    check("file://", "https://a file://", true);
    check("FILE://", "file://", true);
    for origin in ["file:", "file:///", "file://host", "null", ""] {
        check(origin, "file://", false);
    }
    check("file://", "https://a", false);
}
