//! Connections over streams of Tokio, and arguments that are invalid.

mod common;

use common::{run, text};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::time::timeout;
use wscodec_std::{
    Client, Codec, Direction, Error, Message, Opcode, Opt, Params, Received, Server,
    Side, WebSocket,
};

type Pair = (WebSocket<DuplexStream>, WebSocket<DuplexStream>);

/// A client and a server.
async fn connected(client: Client, server: Server, buffer: usize) -> Pair {
    let (near, far) = duplex(buffer);
    let (client, server) = tokio::join!(
        WebSocket::connect(near, &client, "a", "/"),
        WebSocket::accept(far, &server),
    );
    (client.unwrap(), server.unwrap())
}

async fn pair() -> Pair {
    connected(Client::default(), Server::default(), 1 << 16).await
}

fn reason(error: &io::Error) -> Option<Error> {
    error.get_ref()?.downcast_ref().copied()
}

async fn echo(mut ws: WebSocket<DuplexStream>) -> io::Result<()> {
    while let Some(message) = ws.next().await? {
        ws.queue(&message).await?;
    }
    ws.close(1000, "").await.map(|_| ())
}

#[test]
fn messages_are_echoed_with_and_without_compression() {
    let both = Direction::new(false, 15).unwrap();
    for deflate in [None, Some(Params::new(both, both, 6, 8).unwrap())] {
        run(async {
            let client =
                Client { protocols: "other, chat".into(), deflate, ..Client::default() };
            let server =
                Server { protocols: "chat".into(), deflate, ..Server::default() };
            let (mut client, server) = connected(client, server, 1000).await;
            assert_eq!(client.protocol(), Some("chat"));
            let echoing = tokio::spawn(echo(server));
            for size in [0, 1, 125, 126, 65535, 65536, 1 << 20] {
                for message in [text(&"x".repeat(size)), Message::Binary(vec![255; size])]
                {
                    client.send(&message).await.unwrap();
                    assert_eq!(client.next().await.unwrap(), Some(message));
                }
            }
            let closed = client.close(4000, "bye").await.unwrap().unwrap();
            assert_eq!(closed.code, 4000);
            echoing.await.unwrap().unwrap();
        });
    }
}

#[test]
fn queued_messages_leave_with_one_write() {
    run(async {
        let (mut client, mut server) = pair().await;
        for number in 0..100 {
            client.queue(&text(&number.to_string())).await.unwrap();
        }
        assert!(timeout(Duration::from_millis(10), server.next()).await.is_err());
        client.flush().await.unwrap();
        for number in 0..100 {
            assert_eq!(server.next().await.unwrap(), Some(text(&number.to_string())));
        }
    });
}

#[test]
fn a_cancelled_call_loses_nothing() {
    run(async {
        let (mut client, server) =
            connected(Client::default(), Server::default(), 16).await;
        let message = Message::Binary(vec![1; 10_000]);
        let cut = timeout(Duration::from_millis(10), client.send(&message)).await;
        assert!(cut.is_err(), "the stream takes 16 bytes");
        let echoing = tokio::spawn(echo(server));
        let mut reply = None;
        while reply.is_none() {
            let next = timeout(Duration::from_micros(100), client.next());
            reply = next.await.ok().map(Result::unwrap);
        }
        assert_eq!(reply, Some(Some(message)));
        client.close(1000, "").await.unwrap();
        echoing.await.unwrap().unwrap();
    });
}

#[test]
fn a_call_of_send_queues_the_message_once_even_if_it_is_cancelled() {
    run(async {
        let (mut client, mut server) =
            connected(Client::default(), Server::default(), 16).await;
        drop(client.send(&text("never polled")));
        let long = text(&"x".repeat(100_000));
        let cut = timeout(Duration::from_millis(10), client.send(&long)).await;
        assert!(cut.is_err(), "the stream takes 16 bytes");
        let sending = async {
            client.flush().await.unwrap();
            client.send(&text("last")).await.unwrap();
        };
        let receiving = async {
            for expected in [text("never polled"), long, text("last")] {
                assert_eq!(server.next().await.unwrap(), Some(expected));
            }
        };
        tokio::join!(sending, receiving);
    });
}

