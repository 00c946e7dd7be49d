//! What a connection reports of its peer's bytes: one byte at a time, without any memory but that
//! of the message.

use crate::c::code;
use crate::conn::Item;
use crate::plain::close;
use crate::plain::frames::{Header, Place, Rules, read_header};
use crate::zlib::Inflate;

/// The options that decide which bytes are valid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) server: bool,
    pub(crate) any_mask: bool,
    pub(crate) check_utf8: bool,
    pub(crate) allow_rsv: u8,
    /// 0: no limit.
    pub(crate) max_message: u64,
    pub(crate) max_frame: u64,
    pub(crate) deflate: bool,
    /// The peer compresses each message independently.
    pub(crate) peer_resets: bool,
}

/// The message that is arriving.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) opcode: u16,
    rsv: u8,
    pub(crate) compressed: bool,
    /// Its payload as it is on the wire.
    pub(crate) data: Vec<u8>,
}

struct Frame {
    header: Header,
    done: u64,
    control: Vec<u8>,
}

pub(crate) struct Incoming {
    header: Vec<u8>,
    frame: Option<Frame>,
    pub(crate) message: Option<Message>,
    /// A fragment was final or not: decides whether a message is open where a frame starts.
    open: bool,
    /// From the first compressed message on.
    inflate: Option<Inflate>,
    /// The length that was refused; None: it cannot be predicted.
    pub(crate) refused: Option<u64>,
}

impl Incoming {
    pub(crate) fn new() -> Incoming {
        Incoming {
            header: Vec::new(),
            frame: None,
            message: None,
            open: false,
            inflate: None,
            refused: Some(0),
        }
    }

    /// Whether a stream that ends here ends between two messages.
    pub(crate) fn is_between_messages(&self) -> bool {
        self.header.is_empty() && self.frame.is_none() && !self.open
    }

    /// Reads a byte, and returns what it completes.
    pub(crate) fn read(
        &mut self,
        byte: u8,
        options: &Options,
    ) -> Result<Option<Item>, isize> {
        if self.frame.as_ref().is_some_and(|frame| frame.done == 0) {
            // A limit that was lowered after the header still applies.
            self.judge(options)?;
            self.header.clear();
        }
        let Some(frame) = &mut self.frame else { return self.read_header(byte, options) };
        let byte = frame.header.unmask(byte, frame.done);
        frame.done += 1;
        let (header, ended) = (frame.header, frame.done == frame.header.payload_len);
        if header.is_control() {
            frame.control.push(byte);
        } else {
            self.read_data(header, Some(byte), options)?;
        }
        if ended { self.end_frame(options) } else { Ok(None) }
    }

    fn read_header(
        &mut self,
        byte: u8,
        options: &Options,
    ) -> Result<Option<Item>, isize> {
        self.header.push(byte);
        let Some(header) = self.judge(options)? else { return Ok(None) };
        self.frame = Some(Frame { header, done: 0, control: Vec::new() });
        if header.payload_len > 0 {
            return Ok(None);
        }
        self.header.clear();
        if !header.is_control() {
            self.read_data(header, None, options)?;
        }
        self.end_frame(options)
    }

    /// The header, if it is complete.
    fn judge(&mut self, options: &Options) -> Result<Option<Header>, isize> {
        let place = if self.open { Place::InMessage } else { Place::BetweenMessages };
        let header = read_header(&self.header, &self.rules(options), place);
        if header == Err(code::TOO_BIG) {
            self.refuse(options);
        }
        header
    }

    fn rules(&self, options: &Options) -> Rules {
        let max_frame = no_limit(options.max_frame);
        let so_far = self.message.as_ref().map_or(0, |message| message.data.len() as u64);
        let max = no_limit(options.max_message);
        let plain = max.saturating_sub(so_far).min(max_frame);
        let compressed = max.saturating_mul(16).saturating_add(65_536);
        let compressed = compressed.saturating_sub(so_far).min(max_frame);
        let in_compressed =
            self.message.as_ref().is_some_and(|message| message.compressed);
        Rules {
            server: options.server,
            any_mask: options.any_mask,
            first_rsv: options.allow_rsv | if options.deflate { 0x40 } else { 0 },
            any_rsv: false,
            max_data: if in_compressed { compressed } else { plain },
            max_rsv1: if options.deflate { compressed } else { plain },
            max_control: 125,
        }
    }

