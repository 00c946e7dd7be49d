//! An echo server on tokio-tungstenite. Called as `forward PORT` it is that of its
//! examples, which sends the messages of one read together; as `PORT` it sends each message
//! alone, like a handler that has to process them.

use futures_util::{SinkExt, StreamExt, TryStreamExt, future};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Error;

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut ws = accept_async(stream).await?;
    while let Some(message) = ws.next().await {
        let message = message?;
        if message.is_binary() || message.is_text() {
            ws.send(message).await?;
        }
    }
    Ok(())
}

async fn forward(stream: TcpStream) -> Result<(), Error> {
    let (write, read) = accept_async(stream).await?.split();
    read.try_filter(|message| future::ready(message.is_binary() || message.is_text()))
        .forward(write)
        .await
}

async fn serve(port: u16, forwards: bool) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        if forwards {
            tokio::spawn(forward(stream));
        } else {
            tokio::spawn(echo(stream));
        }
    }
}

fn main() -> std::io::Result<()> {
    let port = std::env::args().next_back().and_then(|port| port.parse().ok());
    let forwards = std::env::args().any(|how| how == "forward");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(serve(port.expect("a port"), forwards))
}
