//! Opening requests of real clients, with another key: each is accepted, and the bytes after the
//! head are the first frame.

use crate::c::WS_SERVER;
use crate::conn::{Conn, from_peer, text};
use crate::handshakes::{accept_raw, spec};
use crate::heads::KEY;
use crate::pmd::USUAL;
use wscodec::ffi::accept::ws_accept_spec;
use wscodec::ffi::negotiation::ws_pmd_params;

/// The client and its request; "@" stands for the key.
const REQUESTS: &[(&str, &[u8])] = &[
    (
        "Chrome 72, protocol 'null'",
        b"GET ws://localhost:8080/api/ws HTTP/1.1\r\n\
          Host: localhost:8080\r\n\
          Connection: Upgrade\r\n\
          Pragma: no-cache\r\n\
          Cache-Control: no-cache\r\n\
          Upgrade: websocket\r\n\
          Origin: http://localhost\r\n\
          Sec-WebSocket-Version: 13\r\n\
          User-Agent: Mozilla/5.0 (Macintosh)\r\n\
          Accept-Encoding: gzip, deflate, br\r\n\
          Accept-Language: en-US,en;q=0.9\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\
          Sec-WebSocket-Protocol: null\r\n\
          \r\n",
    ),
    (
        "Chrome 32 with x-webkit-deflate-frame",
        b"GET / HTTP/1.1\r\n\
          Cache-Control:no-cache\r\n\
          Connection:Upgrade\r\n\
          Cookie:__utma=9.1.1.1.1.6; __utmc=9; __utmz=9.1.1.1.utmcsr=(direct)|utmccn=(direct)|utmcmd=(none)\r\n\
          Host:127.0.0.1:8080\r\n\
          Origin:http://127.0.0.1:8080\r\n\
          Sec-WebSocket-Extensions:permessage-deflate; client_max_window_bits, x-webkit-deflate-frame\r\n\
          Sec-WebSocket-Key:@\r\n\
          Sec-WebSocket-Protocol:sip\r\n\
          Sec-WebSocket-Version:13\r\n\
          Upgrade:websocket\r\n\
          \r\n",
    ),
    (
        "Firefox",
        b"GET / HTTP/1.1\r\n\
          Host: localhost\r\n\
          User-Agent: Mozilla/5.0 Firefox/122.0\r\n\
          Accept: */*\r\n\
          Accept-Encoding: gzip, deflate, br\r\n\
          Sec-WebSocket-Version: 13\r\n\
          Origin: null\r\n\
          Sec-WebSocket-Extensions: permessage-deflate\r\n\
          Sec-WebSocket-Key: @\r\n\
          DNT: 1\r\n\
          Connection: keep-alive, Upgrade\r\n\
          Sec-Fetch-Dest: empty\r\n\
          Sec-Fetch-Mode: websocket\r\n\
          Sec-Fetch-Site: cross-site\r\n\
          Pragma: no-cache\r\n\
          Cache-Control: no-cache\r\n\
          Upgrade: websocket\r\n\
          \r\n",
    ),
    (
        "Dart, with a valid key",
        b"GET /ws HTTP/1.1\r\n\
          user-agent: Dart/2.8 (dart:io)\r\n\
          connection: Upgrade\r\n\
          origin: a.example\r\n\
          accept-encoding: gzip\r\n\
          content-length: 0\r\n\
          sec-websocket-version: 13\r\n\
          host: a.example:8000\r\n\
          x-app: Talk v1.0.0+16 \r\n\
          sec-websocket-key: @\r\n\
          upgrade: websocket\r\n\
          \r\n",
    ),
    (
        "TinyWebsockets on a charger",
        b"GET / HTTP/1.1\r\n\
          Host: a.example\r\n\
          Sec-WebSocket-Key: @\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Version: 13\r\n\
          User-Agent: TinyWebsockets Client\r\n\
          Origin: https://github.com/gilmaimon/TinyWebsockets\r\n\
          \r\n",
    ),
    (
        "jawampa#22",
        b"GET / HTTP/1.1\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Host: localhost:8080\r\n\
          Sec-WebSocket-Origin: http://localhost:8080\r\n\
          Sec-WebSocket-Protocol: wamp.2.json,wamp.2.msgpack\r\n\
          Sec-WebSocket-Version: 13\r\n\
          \r\n",
    ),
    (
        "empty Sec-WebSocket-Extensions",
        b"GET /Services/Register HTTP/1.1\r\n\
          Pragma: no-cache\r\n\
          Cache-Control: no-cache\r\n\
          Host: xx.example\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Origin: http://xx.example\r\n\
          Sec-WebSocket-Protocol: xxx.yyy.http\r\n\
          Sec-WebSocket-Extensions: \r\n\
          Sec-WebSocket-Version: 13\r\n\
          Authorization: Basic dTpwdw==\r\n\
          \r\n",
    ),
    (
        "two Connections, //target",
        b"GET //pulsar:8080/ws/v2/producer HTTP/1.1\r\n\
          Host: pulsar:8080\r\n\
          Connection: keep-alive\r\n\
          User-Agent: ILEvator for IBM i/0.1.1\r\n\
          sec-websocket-version: 13\r\n\
          sec-websocket-key: @\r\n\
          upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Accept: */*\r\n\
          \r\n",
    ),
    (
        "uwsc, Connection twice",
        b"GET / HTTP/1.1\r\n\
          Host: 127.0.0.1:8080\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Extensions: permessage-deflate\r\n\
          Sec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Key: @\r\n\
          \r\n",
    ),
    (
        "Upgrade: WebSocket",
        b"GET /comm HTTP/1.1\r\n\
          Upgrade: WebSocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          Host: localhost:8084\r\n\
          \r\n",
    ),
    (
        "Tcl: Connection: close and Upgrade",
        b"GET / HTTP/1.1\r\n\
          Host: 127.0.0.1\r\n\
          User-Agent: Mozilla/5.0 (Unix) http/2.9.8 Tcl/8.6.13\r\n\
          Connection: close\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          Accept: */*\r\n\
          \r\n",
    ),
    (
        "Netty",
        b"GET / HTTP/1.1\r\n\
          host: 127.0.0.1\r\n\
          upgrade: websocket\r\n\
          connection: upgrade\r\n\
          sec-websocket-key: @\r\n\
          origin: http://127.0.0.1\r\n\
          sec-websocket-protocol: chat\r\n\
          sec-websocket-version: 13\r\n\
          sec-websocket-extensions: permessage-deflate;client_max_window_bits,deflate-frame,x-webkit-deflate-frame\r\n\
          \r\n",
    ),
    (
        "lomond, two offers",
        b"GET / HTTP/1.1\r\n\
          Host: 127.0.0.1\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=15; client_max_window_bits, permessage-deflate; client_max_window_bits\r\n\
          \r\n",
    ),
    (
        "slack_sdk: /? as target, Host without port",
        b"GET /? HTTP/1.1\r\n\
          Host: 127.0.0.1\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          \r\n",
    ),
    (
        "a Kodi-like client: no spaces after colons",
        b"GET /jsonrpc HTTP/1.1\r\n\
          Host:h.example:9090\r\n\
          Upgrade:websocket\r\n\
          Connection:Upgrade\r\n\
          Sec-WebSocket-Key:@\r\n\
          Sec-WebSocket-Version:13\r\n\
          \r\n",
    ),
    (
        "Cloudflare, in UTF-8",
        b"GET / HTTP/1.1\r\n\
          Host: a.example\r\n\
          CF-RAY: 8a-FRA\r\n\
          CF-Visitor: {\"scheme\":\"https\"}\r\n\
          cf-city: Montr\xc3\xa9al\r\n\
          CDN-Loop: cloudflare; loops=1\r\n\
          X-Forwarded-For: 192.0.2.1, 192.0.2.2\r\n\
          Upgrade: websocket\r\n\
          Connection: Upgrade\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          \r\n",
    ),
    (
        "absolute-form through a proxy",
        b"GET ws://127.0.0.1:6565/?t=x HTTP/1.1\r\n\
          Host: 127.0.0.1:6565\r\n\
          Connection: Upgrade\r\n\
          Upgrade: websocket\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          \r\n",
    ),
    (
        "h2c and websocket",
        b"GET / HTTP/1.1\r\n\
          Host: a.example\r\n\
          Connection: Upgrade, HTTP2-Settings\r\n\
          Upgrade: h2c, websocket\r\n\
          HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\n\
          Sec-WebSocket-Key: @\r\n\
          Sec-WebSocket-Version: 13\r\n\
          \r\n",
    ),
];

