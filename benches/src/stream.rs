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

/// Frames with the same payload and different keys.
#[derive(Default)]
pub(crate) struct Stream {
    pub(crate) bytes: Vec<u8>,
    pub(crate) frames: usize,
}

impl Stream {
    /// A read holds 64 KiB, or 64 frames.
    pub(crate) fn new(opcode: u8, payload: &[u8]) -> Stream {
        let frames = (65536 / payload.len().max(1)).clamp(1, 64);
        let mut bytes = Vec::new();
        for at in 0..frames as u32 {
            push_frame(
                &mut bytes,
                opcode,
                payload,
                at.wrapping_mul(0x9e37_79b9).to_le_bytes(),
            );
        }
        Stream { bytes, frames }
    }
}

fn push_frame(out: &mut Vec<u8>, opcode: u8, payload: &[u8], key: [u8; 4]) {
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
        let len = bytes.len();
        let buffer = len.next_multiple_of(Aligned::PAGE) + Aligned::PAGE / 2;
        let mut memory = Aligned::new(&vec![0; buffer + len]);
        memory.bytes()[..len].copy_from_slice(bytes);
        Refilled { memory, len, buffer }
    }

    /// The unchanged bytes, with [`Aligned::MARGIN`] bytes before and after them.
    pub(crate) fn read(&mut self) -> (*mut u8, usize) {
        let (bytes, buffer) = self.memory.bytes().split_at_mut(self.buffer);
        buffer.copy_from_slice(&bytes[..self.len]);
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
    /// Decodes the stream once, and hands out each payload.
    fn pass(&mut self, each: &mut impl FnMut(&[u8]));
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
