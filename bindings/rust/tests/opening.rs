//! Opening handshakes over streams of Tokio: requests that an application judges, responses that
//! refuse a client, and time-outs.

mod common;

use common::{paused, run, text};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufStream, duplex};
use tokio::net::TcpListener;
use tokio::time::Instant;
use wscodec_std::{Client, Error, Refused, Request, Server, Timeouts, WebSocket};

fn refused(error: &io::Error) -> &Refused {
    error.get_ref().unwrap().downcast_ref().unwrap()
}

fn timeouts(opening: u64, closing: u64) -> Timeouts {
    Timeouts {
        opening: Duration::from_secs(opening),
        closing: Duration::from_secs(closing),
    }
}

#[test]
fn the_request_can_be_seen_before_it_is_accepted() {
    run(async {
        let client = Client {
            protocols: "chat".into(),
            headers: "Cookie: id=7\r\n".into(),
            ..Client::default()
        };
        let server = Server { protocols: "chat".into(), ..Server::default() };
        let (near, far) = duplex(1000);
        let accepting = async {
            let request = Request::read(far, &server).await.unwrap();
            assert_eq!(request.target(), "/room?id=1");
            assert_eq!(request.header("cookie"), Some(&b"id=7"[..]));
            assert_eq!(request.header("absent"), None);
            assert_eq!(request.protocol(), Some("chat"));
            assert!(request.head().starts_with(b"GET /room?id=1 HTTP/1.1\r\n"));
            assert!(request.head().ends_with(b"\r\n\r\n"));
            request.accept().await.unwrap()
        };
        let connecting = WebSocket::connect(near, &client, "a", "/room?id=1");
        let (client, mut server) = tokio::join!(connecting, accepting);
        client.unwrap().send(&text("hello")).await.unwrap();
        assert_eq!(server.next().await.unwrap(), Some(text("hello")));
    });
}

#[test]
fn a_server_can_refuse_a_request_with_a_response_of_its_own() {
    run(async {
        let (near, far) = duplex(1000);
        let server = Server::default();
        let refusing = async {
            let request = Request::read(far, &server).await.unwrap();
            request.refuse(307, "Location: /other\r\n", b"elsewhere").await
        };
        let default = Client::default();
        let connecting = WebSocket::connect(near, &default, "a", "/");
        let (error, refusal) = tokio::join!(connecting, refusing);
        refusal.unwrap();
        let error = error.unwrap_err();
        assert_eq!(refused(&error).status, 307);
        assert_eq!(refused(&error).header("location"), Some(&b"/other"[..]));
        assert!(refused(&error).head.starts_with(b"HTTP/1.1 307 "));
        assert!(refused(&error).head.ends_with(b"\r\n\r\n"));
        assert!(error.to_string().ends_with("status 307"), "{error}");
    });
}

#[test]
fn a_request_is_not_refused_with_a_status_or_headers_that_are_invalid() {
    for (status, headers) in [(101, ""), (99, ""), (403, "no colon\r\n")] {
        run(async {
            let (mut near, far) = duplex(1000);
            let request = Client::default().request("a", "/").unwrap();
            near.write_all(&request).await.unwrap();
            let request = Request::read(far, &Server::default()).await.unwrap();
            let error = request.refuse(status, headers, b"").await.unwrap_err();
            let reason = error.get_ref().unwrap().downcast_ref();
            assert_eq!(reason, Some(&Error::InvalidArgument), "{status} {headers}");
        });
    }
}

#[test]
fn a_handshake_passes_through_a_stream_that_has_a_buffer() {
    run(async {
        let (near, far) = duplex(1000);
        let (client, server) = (Client::default(), Server::default());
        let (client, server) = tokio::join!(
            WebSocket::connect(BufStream::new(near), &client, "a", "/"),
            WebSocket::accept(BufStream::new(far), &server),
        );
        let (mut client, mut server) = (client.unwrap(), server.unwrap());
        client.send(&text("hello")).await.unwrap();
        assert_eq!(server.next().await.unwrap(), Some(text("hello")));
    });
}

#[test]
fn a_silent_peer_does_not_hold_up_the_opening_handshake() {
    paused(async {
        for (timeouts, expected) in [(Timeouts::default(), 10), (timeouts(3, 1), 3)] {
            let (near, far) = duplex(1000);
            let server = Server { timeouts, ..Server::default() };
            let start = Instant::now();
            let error = WebSocket::accept(far, &server).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(start.elapsed().as_secs(), expected);
            drop(near);

            let (near, _far) = duplex(1000);
            let client = Client { timeouts, ..Client::default() };
            let start = Instant::now();
            let error = WebSocket::connect(near, &client, "a", "/").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(start.elapsed().as_secs(), expected);
        }
    });
}

#[test]
fn dialling_ends_with_the_time_for_the_opening_handshake() {
    run(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("ws://{}", listener.local_addr().unwrap());
        let timeouts =
            Timeouts { opening: Duration::from_millis(50), ..Timeouts::default() };
        let client = Client { timeouts, ..Client::default() };
        let start = Instant::now();
        let error = WebSocket::dial(&client, &url).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(start.elapsed() < Duration::from_secs(5)); // the default is ten
    });
}

#[test]
fn reading_a_request_and_responding_share_one_time_out() {
    paused(async {
        let (mut near, far) = duplex(16); // less than the response
        let server = Server { timeouts: timeouts(10, 1), ..Server::default() };
        let start = Instant::now();
        let accepting = WebSocket::accept(far, &server);
        let sending = async {
            tokio::time::sleep(Duration::from_secs(8)).await;
            near.write_all(&Client::default().request("a", "/").unwrap()).await.unwrap();
        };
        let (error, ()) = tokio::join!(accepting, sending);
        assert_eq!(error.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(start.elapsed().as_secs(), 10);
    });
}

#[test]
fn a_connection_ends_when_the_time_for_closing_is_over() {
    paused(async {
        for (timeouts, expected) in [(Timeouts::default(), 1), (timeouts(10, 5), 5)] {
            let (near, far) = duplex(1000);
            let client = Client { timeouts, ..Client::default() };
            let server = Server::default();
            let (client, server) = tokio::join!(
                WebSocket::connect(near, &client, "a", "/"),
                WebSocket::accept(far, &server),
            );
            let (client, _silent) = (client.unwrap(), server.unwrap());
            let start = Instant::now();
            let error = client.close(1000, "").await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert_eq!(start.elapsed().as_secs(), expected);
        }
    });
}

#[test]
fn the_close_frame_and_the_end_of_the_stream_share_one_time_out() {
    paused(async {
        let (near, far) = duplex(1000);
        let (client, server) = (Client::default(), Server::default());
        let (client, server) = tokio::join!(
            WebSocket::connect(near, &client, "a", "/"),
            WebSocket::accept(far, &server),
        );
        let mut server = server.unwrap();
        let start = Instant::now();
        let replying = async {
            tokio::time::sleep(Duration::from_millis(600)).await;
            assert_eq!(server.next().await.unwrap(), None); // and keeps its side open
        };
        let (closed, ()) = tokio::join!(client.unwrap().close(1000, ""), replying);
        assert_eq!(closed.unwrap().unwrap().code, 1000);
        assert_eq!(start.elapsed().as_millis(), 1000);
        let mut rest = Vec::new();
        assert_eq!(server.get_mut().read_to_end(&mut rest).await.unwrap(), 0);
    });
}