fn willing() -> *const ws_pmd_params {
    static WILLING: ws_pmd_params = USUAL;
    if cfg!(feature = "deflate") { &raw const WILLING } else { core::ptr::null() }
}

#[test]
fn requests_of_real_clients_are_accepted() {
    for (name, request) in REQUESTS {
        let key_at = request.iter().position(|b| *b == b'@').unwrap();
        let (before, after) = (&request[..key_at], &request[key_at + 1..]);
        let head = [before, KEY, after].concat();
        let buf = [head.as_slice(), &from_peer(WS_SERVER, 0x81, "first")].concat();
        let spec =
            ws_accept_spec { pmd: willing(), ..spec(b"sip, wamp.2.json, chat", b"") };
        for len in 0..head.len() {
            let (result, ..) = accept_raw(&buf[..len], Some(&spec), 512);
            assert_eq!(result, 0, "{name}");
        }
        let (result, reply, accepted) = accept_raw(&buf, Some(&spec), 512);
        assert!(result > 0 && accepted.error == 0, "{name} {}", accepted.error);
        assert!(reply.starts_with(b"HTTP/1.1 101 "));
        assert_eq!(accepted.head_len as usize, head.len(), "{name}");
        let mut conn = Conn::of(accepted.conn, WS_SERVER);
        assert_eq!(conn.read(&buf[head.len()..]), [text("first")], "{name}");
    }
}
