//! Vectors of the negotiation of compression, and of compressed messages. (`pmd_splits` reads them
//! with connections.)

use crate::c::{self, WS_SERVER, code};
use crate::heads::Head;
use crate::pmd_alone::Pmd;
use crate::vectors::{Vector, load};
use wscodec::ffi::conn::WS_SEND_MORE;
use wscodec::ffi::negotiation::ws_pmd_params;

const FIELD: &str = "Sec-WebSocket-Extensions";

fn with_fields(head: Head, values: &[Vec<u8>]) -> Vec<u8> {
    values.iter().fold(head, |head, value| head.add(FIELD, value)).bytes()
}

/// All values in one (RFC 9110, 5.3); None without a field.
fn joined(values: &[Vec<u8>]) -> Option<Vec<u8>> {
    (!values.is_empty()).then(|| values.join(&b", "[..]))
}

/// The parameters agreed on, with the default level.
fn agreed(vector: &Vector) -> [u8; 8] {
    let params = vector.parameters("agreed");
    c::pmd_bytes(&ws_pmd_params { level: 6, mem_level: 8, ..params })
}

#[test]
fn every_offer_is_accepted_declined_or_malformed() {
    for vector in load("deflate_accept") {
        let (offers, willing) =
            (vector.all_bytes("offers"), vector.parameters("willing"));
        let response = vector.optional_bytes("response").map(|r| (r, agreed(&vector)));
        let expected =
            if vector.has("error") { Err(vector.error()) } else { Ok(response) };
        let head = with_fields(Head::request(), &offers);
        assert_eq!(c::pmd_accept(&head, willing), expected, "{}", vector.name());
        let value = joined(&offers);
        let result = c::pmd_accept_value(value.as_deref(), willing);
        assert_eq!(result, expected, "{}", vector.name());
    }
}

/// The other side confirms what a server has accepted.
#[test]
fn every_response_to_an_offer_is_confirmed() {
    for vector in load("deflate_accept").iter().filter(|v| v.text("response").is_some()) {
        let response = vector.bytes("response");
        let confirmed = c::pmd_confirm_value(Some(&response), crate::pmd::USUAL);
        assert_eq!(confirmed, Ok(Some(agreed(vector))), "{}", vector.name());
    }
}

#[test]
fn every_client_writes_its_offer() {
    for vector in load("deflate_offer") {
        let offer = c::pmd_offer(vector.parameters("offered"));
        assert_eq!(offer, Ok(vector.bytes("offer")), "{}", vector.name());
    }
}

#[test]
fn every_response_is_confirmed_or_has_its_error() {
    for vector in load("deflate_confirm") {
        let (values, offered) =
            (vector.all_bytes("responses"), vector.parameters("offered"));
        let on = vector.member("agreed").map(|_| agreed(&vector));
        let expected = if vector.has("error") { Err(vector.error()) } else { Ok(on) };
        let head = with_fields(Head::response(), &values);
        assert_eq!(c::pmd_confirm(&head, offered), expected, "{}", vector.name());
        let result = c::pmd_confirm_value(joined(&values).as_deref(), offered);
        assert_eq!(result, expected, "{}", vector.name());
    }
}

/// What a message decompresses to, with room for `cap` bytes in each call.
fn decompressed(
    pmd: &mut Pmd,
    payloads: &[Vec<u8>],
    cap: usize,
) -> Result<Vec<u8>, isize> {
    let (last, others) = payloads.split_last().unwrap();
    let mut message = Vec::new();
    for payload in others {
        message.extend(pmd.decompress(payload, WS_SEND_MORE, cap)?);
    }
    message.extend(pmd.decompress(last, 0, cap)?);
    Ok(message)
}

#[test]
fn every_message_is_decompressed_or_has_its_error() {
    for vector in load("deflate_messages") {
        for cap in [1, 7, 1000] {
            let mut pmd = Pmd::new(vector.side(), vector.parameters("parameters"));
            for message in vector.members("messages") {
                let expected = message.optional_bytes("message").ok_or(message.error());
                let result = decompressed(&mut pmd, &message.all_bytes("payloads"), cap);
                assert_eq!(result, expected, "{}", vector.name());
            }
        }
    }
}

/// A message that ends before its last byte is damaged, or ends with another block.
#[test]
fn a_prefix_of_a_message_is_damaged_or_shorter() {
    for vector in load("deflate_messages") {
        let message = &vector.members("messages")[0];
        let Some(whole) = message.optional_bytes("message") else { continue };
        let payload = message.all_bytes("payloads").concat();
        for cut in 1..payload.len() {
            let mut pmd = Pmd::new(WS_SERVER, crate::pmd::USUAL);
            match pmd.decompress(&payload[..cut], 0, 1000) {
                Err(error) => assert_eq!(error, code::COMPRESSION, "{}", vector.name()),
                Ok(part) => assert!(whole.starts_with(&part), "{}", vector.name()),
            }
        }
    }
}