#[test]
fn a_cancelled_call_of_queue_has_not_queued_the_message() {
    run(async {
        let (mut client, mut server) =
            connected(Client::default(), Server::default(), 16).await;
        let long = text(&"x".repeat(100_000));
        client.queue(&long).await.unwrap();
        let second = text("second");
        let cut = timeout(Duration::from_millis(10), client.queue(&second)).await;
        assert!(cut.is_err(), "too much is queued");
        let sending = async {
            client.queue(&second).await.unwrap();
            client.send(&text("last")).await.unwrap();
        };
        let receiving = async {
            for expected in [&long, &second, &text("last")] {
                assert_eq!(server.next().await.unwrap().as_ref(), Some(expected));
            }
        };
        tokio::join!(sending, receiving);
    });
}

#[test]
fn two_peers_that_both_have_much_to_write_also_read() {
    run(async {
        let (mut client, mut server) =
            connected(Client::default(), Server::default(), 1000).await;
        let message = Message::Binary(vec![1; 1 << 20]);
        client.queue(&message).await.unwrap();
        server.queue(&message).await.unwrap();
        // A peer that has its message also writes the rest of its own.
        let client =
            tokio::spawn(async move { (client.next().await, client.flush().await) });
        let server =
            tokio::spawn(async move { (server.next().await, server.flush().await) });
        let both = async { [client.await.unwrap(), server.await.unwrap()] };
        let both = timeout(Duration::from_secs(5), both).await.expect("both wait");
        for (received, flushed) in both {
            assert_eq!(received.unwrap(), Some(message.clone()));
            flushed.unwrap();
        }
    });
}

#[test]
fn a_pong_is_received_but_is_not_a_message() {
    run(async {
        let (mut client, server) = pair().await;
        let echoing = tokio::spawn(echo(server));
        client.ping(b"one").unwrap();
        assert_eq!(client.receive().await.unwrap(), Some(Received::Pong(b"one".into())));
        client.ping(b"two").unwrap();
        client.send(&text("three")).await.unwrap();
        assert_eq!(client.next().await.unwrap(), Some(text("three")));
        let error = client.ping(&[0; 126]).unwrap_err();
        assert_eq!(reason(&error), Some(Error::InvalidArgument));
        client.close(1000, "").await.unwrap();
        echoing.await.unwrap().unwrap();
    });
}

#[test]
fn a_peer_that_sends_pings_and_does_not_read_cannot_fill_the_queue() {
    const PINGS: u32 = 20_000;
    run(async {
        let (mut near, far) = duplex(1000);
        let server = tokio::spawn(async move {
            echo(WebSocket::accept(far, &Server::default()).await.unwrap()).await
        });
        let mut out = Client::default().request("a", "/").unwrap();
        let mut codec = Codec::new(Side::Client, None).unwrap();
        for number in 1..=PINGS {
            let payload = [number.to_be_bytes(); 25].concat();
            codec.send(Opcode::Ping, &payload, &mut out).unwrap();
        }
        let written = timeout(Duration::from_secs(30), near.write_all(&out)).await;
        written.expect("the server does not read").unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await; // the server has read all
        let mut got = Vec::new();
        while !got.ends_with(&[PINGS.to_be_bytes(); 25].concat()) {
            let read = timeout(Duration::from_secs(5), near.read_buf(&mut got)).await;
            assert_ne!(read.expect("no pong for the last ping").unwrap(), 0);
        }
        assert!(got.len() < 100_000, "{}", got.len());
        drop(near);
        assert_eq!(reason(&server.await.unwrap().unwrap_err()), Some(Error::Eof));
    });
}

#[test]
fn the_stream_of_a_connection_can_be_reached() {
    run(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = async {
            let (stream, _) = listener.accept().await.unwrap();
            WebSocket::accept(stream, &Server::default()).await.unwrap()
        };
        let (default, url) = (Client::default(), format!("ws://{address}"));
        let (client, mut server) =
            tokio::join!(WebSocket::dial(&default, &url), accepting);
        let client = client.unwrap();
        assert_eq!(client.get_ref().peer_addr().unwrap(), address);
        server.get_mut().set_nodelay(true).unwrap();
        assert!(server.get_ref().nodelay().unwrap());
    });
}

