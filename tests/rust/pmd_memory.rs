//! The memory that compression holds between messages and takes for one message, so that a new
//! version of the engine cannot need more unnoticed.

use crate::conn::*;
use crate::conn_allocator::Recorder;
use crate::pmd::USUAL;
use crate::pmd_alone::Pmd;
use wscodec::ffi::negotiation::ws_pmd_params;

/// The most bytes that a decompressor holds, whatever the parameters.
const TO_DECOMPRESS: usize = 47_721;
/// The most bytes that a compressor holds: window bits, memory level, bytes.
const TO_COMPRESS: [(u8, u8, usize); 9] = [
    (15, 9, 294_185),
    (15, 8, 294_185),
    (15, 6, 294_185),
    (15, 1, 266_409),
    (12, 8, 179_497),
    (12, 5, 165_161),
    (9, 8, 165_161),
    (9, 1, 137_385),
    (8, 1, 137_385),
];

/// Both directions alike.
fn both(window_bits: u8, mem_level: u8, resets: bool) -> ws_pmd_params {
    ws_pmd_params {
        server_no_context_takeover: resets.into(),
        client_no_context_takeover: resets.into(),
        server_max_window_bits: window_bits,
        client_max_window_bits: window_bits,
        mem_level,
        ..USUAL
    }
}

fn json(len: usize) -> Vec<u8> {
    br#"{"id":1,"symbol":"AAPL","bid":1.25},"#.iter().copied().cycle().take(len).collect()
}

/// What connections and ws_pmd have in common.
trait Engine {
    fn open(side: u32, params: ws_pmd_params, recorder: &Recorder) -> Self;
    fn compress_one(&mut self, message: &[u8]) -> Vec<u8>;
    fn decompress_one(&mut self, side: u32, payload: &[u8]);
}

impl Engine for Conn {
    fn open(side: u32, params: ws_pmd_params, recorder: &Recorder) -> Conn {
        let mut conn = Conn::with(side, &recorder.allocator()).unwrap().pmd(params);
        // A client's masking keys.
        conn.send(WS_OPCODE_PING, 0, b"").unwrap();
        conn
    }

    fn compress_one(&mut self, message: &[u8]) -> Vec<u8> {
        self.compress(message)
    }

    fn decompress_one(&mut self, side: u32, payload: &[u8]) {
        let items = self.read(&from_peer(side, 0xc2, payload));
        assert!(matches!(&items[..], [Item::Data(..)]), "{items:?}");
        // The message itself is held until the next call.
        self.read(b"");
    }
}

impl Engine for Pmd {
    fn open(side: u32, params: ws_pmd_params, recorder: &Recorder) -> Pmd {
        Pmd::with(side, params, &recorder.allocator()).unwrap()
    }

    fn compress_one(&mut self, message: &[u8]) -> Vec<u8> {
        self.compress(message, 0).unwrap()
    }

    fn decompress_one(&mut self, _: u32, payload: &[u8]) {
        self.decompress(payload, 0, 4096).unwrap();
    }
}

/// The bytes that a connection holds besides its handle: after it compressed a message, and after
/// it decompressed one, too.
fn held<E: Engine>(side: u32, params: ws_pmd_params, len: usize) -> (usize, usize) {
    let recorder = Recorder::new();
    let mut engine = E::open(side, params, &recorder);
    let handle = recorder.live();
    engine.compress_one(&json(len));
    let compressed = recorder.live() - handle;
    let payload = Pmd::new(1 - side, params).compress_one(&json(len));
    engine.decompress_one(side, &payload);
    (compressed, recorder.live() - handle)
}

fn holds_at_most<E: Engine>() {
    for (window_bits, mem_level, most) in TO_COMPRESS {
        for side in SIDES {
            for len in [20, 70_000] {
                let params = both(window_bits, mem_level, false);
                let (compressed, both) = held::<E>(side, params, len);
                assert!(compressed <= most, "{window_bits}, {mem_level}: {compressed}");
                assert!(both <= most + TO_DECOMPRESS, "{window_bits}: {both}");
            }
        }
    }
}

#[test]
fn a_connection_holds_no_more_for_its_contexts_than_documented() {
    holds_at_most::<Conn>();
}

#[test]
fn ws_pmd_holds_no_more_for_its_contexts_than_documented() {
    holds_at_most::<Pmd>();
}

#[test]
fn without_context_takeover_nothing_is_held_between_messages() {
    for side in SIDES {
        for (window_bits, mem_level, _) in TO_COMPRESS {
            let params = both(window_bits, mem_level, true);
            assert_eq!(held::<Conn>(side, params, 70_000), (0, 0));
            assert_eq!(held::<Pmd>(side, params, 70_000), (0, 0));
        }
    }
}

/// The hash table of 128 KiB is needed for any message.
#[test]
fn without_context_takeover_a_short_message_needs_a_small_compressor() {
    for side in SIDES {
        for (len, most) in [(20, 137_385), (125, 137_385), (1024, 156_969)] {
            let recorder = Recorder::new();
            let mut pmd = <Pmd as Engine>::open(side, both(15, 8, true), &recorder);
            let handle = recorder.live();
            pmd.compress_one(&json(len));
            let peak = recorder.peak() - handle;
            assert!(peak <= most, "{len}: {peak}");
        }
    }
}

#[test]
fn a_direction_without_compressed_messages_holds_nothing() {
    for side in SIDES {
        let recorder = Recorder::new();
        let mut conn = <Conn as Engine>::open(side, USUAL, &recorder);
        let handle = recorder.live();
        conn.send(WS_OPCODE_TEXT, WS_SEND_PLAIN, b"plain").unwrap();
        conn.read(&from_peer(side, 0x81, "plain"));
        assert_eq!(recorder.live(), handle);
        conn.compress(b"");
        assert_eq!(recorder.live(), handle, "an empty message needs no engine");
        let payload = Pmd::new(1 - side, USUAL).compress_one(b"Hello");
        conn.decompress_one(side, &payload);
        assert!(recorder.live() - handle <= TO_DECOMPRESS, "only to decompress");
    }
}
