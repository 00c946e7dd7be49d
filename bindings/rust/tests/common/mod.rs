//! What the tests of connections share.

use std::future::Future;
use tokio::runtime::Builder;
use wscodec_std::Message;

pub fn run<T>(test: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
}

/// Runs a test whose clock goes on when everything waits.
#[allow(dead_code)] // not every program has such tests
pub fn paused<T>(test: impl Future<Output = T>) -> T {
    let mut builder = Builder::new_current_thread();
    builder.enable_all().start_paused(true).build().unwrap().block_on(test)
}

pub fn text(text: &str) -> Message {
    Message::Text(text.into())
}
