//! Puts messages together from what a connection reports in one or several calls.

use crate::conn::{BOTH, FIRST, Item, LAST};

/// The part of a message that was reported, if its end was not.
#[derive(Default)]
pub(crate) struct Assembler {
    pub(crate) open: Option<(u16, Vec<u8>)>,
}

impl Assembler {
    /// The items with whole messages in the places where these end.
    pub(crate) fn add(&mut self, items: Vec<Item>) -> Vec<Item> {
        let mut all = Vec::new();
        for item in items {
            let Item::Data(opcode, flags, data) = item else {
                all.push(item);
                continue;
            };
            assert_eq!(flags & FIRST != 0, self.open.is_none(), "one first piece");
            let (first_opcode, whole) = self.open.get_or_insert((opcode, Vec::new()));
            assert_eq!(*first_opcode, opcode);
            whole.extend(data);
            if flags & LAST != 0 {
                let (opcode, whole) = self.open.take().unwrap();
                all.push(Item::Data(opcode, BOTH, whole));
            }
        }
        all
    }
}
