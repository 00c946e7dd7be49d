//! A decoder reports the frames, and the error, that the plain reader finds in the whole stream:
//! at once, byte by byte, and in random pieces.

use crate::c;
use crate::plain::frames::{End, Frame, Rules, read_all};
use crate::rng::Rng;
use crate::source::Source;
use wscodec::ffi::decoder::ws_decoder;
use wscodec::ffi::frame::{WS_KEEP_MASKED, ws_frame};

pub fn run(data: &[u8]) {
    let mut source = Source::new(data);
    let flags = u32::from(source.byte()) & 0x1f;
    let max_payload = *source.pick(&[0, 0, 1, 5, 125, 126, 1000, 65_536]);
    let cap = *source.pick(&[8, 1, 2, 3]);
    let mut rng = Rng::new(source.byte().into());
    let stream = source.rest();
    let rules = Rules::of_flags(flags, max_payload);
    let expected = read_all(stream, &rules, flags & WS_KEEP_MASKED == 0);
    let longest = 1 + rng.below(20);
    let random = rng.pieces(stream.len(), longest);
    for pieces in [vec![stream.len()], vec![1; stream.len()], random] {
        let got = Reader::new(flags, max_payload).read(stream, &pieces, cap);
        assert_eq!(got, without_bare_header(&expected), "pieces {pieces:?}");
    }
}

/// A frame is reported with the first byte of its payload.
fn without_bare_header((frames, end): &(Vec<Frame>, End)) -> (Vec<Frame>, End) {
    let mut frames = frames.clone();
    if frames.last().is_some_and(|frame| frame.payload.is_empty() && !frame.is_whole()) {
        frames.pop();
    }
    (frames, *end)
}

/// Puts frames together from chunks.
struct Reader {
    decoder: ws_decoder,
    frames: Vec<Frame>,
}

impl Reader {
    fn new(flags: u32, max_payload: u64) -> Reader {
        Reader { decoder: c::decoder(flags, max_payload), frames: Vec::new() }
    }

    fn read(mut self, stream: &[u8], pieces: &[usize], cap: usize) -> (Vec<Frame>, End) {
        let mut rest = stream;
        for len in pieces {
            let (piece, after) = rest.split_at(*len);
            rest = after;
            if let Err(error) = self.read_piece(piece, cap) {
                assert_eq!(c::finish(&self.decoder), error);
                assert_eq!(c::feed(&mut self.decoder, &mut [], 1).err(), Some(error));
                return (self.frames, End::Error(error));
            }
        }
        let end = match c::finish(&self.decoder) {
            0 => End::BetweenMessages,
            error => {
                assert_eq!(error, c::code::EOF);
                End::Early
            }
        };
        (self.frames, end)
    }

    fn read_piece(&mut self, piece: &[u8], cap: usize) -> Result<(), isize> {
        let mut rest = piece;
        while !rest.is_empty() {
            let mut buf = rest.to_vec();
            let (chunks, consumed) = c::feed(&mut self.decoder, &mut buf, cap)?;
            assert!(!chunks.is_empty() || consumed == rest.len(), "bytes are left");
            assert_eq!(
                buf[consumed..],
                rest[consumed..],
                "unconsumed bytes have changed"
            );
            let mut end = 0;
            for chunk in chunks {
                assert!(chunk.chunk_off >= end, "chunks overlap");
                end = chunk.chunk_off + chunk.chunk_len;
                assert!(end <= consumed as u64);
                self.add(&chunk, &buf[chunk.chunk_off as usize..end as usize]);
            }
            rest = &rest[consumed..];
        }
        Ok(())
    }

    fn add(&mut self, chunk: &ws_frame, bytes: &[u8]) {
        let begins = chunk.flags & 0x02 != 0;
        assert_eq!(begins, chunk.chunk_pos == 0);
        if begins {
            let key = (chunk.flags & 0x01 != 0).then_some(chunk.mask_key);
            self.frames.push(Frame {
                header: crate::plain::frames::Header {
                    first: chunk.flags & 0xf0 | chunk.opcode,
                    key,
                    len: chunk.header_len.into(),
                    payload_len: chunk.payload_len,
                },
                message_opcode: chunk.message_opcode,
                payload: Vec::new(),
            });
        }
        let frame = self.frames.last_mut().unwrap();
        assert_eq!(chunk.chunk_pos, frame.payload.len() as u64, "a gap");
        assert_eq!(chunk.payload_len, frame.header.payload_len);
        assert_eq!(chunk.message_opcode, frame.message_opcode);
        frame.payload.extend(bytes);
        assert_eq!(chunk.flags & 0x04 != 0, frame.is_whole(), "the end of a payload");
        assert!(!bytes.is_empty() || chunk.payload_len == 0, "an empty chunk");
    }
}
