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
fn an_offer_that_is_not_a_token_is_never_chosen() {
    for offer in [&b"\xff"[..], b"caf\xc3\xa9", b"a b", b"b\x80", b"(chat)"] {
        let head = Head::request().add("Sec-WebSocket-Protocol", offer).bytes();
        assert_eq!(c::select_protocol(&head, b"chat, b"), Ok(None));
    }
}

#[test]
fn the_servers_list_must_be_valid() {
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

/// Not of the head, so it needs no further check.
#[test]
fn the_result_is_a_span_of_the_servers_list() {
    let head = Head::request().add("Sec-WebSocket-Protocol", "x, chat").bytes();
    assert_eq!(c::select_protocol(&head, b"mqtt ,  chat").unwrap().unwrap(), b"chat");
    assert_eq!(c::select_protocol(&head, b"chat").unwrap().unwrap(), b"chat");
}

fn select_value(
    offered: Option<&[u8]>,
    supported: &str,
) -> Result<Option<String>, isize> {
    let chosen = c::select_protocol_value(offered, supported.as_bytes())?;
    Ok(chosen.map(|chosen| String::from_utf8(chosen).unwrap()))
}

#[test]
fn a_field_value_is_negotiated_like_a_head() {
    let chat = Ok(Some("chat".to_owned()));
    assert_eq!(select_value(Some(b"superchat, chat"), "mqtt, chat"), chat);
    assert_eq!(select_value(Some(b" \t,chat\0, ch at,, chat ,"), "chat"), chat);
    assert_eq!(select_value(Some(b"Chat"), "chat"), Ok(None));
    assert_eq!(select_value(None, "chat"), Ok(None));
    assert_eq!(select_value(Some(b""), "chat"), Ok(None));
    assert_eq!(select_value(Some(b"chat"), ""), Ok(None));
    for supported in [",", "a,", "a b", "a, a"] {
        assert_eq!(select_value(None, supported), Err(code::INVALID_ARGUMENT));
    }
}

/// More names than the library compares at a time.
fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("name-{n}")).collect()
}

#[test]
fn the_first_match_is_chosen_among_many_names() {
    for count in [1, 2, 127, 128, 129, 255, 256, 257, 1000] {
        let names = names(count);
        let supported = names.join(", ");
        for at in [0, 1, count / 2, count.saturating_sub(2), count - 1] {
            let name = &names[at.min(count - 1)];
            let later = &names[count - 1];
            let offered = format!("x, {later}, {name}, {later}");
            let chosen = select_value(Some(offered.as_bytes()), &supported);
            assert_eq!(chosen, Ok(Some(name.clone())), "{count}");
        }
        assert_eq!(select_value(Some(b"name-, name, ame-0"), &supported), Ok(None));
        // A repeated name is invalid, however far apart.
        for at in [0, count / 2, count - 1] {
            let twice = format!("{supported},{}", names[at]);
            let refused = select_value(Some(b"x"), &twice);
            assert_eq!(refused, Err(code::INVALID_ARGUMENT), "{count} {at}");
        }
    }
}

/// Nanoseconds: the minimum of many runs, since runs are interrupted.
fn times(offered: &[u8], supported: [&str; 2]) -> [u128; 2] {
    let mut best = [u128::MAX; 2];
    for _ in 0..40 {
        for (best, supported) in best.iter_mut().zip(supported) {
            let start = std::time::Instant::now();
            assert_eq!(select_value(Some(offered), supported), Ok(None));
            *best = start.elapsed().as_nanos().min(*best);
        }
    }
    best
}

#[test]
fn the_cost_is_linear_in_the_lengths_of_both_lists() {
    for (offer, name) in [("a,", "b"), ("name-0x,", "name-"), ("name-1000,", "name-")] {
        let offered = offer.repeat(60_000 / offer.len()).into_bytes();
        let supported = |count: usize| {
            let names: Vec<String> = (0..count).map(|n| format!("{name}{n}")).collect();
            names.join(",")
        };
        let [few, many] = times(&offered, [&supported(2), &supported(100)]);
        println!("{offer} {few} ns with 2 names, {many} ns with 100");
        assert!(many < 8 * few, "{offer} {few} ns with 2 names, {many} ns with 100");
    }
}
