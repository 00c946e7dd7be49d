//! Opcodes (RFC 6455, 5.2 and 11.8).

use super::CONTROL_BIT;

/// The kind of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
#[repr(u8)]
pub enum Opcode {
    Continuation = 0x0,
    Text = 0x1,
    Binary = 0x2,
    Close = 0x8,
    Ping = 0x9,
    Pong = 0xA,
}

impl Opcode {
    /// None: the opcode is reserved.
    #[must_use]
    pub const fn from_number(number: u8) -> Option<Opcode> {
        Some(match number {
            0x0 => Opcode::Continuation,
            0x1 => Opcode::Text,
            0x2 => Opcode::Binary,
            0x8 => Opcode::Close,
            0x9 => Opcode::Ping,
            0xA => Opcode::Pong,
            _ => return None,
        })
    }

    /// Whether this is close, ping or pong.
    #[must_use]
    pub const fn is_control(self) -> bool {
        self as u8 & CONTROL_BIT != 0
    }
}
