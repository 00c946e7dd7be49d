//! An echo server on Tokio.
//!
//!     echo_server [--port N]

use std::io;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use wscodec_std::{Opt, Server, WebSocket};

/// Ends with the connection; the peer has been told of any error.
async fn echo(stream: TcpStream, server: Arc<Server>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut ws = WebSocket::accept(stream, &server).await?;
    while let Ok(Some(message)) = ws.next().await {
        ws.queue(&message).await?;
    }
    ws.close(1000, "").await.map(|_| ())
}

async fn serve(port: u16) -> io::Result<()> {
    let server = Arc::new(Server {
        protocols: "chat, superchat".into(),
        options: vec![(Opt::MaxMessage, 16 << 20)],
        ..Server::default()
    });
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(echo(stream, server.clone()));
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let port = match &arguments[..] {
        [] => Some(8080),
        [option, port] if option == "--port" => port.parse().ok(),
        _ => None,
    };
    let Some(port) = port else {
        println!("usage: echo_server [--port N]");
        return Ok(());
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(serve(port))
}
