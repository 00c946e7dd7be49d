//! tungstenite reads the same messages and refuses the same streams: as the differential tests
//! say, which explain each difference.

use crate::c::{WS_CLIENT, WS_SERVER};
use crate::source::Source;
use crate::{conn_differential, frame_differential};

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let choice = source.byte();
    let side = if choice & 1 == 0 { WS_SERVER } else { WS_CLIENT };
    let stream = source.rest();
    frame_differential::compare(stream, side);
    conn_differential::compare(stream, side, 1 + usize::from(choice >> 6));
}
