//! The masked frames of one read, in the forms that the decoders need.
//!
//! A decoder that unmasks in place changes its input, so the bytes are copied into its buffer
//! before each pass, as a read() would. A decoder that reads by itself makes that copy, too. So
//! every side copies the stream once per pass, and the copy is timed.

use crate::harness::{Aligned, Group};
use std::hint::black_box;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;

/// Frames with the same payload and different masking keys.
#[derive(Clone, Default)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    pub(crate) frames: usize,
    /// Bytes between the usual place of the buffer that they are read into and that buffer.
    skew: usize,
}

impl Stream {
    /// A read holds 64 KiB, or 64 frames.
    pub(crate) fn new(opcode: u8, payload: &[u8]) -> Stream {
        let frames = (65536 / payload.len().max(1)).clamp(1, 64);
        Stream::of(frames, opcode, payload)
    }

    /// A read of this number of frames.
    pub(crate) fn of(frames: usize, opcode: u8, payload: &[u8]) -> Stream {
        let mut bytes = Vec::new();
        for at in 1..=frames as u32 {
            push_frame(&mut bytes, opcode, payload, masking_key(at));
        }
        Stream { bytes, frames, skew: 0 }
    }

    /// The same for one of several decoders. Buffers with the same offset in their pages would
    /// hinder each other: processors compare only the offset of a load with those of stores
    /// before it.
    fn of_decoder(&self, number: usize) -> Stream {
        Stream { skew: number * 192, ..self.clone() }
    }
}

/// A different key for each number from 1 on.
fn masking_key(number: u32) -> [u8; 4] {
    number.wrapping_mul(0x9e37_79b9).to_le_bytes()
}

/// A key of zeros is not random, and some decoders skip the masking of such a frame.
fn push_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8], key: [u8; 4]) {
    assert_ne!(key, [0; 4], "a masking key of zeros");
    out.push(0x80 | opcode);
    match payload.len() {
        0..=125 => out.push(0x80 | payload.len() as u8),
        126..=0xffff => {
            out.push(0x80 | 126);
            out.extend((payload.len() as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((payload.len() as u64).to_be_bytes());
        }
    }
    out.extend(key);
    out.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
}

/// Bytes, and the buffer that they are read into. The two always lie in the same way to each
/// other: how fast a copy is depends on that.
pub(crate) struct Refilled {
    memory: Aligned,
    len: usize,
    buffer: usize,
}

impl Refilled {
    pub(crate) fn new(bytes: &[u8]) -> Refilled {
        Refilled::skewed(bytes, 0)
    }

    pub(crate) fn of(stream: &Stream) -> Refilled {
        Refilled::skewed(&stream.bytes, stream.skew)
    }

    fn skewed(bytes: &[u8], skew: usize) -> Refilled {
        let len = bytes.len();
        let buffer = len.next_multiple_of(Aligned::PAGE) + Aligned::PAGE / 2 + skew;
        let mut memory = Aligned::new(&vec![0; buffer + len]);
        memory.bytes()[..len].copy_from_slice(bytes);
        Refilled { memory, len, buffer }
    }

    /// Makes the bytes those of the stream again.
    pub(crate) fn read(&mut self) {
        let (bytes, buffer) = self.memory.bytes().split_at_mut(self.buffer);
        buffer.copy_from_slice(&bytes[..self.len]);
    }

    pub(crate) fn bytes(&mut self) -> &mut [u8] {
        &mut self.memory.bytes()[self.buffer..]
    }

    /// The bytes, with [`Aligned::MARGIN`] bytes before and after them.
    pub(crate) fn parts(&mut self) -> (*mut u8, usize) {
        (unsafe { self.memory.as_mut_ptr().add(self.buffer) }, self.len)
    }
}

/// Gives the stream again and again, a read never more than the rest of it. Takes anything.
pub(crate) struct Endless {
    stream: Vec<u8>,
    at: usize,
}

impl Endless {
    pub(crate) fn new(stream: &Stream) -> Endless {
        Endless { stream: stream.bytes.clone(), at: 0 }
    }

    fn next(&mut self, room: usize) -> &[u8] {
        let start = if self.at == self.stream.len() { 0 } else { self.at };
        self.at = self.stream.len().min(start + room);
        &self.stream[start..self.at]
    }
}

impl io::Read for Endless {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let next = self.next(buf.len());
        buf[..next.len()].copy_from_slice(next);
        Ok(next.len())
    }
}

impl io::Write for Endless {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl tokio::io::AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context,
        buf: &mut tokio::io::ReadBuf,
    ) -> Poll<io::Result<()>> {
        let room = buf.remaining();
        buf.put_slice(self.get_mut().next(room));
        Poll::Ready(Ok(()))
    }
}

