//! An echo server on sockudo-ws, as in its examples, on a runtime with one thread. It checks
//! neither for silence nor sends pings.

use futures_util::{SinkExt, StreamExt};
use sockudo_ws::server::WebSocketServer;
use sockudo_ws::{Config, Http1, Message, Result};
use tokio::net::{TcpListener, TcpStream};

async fn echo(stream: TcpStream) -> Result<()> {
    let config = Config::builder().auto_ping(false).idle_timeout(0).build();
    let (mut ws, _) = WebSocketServer::<Http1>::new(config).accept(stream).await?;
    while let Some(message) = ws.next().await {
        match message? {
            message @ (Message::Text(_) | Message::Binary(_)) => ws.send(message).await?,
            Message::Close(_) => break,
            _ => {}
        }
    }
    Ok(())
}

async fn serve(port: u16) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(echo(stream));
    }
}

fn main() -> std::io::Result<()> {
    let port =
        std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("a port");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(serve(port))
}
