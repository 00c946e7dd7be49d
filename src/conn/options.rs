//! Options, and facts about a connection.

use super::closing::{Ours, Theirs};
use super::{Conn, Side};
use crate::deflate::Params;
use crate::error::{Error, Result};
use crate::frame::{DecodeFlags, RSV_BITS};

/// The default limit on a message, in bytes.
const DEFAULT_MAX_MESSAGE: u64 = 1024 * 1024;

/// An option. The values are described at WS_OPT_* in the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Opt {
    MaxMessage,
    Stream,
    AutoPong,
    CheckUtf8,
    KeepBuffer,
    MaxFrame,
    AnyMask,
    AutoClose,
    AllowRsv,
    CompressFrom,
}

/// A fact about a connection that cannot be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Info {
    /// The code of our close frame; 0: none was written.
    CloseSent,
    /// The code of the peer's close frame; 0: none was reported.
    CloseReceived,
    /// Whether the peer's close frame arrived before ours was written.
    ClosedByPeer,
    /// The opcode of the message that is being sent; 0: none.
    Sending,
    /// The opcode of the message that is arriving; 0: none.
    Receiving,
    /// After [`Error::TooBig`], the length that exceeds a limit; else 0.
    Announced,
    /// How many bytes of the message that is arriving are collected.
    Buffered,
}

/// The options of a connection, and what decides whether they can still be set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Options {
    pub(super) side: Side,
    /// 0: no limit.
    pub(super) max_message: u64,
    /// 0: no limit.
    pub(super) max_frame: u64,
    pub(super) keep_buffer: u64,
    pub(super) compress_from: u64,
    /// The agreed parameters of compression; None: there is no compression.
    pub(super) pmd: Option<Params>,
    pub(super) stream: bool,
    pub(super) auto_pong: bool,
    pub(super) check_utf8: bool,
    pub(super) any_mask: bool,
    pub(super) auto_close: bool,
    /// Those of RSV1 to RSV3 that have a meaning to the application.
    pub(super) allow_rsv: u8,
    /// There was input.
    pub(super) has_input: bool,
    /// A message was sent.
    pub(super) has_sent: bool,
}

impl Options {
    pub(super) const fn new(side: Side) -> Options {
        Options {
            side,
            max_message: DEFAULT_MAX_MESSAGE,
            max_frame: 0,
            keep_buffer: 0,
            compress_from: 0,
            pmd: None,
            stream: false,
            auto_pong: true,
            check_utf8: true,
            any_mask: false,
            auto_close: true,
            allow_rsv: 0,
            has_input: false,
            has_sent: false,
        }
    }

    /// How the peer's frames are decoded.
    pub(super) fn decode_flags(&self) -> DecodeFlags {
        DecodeFlags::new(self.side)
            .with(DecodeFlags::DEFLATE, self.pmd.is_some())
            .with(DecodeFlags::ANY_MASK, self.any_mask)
            .allowing(self.allow_rsv)
    }
}

impl Conn {
    /// Enables compression, before any input and the first message sent.
    pub fn set_pmd(&mut self, params: Params) -> Result<()> {
        let options = &mut self.options;
        if options.has_input || options.has_sent || options.allow_rsv != 0 {
            return Err(Error::InvalidState);
        }
        options.pmd = Some(params);
        self.frames.set_flags(options.decode_flags());
        Ok(())
    }

    /// The agreed parameters of compression, if there is any.
    #[must_use]
    pub fn pmd(&self) -> Option<Params> {
        self.options.pmd
    }

    /// Sets an option. A switch is 0 or 1.
    pub fn set(&mut self, option: Opt, value: u64) -> Result<()> {
        let switch = match value {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Error::InvalidArgument),
        };
        let options = &mut self.options;
        match option {
            Opt::MaxMessage => options.max_message = value,
            Opt::MaxFrame => options.max_frame = value,
            Opt::KeepBuffer => options.keep_buffer = value,
            Opt::CompressFrom => options.compress_from = value,
            Opt::AutoPong => options.auto_pong = switch?,
            // The others must be set before any input.
            _ if options.has_input => return Err(Error::InvalidState),
            Opt::Stream => options.stream = switch?,
            Opt::CheckUtf8 => options.check_utf8 = switch?,
            Opt::AnyMask => options.any_mask = switch?,
            Opt::AutoClose => options.auto_close = switch?,
            Opt::AllowRsv => {
                let bits = u8::try_from(value).ok().filter(|bits| bits & !RSV_BITS == 0);
                let bits = bits.ok_or(Error::InvalidArgument)?;
                if bits != 0 && options.pmd.is_some() {
                    return Err(Error::InvalidState);
                }
                options.allow_rsv = bits;
            }
        }
        self.frames.set_flags(options.decode_flags());
        Ok(())
    }

    /// The value of an option.
    #[must_use]
    pub fn get(&self, option: Opt) -> u64 {
        let options = &self.options;
        match option {
            Opt::MaxMessage => options.max_message,
            Opt::MaxFrame => options.max_frame,
            Opt::KeepBuffer => options.keep_buffer,
            Opt::CompressFrom => options.compress_from,
            Opt::Stream => options.stream.into(),
            Opt::AutoPong => options.auto_pong.into(),
            Opt::CheckUtf8 => options.check_utf8.into(),
            Opt::AnyMask => options.any_mask.into(),
            Opt::AutoClose => options.auto_close.into(),
            Opt::AllowRsv => options.allow_rsv.into(),
        }
    }

    /// A fact about the connection.
    #[must_use]
    pub fn info(&self, info: Info) -> u64 {
        match (info, self.theirs, self.ours) {
            (Info::CloseSent, _, Ours::Closed(code)) => code.into(),
            (Info::CloseReceived, Theirs::Closed { code, .. }, _) => code.into(),
            (Info::ClosedByPeer, Theirs::Closed { before_ours, .. }, _) => {
                before_ours.into()
            }
            (Info::Sending, ..) => self.outgoing.map_or(0, |m| m.opcode as u64),
            (Info::Receiving, ..) => self.incoming.map_or(0, |m| m.opcode as u64),
            (Info::Announced, Theirs::Failed(_), _) => self.frames.refused_len(),
            // In stream mode these bytes were reported.
            (Info::Buffered, ..) if self.incoming.is_some() && !self.options.stream => {
                self.message.bytes().len() as u64
            }
            _ => 0,
        }
    }
}
