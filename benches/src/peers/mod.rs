//! The parts of the peers that the comparisons need, one file for each peer.

pub(crate) mod fastwebsockets;
pub(crate) mod nexus_web;
pub(crate) mod openssl;
pub(crate) mod picohttpparser;
pub(crate) mod sockudo_ws;
pub(crate) mod soketto;
pub(crate) mod tokio_websockets;
pub(crate) mod tungstenite;
pub(crate) mod uwebsockets;
pub(crate) mod web_socket;
pub(crate) mod websocket_sans_io;
pub(crate) mod wslay;
pub(crate) mod yawc;
pub(crate) mod zlib;

use crate::abi::SharedLibrary;
use crate::programs::printed;
use std::process::Command;

/// Opens a peer that build.rs compiled: `built` is its path, or "!" and the reason of a failure.
fn open(built: &str) -> Result<SharedLibrary, String> {
    match built.strip_prefix('!') {
        Some(why) => Err(why.to_string()),
        None => SharedLibrary::open(built),
    }
}

/// Versions of the peers that are packages of the system.
pub(crate) fn system_versions() -> Vec<String> {
    let openssl = openssl::OpenSsl::open().ok().map(|openssl| openssl.version());
    // The wslay.h of Debian's 1.1.1 has the version 1.0.1.
    let mut wslay = Command::new("dpkg-query");
    let wslay = printed(wslay.args(["-W", "-f=wslay ${Version}", "libwslay1"]));
    [openssl, wslay].into_iter().flatten().collect()
}
