//! The targets, each a function of the bytes of an input.

pub mod api;
pub mod builders;
pub mod close;
pub mod conn;
pub mod control;
pub mod decoder;
pub mod fields;
pub mod frame;
pub mod mask;
pub mod memory;
pub mod negotiation;
pub mod pmd;
pub mod request;
pub mod response;
pub mod tungstenite;
pub mod utf8;
pub mod values;
#[cfg(feature = "wslay")]
pub mod wslay;

/// A target by its name.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this build.
pub const ALL: &[Target] = &[
    ("api", api::run),
    ("builders", builders::run),
    ("close", close::run),
    ("conn", conn::run),
    ("control", control::run),
    ("decoder", decoder::run),
    ("fields", fields::run),
    ("frame", frame::run),
    ("mask", mask::run),
    ("memory", memory::run),
    ("negotiation", negotiation::run),
    ("pmd", pmd::run),
    ("request", request::run),
    ("response", response::run),
    ("tungstenite", tungstenite::run),
    ("utf8", utf8::run),
    ("values", values::run),
    #[cfg(feature = "wslay")]
    ("wslay", wslay::run),
];