impl futures_io::AsyncRead for Endless {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(io::Read::read(self.get_mut(), buf))
    }
}

impl futures_io::AsyncWrite for Endless {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The outcome of a future whose input and output never make it wait.
pub(crate) fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut context = Context::from_waker(std::task::Waker::noop());
    match std::pin::pin!(future).poll(&mut context) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("a peer waits for what is there"),
    }
}

/// Something that decodes streams.
pub(crate) trait Decode {
    /// Copies the stream into its buffer, as a read() would do it. A decoder that reads by itself
    /// does so while it decodes.
    fn read(&mut self) {}

    /// Hands out each payload.
    fn decode(&mut self, each: &mut impl FnMut(&[u8]));

    /// Decodes the stream once.
    fn pass(&mut self, each: &mut impl FnMut(&[u8])) {
        self.read();
        self.decode(each);
    }
}

/// Several of them: all read before the first one decodes, so that none waits for the stores of
/// its own read.
pub(crate) struct Several<T>(pub(crate) Vec<T>);

impl<T> Several<T> {
    pub(crate) fn new(
        count: usize,
        stream: &Stream,
        new: impl Fn(&Stream) -> T,
    ) -> Several<T> {
        Several((0..count).map(|at| new(&stream.of_decoder(at))).collect())
    }
}

impl<T: Decode> Decode for Several<T> {
    fn read(&mut self) {
        self.0.iter_mut().for_each(T::read);
    }

    fn decode(&mut self, each: &mut impl FnMut(&[u8])) {
        self.0.iter_mut().for_each(|decoder| decoder.decode(each));
    }
}

/// Something that encodes the same message again and again.
pub(crate) trait Encode {
    fn write(&mut self);

    /// What a write() writes.
    fn frame(&mut self) -> Vec<u8>;
}

/// Something that reads a stream of messages, and writes each of them back.
pub(crate) trait Echo {
    /// As [`Decode::read`].
    fn read(&mut self) {}

    /// What it writes.
    fn echo(&mut self) -> &[u8];
}

/// Adds a decoder as a side.
pub(crate) fn add<'a>(
    group: &mut Group<'a>,
    name: &'static str,
    mut decoder: impl Decode + 'a,
) {
    let mut output = Vec::new();
    decoder.pass(&mut |payload| {
        output.extend(payload.len().to_le_bytes());
        output.extend(payload);
    });
    group.side(name, output, move || {
        decoder.pass(&mut |payload| {
            black_box(payload);
        });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masking_keys_differ_and_are_not_zero() {
        for payload in [&[][..], &[0; 20], &[0; 65536]] {
            let stream = Stream::new(BINARY, payload);
            let frame = stream.bytes.len() / stream.frames;
            let header = frame - payload.len();
            let keys = stream.bytes.chunks(frame).map(|frame| &frame[header - 4..header]);
            let mut keys: Vec<_> = keys.collect();
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), stream.frames);
            assert!(!keys.contains(&&[0; 4][..]));
        }
    }

    #[test]
    #[should_panic(expected = "a masking key of zeros")]
    fn a_frame_with_a_key_of_zeros_is_refused() {
        push_frame(&mut Vec::new(), BINARY, b"payload", [0; 4]);
    }
}
