//! Requests, responses, policies, and the negotiation of compression.

use crate::reader::{Vector, prefixes};
use wscodec_std::wscodec::handshake::response::Response;
use wscodec_std::wscodec::handshake::{request as requests, response as responses};
use wscodec_std::{Accepted, Client, Confirmed, Error, Result, Server};

/// A head is incomplete before the byte that completes it or proves its error.
fn check_prefixes(
    vector: &Vector,
    head: &[u8],
    parse: impl Fn(&[u8]) -> Result<Option<usize>>,
) {
    let at = vector.at(head.len());
    prefixes(head.len(), at, |len| {
        let expected = match vector.error() {
            _ if len <= at => Ok(None),
            Some(error) => Err(error),
            None => Ok(Some(head.len())),
        };
        assert_eq!(parse(&head[..len]), expected, "{} to {len}", vector.name());
    });
}

/// Compares the fields that a vector names.
fn check_fields(
    vector: &Vector,
    texts: &[(&str, Option<&[u8]>)],
    numbers: &[(&str, u16)],
) {
    let Some(fields) = vector.member("fields") else { return };
    for (name, value) in texts.iter().filter(|(name, _)| fields.has(name)) {
        assert_eq!(*value, fields.optional_bytes(name).as_deref(), "{}", vector.name());
    }
    for (name, value) in numbers.iter().filter(|(name, _)| fields.has(name)) {
        assert_eq!(Some(u64::from(*value)), fields.number(name), "{}", vector.name());
    }
}

pub fn request(vector: &Vector) {
    let head = vector.bytes("request");
    check_prefixes(vector, &head, |prefix| match requests::read(prefix)? {
        Some(request) => request.verdict.map(|_| Some(request.head_len)),
        None => Ok(None),
    });
    if vector.error().is_none_or(|error| error == Error::NotUpgrade) {
        let request = requests::read(&head).unwrap().unwrap();
        let texts = [
            ("method", Some(request.method)),
            ("target", Some(request.target)),
            ("host", request.host),
            ("origin", request.origin),
            ("key", request.key),
        ];
        check_fields(vector, &texts, &[("http_version", request.http_version)]);
    }
}

fn parse<'a>(head: &'a [u8], sent: &[u8]) -> Result<Option<Response<'a>>> {
    responses::parse(head, &requests::parse_sent(sent)?)
}

pub fn response(vector: &Vector) {
    let (sent, head) = (vector.bytes("request"), vector.bytes("response"));
    check_prefixes(vector, &head, |prefix| match parse(prefix, &sent)? {
        Some(response) if response.status != 101 => Err(Error::HandshakeStatus),
        response => Ok(response.map(|response| response.head_len)),
    });
    if vector.error().is_none_or(|error| error == Error::HandshakeStatus) {
        let response = parse(&head, &sent).unwrap().unwrap();
        let texts = [
            ("protocol", response.protocol),
            ("extensions", response.first_extensions),
            ("reason", response.reason),
        ];
        let numbers =
            [("status", response.status), ("http_version", response.http_version)];
        check_fields(vector, &texts, &numbers);
    }
}

pub fn policy(vector: &Vector) {
    let policy = vector.member("policy");
    let text = |name: &str| Some(policy.as_ref()?.text(name)?.to_string());
    let server = Server {
        protocols: text("protocols").unwrap_or_default(),
        need_protocol: policy.as_ref().is_some_and(|these| these.is("need_protocol")),
        origins: text("origins"),
        ..Server::default()
    };
    let accepted = server.accept(&vector.bytes("request")).unwrap().unwrap();
    assert_eq!(accepted.codec.err(), vector.error(), "{}", vector.name());
    assert_eq!(
        accepted.protocol.as_deref(),
        vector.text("protocol"),
        "{}",
        vector.name()
    );
    let status = vector.number("status").unwrap_or(101);
    let start = format!("HTTP/1.1 {status} ");
    assert!(accepted.response.starts_with(start.as_bytes()), "{}", vector.name());
}

const REQUEST: &str = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Version: 13\r\n";
const RESPONSE: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";

/// A head with these values of Sec-WebSocket-Extensions.
fn extended(start: &str, values: &[Vec<u8>]) -> Vec<u8> {
    let mut head = start.as_bytes().to_vec();
    for value in values {
        head.extend([b"Sec-WebSocket-Extensions: ", &value[..], b"\r\n"].concat());
    }
    head.extend(b"\r\n");
    head
}

pub fn deflate_accept(vector: &Vector) {
    let name = vector.name();
    let server =
        Server { deflate: Some(vector.parameters("willing")), ..Server::default() };
    let request = extended(REQUEST, &vector.all_bytes("offers"));
    let Accepted { codec, response, .. } = server.accept(&request).unwrap().unwrap();
    match codec {
        Ok(codec) => {
            let value = vector.optional_bytes("response");
            let agreed = value.is_some().then(|| vector.parameters("agreed"));
            assert_eq!(codec.deflate(), agreed, "{name}");
            assert_eq!(vector.error(), None, "{name}");
            let values: Vec<_> = value.into_iter().collect();
            assert_eq!(response, extended(RESPONSE, &values), "{name}");
        }
        Err(error) => assert_eq!(Some(error), vector.error(), "{name}"),
    }
}

fn client(vector: &Vector) -> Client {
    Client { deflate: Some(vector.parameters("offered")), ..Client::default() }
}

/// The offer in a client's request.
fn offer(client: &Client) -> Vec<u8> {
    let request = client.request("a", "/").unwrap();
    let request = requests::parse(&request).unwrap().unwrap();
    request.extensions().next_value().unwrap().to_vec()
}

pub fn deflate_offer(vector: &Vector) {
    assert_eq!(offer(&client(vector)), vector.bytes("offer"), "{}", vector.name());
}

pub fn deflate_confirm(vector: &Vector) {
    let client = client(vector);
    // The responses may confirm the extensions a, b and c, too.
    let request = extended(REQUEST, &[offer(&client), b"a, b, c".to_vec()]);
    let response = extended(RESPONSE, &vector.all_bytes("responses"));
    let agreed = client.confirm(&response, &request).map(|confirmed| {
        let Confirmed { codec, .. } = confirmed.unwrap();
        codec.unwrap().deflate()
    });
    let expected = vector.member("agreed").map(|_| vector.parameters("agreed"));
    assert_eq!(agreed, vector.error().map_or(Ok(expected), Err), "{}", vector.name());
}