    /// Keeps the announced length that exceeds a limit.
    fn refuse(&mut self, options: &Options) {
        let announced = match self.header[1] & 0x7f {
            126 => number(&self.header[2..4]),
            127 => number(&self.header[2..10]),
            short => short.into(),
        };
        let so_far = self.message.as_ref().map_or(0, |message| message.data.len() as u64);
        let frame_is_short = announced <= no_limit(options.max_frame);
        let compressed = self.message.as_ref().is_some_and(|message| message.compressed);
        self.refused = match (compressed, frame_is_short) {
            (true, _) => None,
            (false, true) => Some(announced + so_far),
            (false, false) => Some(announced),
        };
    }

    /// Adds a byte to the message. Without one, the payload of a frame is empty.
    fn read_data(
        &mut self,
        header: Header,
        byte: Option<u8>,
        options: &Options,
    ) -> Result<(), isize> {
        let rsv = header.first & 0x70;
        let compressed = options.deflate && rsv & 0x40 != 0;
        let message = self.message.get_or_insert_with(|| Message {
            opcode: header.opcode().into(),
            rsv: rsv & options.allow_rsv,
            compressed,
            data: Vec::new(),
        });
        message.data.extend(byte);
        if message.compressed {
            return Ok(());
        }
        let last = header.is_final() && byte.is_none();
        let max = no_limit(options.max_message);
        let before = message.data.len() - usize::from(byte.is_some());
        // The first byte beyond a limit that was lowered may be invalid, too: it is reported as that.
        if before as u64 <= max {
            message.check_utf8(&message.data, last, options)?;
        }
        if message.data.len() as u64 > max {
            self.refused = None;
            return Err(code::TOO_BIG);
        }
        Ok(())
    }

    /// The payload of a frame has arrived.
    fn end_frame(&mut self, options: &Options) -> Result<Option<Item>, isize> {
        let Some(Frame { header, control, .. }) = self.frame.take() else {
            return Ok(None);
        };
        match header.opcode() {
            8 => {
                let (number, reason) = close::read(&control)?;
                return Ok(Some(Item::Close(number, reason.to_vec())));
            }
            9 => return Ok(Some(Item::Ping(control))),
            10 => return Ok(Some(Item::Pong(control))),
            _ => {}
        }
        self.open = !header.is_final();
        if self.open {
            return Ok(None);
        }
        let Some(message) = &self.message else { return Ok(None) };
        let data = if message.compressed {
            let inflate = self.inflate.get_or_insert_with(|| Inflate::new(15));
            let data = inflate.message(&message.data).ok_or(code::COMPRESSION)?;
            let allowed = no_limit(options.max_message).min(data.len() as u64);
            message.check_utf8(&data[..allowed as usize], false, options)?;
            if options.peer_resets {
                self.inflate = None;
            }
            if allowed < data.len() as u64 {
                self.refused = None;
                return Err(code::TOO_BIG);
            }
            data
        } else {
            message.data.clone()
        };
        message.check_utf8(&data, true, options)?;
        let opcode = message.opcode;
        self.message = None;
        Ok(Some(Item::Data(opcode, crate::conn::BOTH, data)))
    }
}

impl Message {
    fn check_utf8(
        &self,
        data: &[u8],
        last: bool,
        options: &Options,
    ) -> Result<(), isize> {
        if self.opcode != 1 || !options.check_utf8 || self.rsv != 0 {
            return Ok(());
        }
        match std::str::from_utf8(data) {
            // A fault without a length is an incomplete character.
            Err(fault) if last || fault.error_len().is_some() => Err(code::UTF8),
            _ => Ok(()),
        }
    }
}

fn no_limit(limit: u64) -> u64 {
    if limit == 0 { u64::MAX } else { limit }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
