//! The peers, one file each: what the comparisons need of them.

pub(crate) mod fastwebsockets;
pub(crate) mod openssl;
pub(crate) mod picohttpparser;
pub(crate) mod soketto;
pub(crate) mod tungstenite;
pub(crate) mod uwebsockets;
pub(crate) mod websocket_sans_io;
pub(crate) mod wslay;
pub(crate) mod zlib;

use crate::abi::SharedLibrary;
use crate::programs::printed;
use std::process::Command;

/// What build.rs says about a peer that it compiled: where it is, or after a "!" why it is not.
fn open(built: &str) -> Result<SharedLibrary, String> {
    match built.strip_prefix('!') {
        Some(why) => Err(why.to_string()),
        None => SharedLibrary::open(built),
    }
}

/// Versions of those that the system brings.
pub(crate) fn system_versions() -> Vec<String> {
    let openssl = openssl::OpenSsl::open().ok().map(|openssl| openssl.version());
    // wslay.h of Debian's 1.1.1 says 1.0.1.
    let mut wslay = Command::new("dpkg-query");
    let wslay = printed(wslay.args(["-W", "-f=wslay ${Version}", "libwslay1"]));
    [openssl, wslay].into_iter().flatten().collect()
}