#[test]
fn a_pong_follows_the_replies_to_earlier_messages() {
    run(async {
        let (near, far) = duplex(1000);
        let server = tokio::spawn(async move {
            echo(WebSocket::accept(far, &Server::default()).await.unwrap()).await
        });
        let mut near = near;
        let request = Client::default().request("a", "/").unwrap();
        let mut codec = Codec::new(Side::Client, None).unwrap();
        let mut out = request;
        for (opcode, payload) in
            [(Opcode::Text, "one"), (Opcode::Ping, "two"), (Opcode::Text, "three")]
        {
            codec.send(opcode, payload.as_bytes(), &mut out).unwrap();
        }
        near.write_all(&out).await.unwrap();
        let expected = b"\r\n\r\n\x81\x03one\x8a\x03two\x81\x05three";
        let mut got = Vec::new();
        while !got.ends_with(expected) {
            assert_ne!(near.read_buf(&mut got).await.unwrap(), 0);
        }
        drop(near);
        assert_eq!(reason(&server.await.unwrap().unwrap_err()), Some(Error::Eof));
    });
}

#[test]
fn a_message_over_the_limit_ends_the_connection() {
    run(async {
        let server = Server { options: vec![(Opt::MaxMessage, 10)], ..Server::default() };
        let (mut client, server) = connected(Client::default(), server, 1000).await;
        let echoing = tokio::spawn(echo(server));
        client.send(&text("0123456789a")).await.unwrap();
        assert_eq!(client.next().await.unwrap(), None);
        assert_eq!(client.closed().unwrap().code, 1009);
        let error = echoing.await.unwrap().unwrap_err();
        assert_eq!(reason(&error), Some(Error::TooBig));
    });
}

#[test]
fn a_refused_request_is_an_error_on_both_sides() {
    run(async {
        let (near, far) = duplex(1000);
        let server =
            Server { origins: Some("https://a.example".into()), ..Server::default() };
        let client = Client { origin: "https://b.example".into(), ..Client::default() };
        let (client, server) = tokio::join!(
            WebSocket::connect(near, &client, "a", "/"),
            WebSocket::accept(far, &server),
        );
        assert!(client.unwrap_err().to_string().ends_with("status 403"));
        assert_eq!(reason(&server.unwrap_err()), Some(Error::HandshakeOrigin));
    });
}

#[test]
fn responses_before_the_final_one_are_skipped() {
    run(async {
        let (near, mut far) = duplex(1000);
        let server = async {
            let mut request = Vec::new();
            let accepted = loop {
                far.read_buf(&mut request).await.unwrap();
                if let Some(accepted) = Server::default().accept(&request).unwrap() {
                    break accepted;
                }
            };
            let mut out = b"HTTP/1.1 103 Early Hints\r\n\r\n".to_vec();
            out.extend(accepted.response);
            accepted.codec.unwrap().send(Opcode::Text, b"hello", &mut out).unwrap();
            far.write_all(&out).await.unwrap();
        };
        let default = Client::default();
        let client = WebSocket::connect(near, &default, "a", "/");
        let (client, ()) = tokio::join!(client, server);
        assert_eq!(client.unwrap().next().await.unwrap(), Some(text("hello")));
    });
}

#[test]
fn a_url_without_a_host_or_with_another_scheme_is_refused() {
    for url in ["http://a/", "ws:///", "a", ""] {
        let error = run(WebSocket::dial(&Client::default(), url)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{url}");
        assert!(error.to_string().starts_with(&format!("{url:?}")), "{error}");
    }
}

#[test]
fn an_invalid_server_is_refused_before_any_request() {
    for server in [
        Server { protocols: "a b".into(), ..Server::default() },
        Server { origins: Some("*".into()), ..Server::default() },
        Server { headers: "Upgrade: x\r\n".into(), ..Server::default() },
        Server { need_protocol: true, ..Server::default() },
        Server { options: vec![(Opt::Stream, 2)], ..Server::default() },
    ] {
        assert_eq!(server.check(), Err(Error::InvalidArgument), "{server:?}");
        assert_eq!(server.accept(b"").err(), Some(Error::InvalidArgument));
    }
}

#[test]
fn more_events_than_one_call_reports_are_reported_by_the_next() {
    let mut codec = Codec::new(Side::Client, None).unwrap();
    let mut input = b"\x81\x01x".repeat(100);
    let (mut rest, mut count) = (&mut input[..], 0);
    while !rest.is_empty() {
        let (events, used) = codec.receive(rest).unwrap();
        count += events.inspect(|event| assert_eq!(*event.data, *b"x")).count();
        rest = &mut rest[used..];
    }
    assert_eq!(count, 100);
}

#[test]
fn a_codec_and_a_connection_may_move_to_another_thread() {
    fn check<T: Send>() {}
    check::<Codec>();
    check::<WebSocket<DuplexStream>>();
}
