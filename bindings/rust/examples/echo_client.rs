//! Sends each message, and prints each reply on a line. Without messages it sends each line of
//! stdin.
//!
//!     echo_client URL [MESSAGE ...]

use std::process::ExitCode;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};
use tokio::net::TcpStream;
use wscodec_std::{Client, Message, Opt, WebSocket};

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Sends a message, and prints the reply.
async fn exchange(ws: &mut WebSocket<TcpStream>, text: String) -> Result<()> {
    ws.send(&Message::Text(text)).await?;
    match ws.next().await? {
        Some(Message::Text(reply)) => println!("{reply}"),
        Some(Message::Binary(_)) => return Err("a binary message".into()),
        None => {
            return Err(ws.closed().map(ToString::to_string).unwrap_or_default().into());
        }
    }
    Ok(())
}

async fn run(url: &str, messages: &[String]) -> Result<()> {
    let client =
        Client { options: vec![(Opt::MaxMessage, 16 << 20)], ..Client::default() };
    let mut ws = WebSocket::dial(&client, url).await?;
    for message in messages {
        exchange(&mut ws, message.clone()).await?;
    }
    if messages.is_empty() {
        let mut lines = BufReader::new(stdin()).lines();
        while let Some(line) = lines.next_line().await? {
            exchange(&mut ws, line).await?;
        }
    }
    ws.close(1000, "").await?;
    Ok(())
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((url, messages)) = arguments.split_first() else {
        eprintln!("usage: echo_client URL [MESSAGE ...]");
        return ExitCode::FAILURE;
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(run(url, messages)))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo_client: {error}");
            ExitCode::FAILURE
        }
    }
}
