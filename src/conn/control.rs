//! Control frames of the peer (RFC 6455, 5.5).

use super::event::{Event, Step, StepResult};
use super::{Conn, ControlPayload};
use crate::close;
use crate::error::Result;
use crate::frame::{Chunk, Opcode};
use crate::memory::{Allocator, Boxed};

impl Conn {
    /// Handles a chunk of a control frame. A frame that arrives in parts is collected first.
    pub(super) fn on_control(&mut self, chunk: &Chunk, payload: &[u8]) -> StepResult {
        let opcode = chunk.header.opcode;
        if chunk.begins() && chunk.ends() {
            return Ok(self.on_control_frame(opcode, payload, chunk.off, 0)?);
        }
        let control = get_or_allocate(&mut self.control, self.message.allocator())?;
        control.push(payload);
        if !chunk.ends() {
            return Ok(Step::Nothing);
        }
        self.lent = true;
        let control = *control;
        match self.on_control_frame(opcode, control.as_bytes(), 0, Event::COLLECTED)? {
            Step::Event(event) => Ok(Step::Pause(event)),
            step => Ok(step),
        }
    }

    fn on_control_frame(
        &mut self,
        opcode: Opcode,
        payload: &[u8],
        off: usize,
        collected: u16,
    ) -> Result<Step> {
        let (len, flags) = (payload.len(), Event::WHOLE | collected);
        let event = Event { off, len, opcode, flags, close_code: 0 };
        match opcode {
            Opcode::Close => self.on_close(payload, event),
            Opcode::Ping if self.options.auto_pong => {
                self.owe_pong(payload)?;
                Ok(Step::Pause(event))
            }
            _ => Ok(Step::Event(event)),
        }
    }

    /// From now on a pong waits, in the place of one that was not collected.
    fn owe_pong(&mut self, payload: &[u8]) -> Result<()> {
        let pong = get_or_allocate(&mut self.pong, self.message.allocator())?;
        pong.clear();
        pong.push(payload);
        Ok(())
    }

    fn on_close(&mut self, payload: &[u8], event: Event) -> Result<Step> {
        let (close_code, reason) = close::parse(payload)?;
        self.on_valid_close(close_code);
        let off = event.off + (payload.len() - reason.len());
        Ok(Step::Pause(Event { off, len: reason.len(), close_code, ..event }))
    }
}

/// The payload in a slot; an empty one is allocated if there is none.
fn get_or_allocate<'a>(
    slot: &'a mut Option<Boxed<ControlPayload>>,
    memory: &Allocator,
) -> Result<&'a mut ControlPayload> {
    match slot {
        Some(payload) => Ok(payload),
        none => Ok(none.insert(Boxed::new(ControlPayload::default(), memory)?)),
    }
}
