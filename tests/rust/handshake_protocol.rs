//! ws_select_protocol() (RFC 6455, 1.9, 4.2.2, 11.3.4).

use crate::c::{self, code};
use crate::heads::Head;

fn select(offers: &[&str], supported: &str) -> Result<Option<String>, isize> {
    let head = offers
        .iter()
        .fold(Head::request(), |head, offer| head.add("Sec-WebSocket-Protocol", offer));
    let chosen = c::select_protocol(&head.bytes(), supported.as_bytes())?;
    Ok(chosen.map(|chosen| String::from_utf8(chosen).unwrap()))
}

#[test]
fn the_servers_first_that_is_offered_is_chosen() {
    for (offers, supported, chosen) in [
        (&["chat, superchat"][..], "chat", Some("chat")),
        (&["chat, superchat"], "superchat", Some("superchat")),
        (&["chat, superchat"], "superchat, chat", Some("superchat")),
        (&["chat, superchat"], "mqtt,superchat,chat", Some("superchat")),
        (&["chat, superchat"], " chat ,\tmqtt ", Some("chat")),
        (&["chat", "superchat"], "superchat", Some("superchat")),
        (&["a,b", "c , d", ""], "d", Some("d")),
        (&[",, chat ,"], "chat", Some("chat")),
        (&["chat"], "mqtt", None),
        (&["chat"], "", None),
        (&[], "chat", None),
        (&[""], "chat", None),
    ] {
        let expected = Ok(chosen.map(str::to_owned));
        assert_eq!(select(offers, supported), expected, "{offers:?} {supported}");
    }
}

#[test]
fn names_are_compared_whole_and_with_their_case() {
    for offer in
        ["Chat", "CHAT", "chatx", "xchat", "cha", "ch at", "chat;q=1", "\"chat\""]
    {
        assert_eq!(select(&[offer], "chat"), Ok(None), "{offer}");
    }
}

#[test]
fn an_offer_that_is_no_token_is_never_chosen_and_never_a_panic() {
    for offer in [&b"\xff"[..], b"caf\xc3\xa9", b"a b", b"b\x80", b"(chat)"] {
        let head = Head::request().add("Sec-WebSocket-Protocol", offer).bytes();
        assert_eq!(c::select_protocol(&head, b"chat, b"), Ok(None));
    }
}

#[test]
fn what_a_server_supports_must_be_a_list_of_tokens() {
    for supported in [
        ",",
        "a,",
        ",a",
        "a,,b",
        "a b",
        "a, a",
        "a,b,a",
        "\u{e9}",
        "a\r\nX: y",
        "a\0",
        "a;b",
        " ",
        "\n",
        "a\n",
    ] {
        assert_eq!(
            select(&["a"], supported),
            Err(code::INVALID_ARGUMENT),
            "{supported:?}"
        );
    }
}

/// The piece is one of `supported`, not of the head: it needs no further check.
#[test]
fn the_span_lies_in_what_is_supported() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "x, chat").bytes();
    assert_eq!(c::select_protocol(&head, b"mqtt ,  chat").unwrap().unwrap(), b"chat");
    assert_eq!(c::select_protocol(&head, b"chat").unwrap().unwrap(), b"chat");
}
