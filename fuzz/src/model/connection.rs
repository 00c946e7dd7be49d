//! The states of a connection, and what it lets be sent.

use super::incoming::{Incoming, Options};
use crate::c::code;
use crate::conn::Item;
use crate::plain::close;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Theirs {
    Open,
    Closed { number: u16, before_ours: bool },
    Failed(isize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ours {
    Open,
    Due(u16),
    /// 0: nothing was written, and nothing can be.
    Closed(u16),
}

pub(crate) struct Connection {
    pub(crate) options: Options,
    pub(crate) auto_pong: bool,
    pub(crate) auto_close: bool,
    pub(crate) has_input: bool,
    pub(crate) has_sent: bool,
    pub(crate) incoming: Incoming,
    pub(crate) theirs: Theirs,
    pub(crate) ours: Ours,
    pub(crate) pong: Option<Vec<u8>>,
    /// The opcode of the message that is being sent in fragments.
    pub(crate) sending: Option<i32>,
}

/// First bytes and payloads of frames.
pub(crate) type Frames = Vec<(u8, Vec<u8>)>;

impl Connection {
    pub(crate) fn new(options: Options) -> Connection {
        Connection {
            options,
            auto_pong: true,
            auto_close: true,
            has_input: false,
            has_sent: false,
            incoming: Incoming::new(),
            theirs: Theirs::Open,
            ours: Ours::Open,
            pong: None,
            sending: None,
        }
    }

    /// WS_STATE_*
    pub(crate) fn state(&self) -> i32 {
        match (self.theirs, self.ours) {
            (Theirs::Failed(_), _) => 3,
            (Theirs::Closed { .. }, Ours::Closed(_)) => 2,
            (Theirs::Open, Ours::Open) => 0,
            _ => 1,
        }
    }

    /// Everything that these bytes cause. If `collects`, the output is collected after each call.
    pub(crate) fn read(&mut self, bytes: &[u8], collects: bool) -> Vec<Item> {
        let mut items = Vec::new();
        let failed = matches!(self.theirs, Theirs::Failed(_));
        self.has_input |= !bytes.is_empty() && !failed;
        for byte in bytes {
            if self.theirs != Theirs::Open {
                break;
            }
            match self.incoming.read(*byte, &self.options) {
                Ok(item) => {
                    items.extend(item.into_iter().inspect(|item| self.on_item(item)))
                }
                Err(error) => self.fail(error),
            }
            if collects && self.theirs == Theirs::Open {
                self.collect_into(&mut items);
            }
        }
        if let Theirs::Failed(error) = self.theirs {
            items.push(Item::Error(error));
        }
        if collects {
            self.collect_into(&mut items);
        }
        items
    }

    fn on_item(&mut self, item: &Item) {
        match item {
            Item::Ping(payload) if self.auto_pong => self.pong = Some(payload.clone()),
            Item::Close(number, _) => {
                let before_ours = self.may_send_data();
                self.theirs = Theirs::Closed { number: *number, before_ours };
                if before_ours {
                    self.owe_close(*number);
                } else {
                    self.pong = None;
                }
            }
            _ => {}
        }
    }

    fn fail(&mut self, error: isize) {
        self.theirs = Theirs::Failed(error);
        if error != code::TOO_BIG {
            self.incoming.refused = Some(0);
        }
        self.owe_close(match error {
            code::UTF8 | code::COMPRESSION => 1007,
            code::TOO_BIG => 1009,
            _ => 1002,
        });
    }

    fn owe_close(&mut self, number: u16) {
        if self.may_send_data() && self.auto_close {
            self.ours = Ours::Due(number);
        }
    }

    fn collect_into(&mut self, items: &mut Vec<Item>) {
        let output = self.output();
        items.extend(
            output.into_iter().map(|(first, payload)| Item::Reply(first, payload)),
        );
    }

    /// What ws_conn_output() would write.
    pub(crate) fn pending(&self) -> Frames {
        let pong = self.pong.iter().map(|payload| (0x8a, payload.clone()));
        let close = match self.ours {
            Ours::Due(number) => close::write(number, b""),
            _ => None,
        };
        pong.chain(close.map(|payload| (0x88, payload))).collect()
    }

    pub(crate) fn output(&mut self) -> Frames {
        let frames = self.pending();
        self.pong = None;
        if let Ours::Due(number) = self.ours {
            self.ours = Ours::Closed(number);
        }
        frames
    }

    fn may_send_data(&self) -> bool {
        !matches!(self.ours, Ours::Closed(_))
    }

    /// The first byte, without the bit of compression, of the frame that ws_conn_send() writes.
    /// `rsv` and `more` are from its flags.
    pub(crate) fn send(
        &mut self,
        opcode: i32,
        rsv: u8,
        more: bool,
        len: usize,
    ) -> Result<u8, isize> {
        match opcode {
            1 | 2 => {}
            9 | 10 => {
                if more || rsv != 0 || len > 125 {
                    return Err(code::INVALID_ARGUMENT);
                }
                let may = self.may_send_data() || self.theirs == Theirs::Open;
                return if may {
                    Ok(0x80 | opcode as u8)
                } else {
                    Err(code::INVALID_STATE)
                };
            }
            _ => return Err(code::INVALID_ARGUMENT),
        }
        if rsv & !self.options.allow_rsv != 0 {
            return Err(code::INVALID_ARGUMENT);
        }
        if !self.may_send_data() || self.sending.is_some_and(|sending| sending != opcode)
        {
            return Err(code::INVALID_STATE);
        }
        let fin = if more { 0 } else { 0x80 };
        Ok(fin | if self.sending.is_some() { 0 } else { rsv | opcode as u8 })
    }

    /// The frame was written.
    pub(crate) fn sent(&mut self, opcode: i32, more: bool) {
        if opcode <= 2 {
            self.has_sent = true;
            self.sending = more.then_some(opcode);
        }
    }

    /// The payload of the close frame that ws_conn_close() writes; None: it writes nothing.
    pub(crate) fn close(
        &mut self,
        number: u16,
        reason: &[u8],
    ) -> Result<Option<Vec<u8>>, isize> {
        let payload = close::write(number, reason).ok_or(code::INVALID_ARGUMENT)?;
        if !self.may_send_data() {
            return Ok(None);
        }
        self.ours = Ours::Closed(number);
        if matches!(self.theirs, Theirs::Closed { .. }) {
            self.pong = None;
        }
        Ok(Some(payload))
    }

    pub(crate) fn finish(&mut self) -> isize {
        match self.theirs {
            Theirs::Closed { .. } => 0,
            Theirs::Failed(error) => error,
            Theirs::Open => {
                self.theirs = Theirs::Failed(code::EOF);
                self.incoming.refused = Some(0);
                if self.may_send_data() {
                    self.ours = Ours::Closed(0);
                }
                self.pong = None;
                code::EOF
            }
        }
    }
}
